/* SPDX-License-Identifier: Apache-2.0 */
/* What a region of this process keeps of the two data files: descriptors, and maps that stay where they are. */
#ifndef MMS_SIDES_H
#define MMS_SIDES_H

#include "compat/files.h"
#include "core/region.h"

/* Each map is at least twice as long as the last, so there are never many. */
enum { MMS__SIDE_MAPS = 48 };

struct mms__side {
    struct mms__file file;
    struct mms__map maps[MMS__SIDE_MAPS];
    unsigned count;
    unsigned first; /* maps below it are of a file that was unlinked; views may be held there still */
};

struct mms__upstream_region {
    struct mms__upstream *state; /* NULL if it may only be read: see `seen` */
    const struct mms__upstream *seen;
    struct mms__side sides[2];
};

static inline struct mms__upstream_region *mms__upstream_of(const struct mms_region *region)
{
    return region->foreign_data;
}

/* The first `size` bytes of a data file, mapped, after a look at the file's length: a short file is MMS_E_CORRUPT, not
   a SIGBUS. Details are stored. */
int mms__side_map(struct mms_region *region, unsigned index, uint64_t size, const void **data);
/* The same for a copy: the descriptor in `file`, good while the region is open and nobody closes it. */
int mms__side_file(struct mms_region *region, unsigned index, uint64_t size, int *fd);
void mms__sides_free(struct mms__upstream_region *upstream);

#endif
