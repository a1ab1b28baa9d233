/* SPDX-License-Identifier: Apache-2.0 */
/* A region as readers of this process see it, and the reader's handle. */
#ifndef MMS_REGION_REGION_H
#define MMS_REGION_REGION_H

#include "handle/reader.h"
#include "region/header.h"
#include "region/table.h"

struct mms__native_region {
    struct mms_region front;
    struct mms__header header;
    struct mms__mapping control_map, readers_map, data_map;
    const struct mms__control *control;
    /* The start of `control` once more: where readers look at `current`. Once the region is known to be gone, zeros, so that
       the inline reads leave their path. */
    struct mms__mapping current_map;
    const mms__word *current;
    const unsigned char *data;
    struct mms__table table;       /* shared is NULL if it is read-only */
    struct mms__file data_file;    /* for copies */
    struct mms__file control_file; /* which file it is, for the looks in gone.c, as those below */
    struct mms__file readers_file; /* closed, unless it is read-only: none */
    struct mms__file lock_file;    /* open only where a map does not keep the lock */
    uint32_t owner;
    bool can_pin_asymmetric;            /* registered with membarrier */
    struct mms__known_changes *changes; /* maps of the file `changes`, from the first question on */
    uint32_t another_boot;              /* `current` is older than this boot, until a writer comes */
};

struct mms__native_reader {
    struct mms_reader front;
    struct mms__line *line;
    uint32_t claim, pid; /* as in the line */
    bool symmetric;
} __attribute__((aligned(MMS__READER_ALIGNMENT)));

_Static_assert(sizeof(struct mms__native_reader) == MMS__READER_ALIGNMENT, "two cache lines, and no more");

static inline struct mms__native_region *mms__native_region_of(struct mms_region *front)
{
    return (struct mms__native_region *)front;
}

static inline struct mms__native_reader *mms__native_reader_of(struct mms_reader *front)
{
    return (struct mms__native_reader *)(void *)front;
}

/* `current`, or 0 as long as it may be older than this boot. */
uint64_t mms__region_current(struct mms__native_region *region);

/* Details for the two words that name no value. */
int mms__fail_unpinnable(const struct mms__native_region *region, uint64_t word);

/* (changed.c) */
void mms__region_free_changes(struct mms__native_region *region);

static inline const struct mms__descriptor *mms__region_slot(const struct mms__native_region *region, unsigned slot)
{
    return &region->control->slots[slot];
}

#endif
