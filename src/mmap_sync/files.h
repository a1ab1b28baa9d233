/* SPDX-License-Identifier: Apache-2.0 */
/* PREFIX_state and PREFIX_data_0, _1. */
#ifndef MMS_MMAP_SYNC_FILES_H
#define MMS_MMAP_SYNC_FILES_H

#include "handle/place.h"
#include "mmap_sync/protocol.h"
#include <mmsync.h>

#define MMS__STATE_SIZE sizeof(struct mms__mmap_sync_state)
/* PREFIX and the longest suffix. */
enum { MMS__FILE_NAME_SIZE = sizeof(((struct mms__place *)0)->path) + 16 };

void mms__state_name(const struct mms__place *place, char name[MMS__FILE_NAME_SIZE]);
void mms__data_name(const struct mms__place *place, unsigned index, char name[MMS__FILE_NAME_SIZE]);

/* Open PREFIX_state as it is. -ENOENT if there is none; other codes as open(2). Details are
   stored, here and below. */
int mms__state_open(const struct mms__place *place, const struct mms__trust *trust, int flags, struct mms__file *file);
/* Check its size: MMS_E_EMPTY (0 bytes: a writer has just made it, or died then) or
   MMS_E_CORRUPT. */
int mms__state_check(const struct mms__place *place, const struct mms__file *file);
/* Take its write lock. -EWOULDBLOCK if it is taken; no detail is stored for that. */
int mms__state_lock(const struct mms__place *place, const struct mms__file *file);
/* MMS_E_GONE if the state was removed or replaced since it was opened; no detail is stored for
   that. */
int mms__state_check_name(const struct mms__place *place, const struct mms__file *file);

/* Open a data file, unless it is open, and give its size. A file that the host closed, or that was
   unlinked, is opened again by name, and may then be a different one. -ENOENT if there is none. */
int mms__data_open(const struct mms__place *place, unsigned index, int flags, struct mms__file *file, uint64_t *size);

/* With a bare name, accept files of this user, of root, and of the user that the options trust. */
int mms__owner_check(const struct mms__place *place, const struct mms__trust *trust, const struct mms__file *file,
                     const char *name);

#endif
