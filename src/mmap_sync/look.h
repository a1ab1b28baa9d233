/* SPDX-License-Identifier: Apache-2.0 */
/* The state as it is, for those who neither read nor write values. */
#ifndef MMS_MMAP_SYNC_LOOK_H
#define MMS_MMAP_SYNC_LOOK_H

#include "handle/place.h"
#include "mmap_sync/protocol.h"

struct mms__look {
    struct mms__file file;
    struct mms__mapping mapping;
    const struct mms__mmap_sync_state *state; /* NULL: the file is empty */
};

/* Details are stored. Close it after a success only. */
int mms__look_open(const struct mms__place *place, struct mms__look *look);
void mms__look_close(struct mms__look *look);

#endif
