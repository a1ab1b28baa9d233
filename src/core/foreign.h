/* SPDX-License-Identifier: Apache-2.0 */
/* Regions in the files of another program, behind the same calls. A handle of such a region has `foreign` set, and
   every call looks at that once it has found the handle in order; the inline reads never meet one, since its readers
   stay in the states that the slow functions serve. */
#ifndef MMS_FOREIGN_H
#define MMS_FOREIGN_H

#include "core/place.h"
#include <mmsync.h>

/* Details are stored by all that return a code. `region`, `reader`, `writer`: checked handles of this process. */
struct mms__foreign {
    mms_format format;
    /* With the options read and the path found. `foreign_data` is the callee's own. */
    int (*writer_open)(struct mms_writer *writer);
    void (*writer_free)(struct mms_writer *writer, bool inherited);
    int (*write)(struct mms_writer *writer, const void *data, size_t size, mms_receipt *receipt);
    int (*begin)(struct mms_writer *writer, size_t capacity, void **buffer);
    int (*grow)(struct mms_writer *writer, size_t capacity, void **buffer);
    int (*commit)(struct mms_writer *writer, size_t size, mms_receipt *receipt);

    int (*region_open)(struct mms_region *region);
    void (*region_free)(struct mms_region *region, bool inherited);
    uint64_t (*generation)(struct mms_region *region);
    int (*read)(struct mms_reader *reader, mms_view *out); /* mms_read and mms_refresh */
    int (*end)(struct mms_reader *reader);                 /* of a view that is held */
    int (*copy)(struct mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *generation);
    int (*wait)(struct mms_reader *reader, uint64_t seen, int timeout_ms);

    int (*inspect)(const struct mms__place *place, mms_info *out);
    int (*verify)(const struct mms__place *place, void (*report)(void *context, const char *finding), void *context);
    int (*remove)(const struct mms__place *place);
};

/* The Rust crate mmap-sync 2 (src/compat). */
extern const struct mms__foreign mms__mmap_sync;

/* What stands, or is to be made, at a path: `*foreign` is NULL for a region of our own. A scheme in front of the path,
   "mmap-sync:" or "mmsync:", says it, or `wanted`, or else the files that are there. Fills the place. */
int mms__foreign_find(const char *path, mms_format wanted, struct mms__place *place,
                      const struct mms__foreign **foreign);

#endif
