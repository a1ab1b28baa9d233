/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that are readable while a region has something new (mmsync/wait_fd.h). */
#ifndef MMS_HANDLE_WATCH_H
#define MMS_HANDLE_WATCH_H

#include "handle/region.h"

/* When a region is made: forks and descriptors keep out of each other's way from then on. */
void mms__watch_get_ready(void);

/* A region of this process. Details are stored by those that return a code. */
int mms__watch_open_fd(struct mms_region *region, int *number);
int mms__watch_acknowledge(struct mms_region *region, int number, uint64_t *generation);
int mms__watch_close_fd(struct mms_region *region, int number);

/* How many descriptors are open. */
unsigned mms__watch_count(struct mms_region *region);

/* When the region is freed, without open descriptors; or `inherited`, in a forked child, which closes its own. */
void mms__watch_free(struct mms_region *region, bool inherited);

#endif
