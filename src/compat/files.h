/* SPDX-License-Identifier: Apache-2.0 */
/* PREFIX_state and PREFIX_data_0, _1. */
#ifndef MMS_COMPAT_FILES_H
#define MMS_COMPAT_FILES_H

#include "compat/upstream.h"
#include "core/place.h"
#include <mmsync.h>

#define MMS__STATE_SIZE sizeof(struct mms__upstream)
/* PREFIX and the longest suffix. */
enum { MMS__FILE_NAME_SIZE = sizeof(((struct mms__place *)0)->path) + 16 };

void mms__state_name(const struct mms__place *place, char name[MMS__FILE_NAME_SIZE]);
void mms__data_name(const struct mms__place *place, unsigned index, char name[MMS__FILE_NAME_SIZE]);

/* Open PREFIX_state as it is. -ENOENT if there is none; other codes as open(2). Details are stored, here and below. */
int mms__state_open(const struct mms__place *place, const struct mms__trust *trust, int flags, struct mms__file *file);
/* Its size is right: else MMS_E_EMPTY (0 bytes: a writer has just made it, or died then) or MMS_E_CORRUPT. */
int mms__state_check(const struct mms__place *place, const struct mms__file *file);
/* Take its write lock if nobody has it; else -EWOULDBLOCK, without a detail. */
int mms__state_lock(const struct mms__place *place, const struct mms__file *file);
/* 1 if the state still has its name, 0 if it was removed or replaced since it was opened, or a code. */
int mms__state_named(const struct mms__place *place, const struct mms__file *file);

/* Open a data file, or look again at one that is open, and give its size. One that was closed by the host, or unlinked, is
   opened again by name, and may be another then. -ENOENT if there is none. */
int mms__data_look(const struct mms__place *place, unsigned index, int flags, struct mms__file *file, uint64_t *size);

/* A bare name is accepted from this user, from root, and from whom the user trusts. */
int mms__owner_check(const struct mms__place *place, const struct mms__trust *trust, const struct mms__file *file,
                     const char *name);

#endif
