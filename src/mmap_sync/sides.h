/* SPDX-License-Identifier: Apache-2.0 */
/* The two data files as a reader keeps them: descriptors, and mappings that stay where they
   are. */
#ifndef MMS_MMAP_SYNC_SIDES_H
#define MMS_MMAP_SYNC_SIDES_H

#include "handle/region.h"
#include "mmap_sync/files.h"
#include <mmsync/mmap_sync.h>

/* Each mapping is at least twice as long as the last, so there are never many. */
enum { MMS__SIDE_MAPS = 48 };

struct mms__side {
    struct mms__file file;
    struct mms__mapping maps[MMS__SIDE_MAPS];
    unsigned count;
    unsigned first; /* mappings below it are of a file that was unlinked; views may still be held there */
};

struct mms__mmap_sync_region {
    struct mms_region front;
    mms_mmap_sync_region_options options;
    struct mms__mapping state_map;
    struct mms__file state_file;        /* which file it is */
    struct mms__mmap_sync_state *state; /* NULL if it is read-only: see `seen` */
    const struct mms__mmap_sync_state *seen;
    struct mms__side sides[2];
};

static inline struct mms__mmap_sync_region *mms__mmap_sync_region_of(struct mms_region *front)
{
    return (struct mms__mmap_sync_region *)front;
}

/* Map the first `size` bytes of a data file, after a check of its length: a short file is
   MMS_E_CORRUPT, not a SIGBUS. Details are stored. */
int mms__side_map(struct mms__mmap_sync_region *region, unsigned index, uint64_t size, const void **data);
/* The same for a copy: a descriptor, which is good while the region is open and the host does
   not close it. */
int mms__side_file(struct mms__mmap_sync_region *region, unsigned index, uint64_t size, int *fd);
void mms__sides_free(struct mms__mmap_sync_region *region);

#endif
