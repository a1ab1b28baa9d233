/* SPDX-License-Identifier: Apache-2.0 */
/* The file `changes`: a ring of records, which say what bytes each update changed. The writer
   appends a record before it publishes, and stores the record's position in the slot's descriptor.
   So a reader that has pinned a value finds its record, and each record leads to the one before
   it. New records overwrite the oldest. A reader does not announce that it reads one, but checks
   afterwards that it was whole: the writer moves `tail` past bytes before it overwrites them
   (docs/design.md, G12). */
#ifndef MMS_REGION_CHANGES_H
#define MMS_REGION_CHANGES_H

#include "handle/place.h"
#include "os/file.h"
#include "region/layout.h"
#include "region/range_set.h"

struct mms__ring {
    struct mms__mapping map;
    struct mms__file file; /* closed; says which file it was */
    struct mms__changes *shared;
    uint64_t size; /* of the ring, without what precedes it */
};

/* ---- The records (changes.c) ---- */

/* The most ranges that a record may have: it takes at most a quarter of the ring. */
static inline size_t mms__ring_most_ranges(const struct mms__ring *ring)
{
    return (size_t)((ring->size / 4 - sizeof(struct mms__record)) / sizeof(mms_range));
}

/* Append a record with the ranges of a merged set, which are no more than that. Returns its
   position. */
uint64_t mms__ring_append(struct mms__ring *ring, const struct mms__record *record, const struct mms__range_set *set);

/* A walk begins at `at`, with the record of `generation`, and goes back to generation `since`. */
struct mms__walk {
    uint64_t at, generation, since;
    size_t most;     /* give up when there are more ranges; 0: never */
    uint64_t listed; /* how many ranges of the record at `at` are done (mms__ring_step) */
};

/* Add to the set what changed from `since` to `generation`, and store the smallest size of the
   values from the one to the other, including both. MMS_E_FORGOTTEN or MMS_E_CORRUPT, without
   detail; where others make the file anew, both may mean that this is no longer it. */
int mms__ring_walk(const struct mms__ring *ring, struct mms__walk walk, struct mms__range_set *set, uint64_t *smallest);

/* A part of that walk: add `most` ranges of the record that it has come to, and after the last of them go on to the one
   before it. The caller begins with *smallest, and with walk->listed as 0. */
int mms__ring_step(const struct mms__ring *ring, struct mms__walk *walk, uint64_t most, struct mms__range_set *set,
                   uint64_t *smallest);

/* True if the bytes at `at` were not overwritten before the caller read them. */
bool mms__ring_reaches(const struct mms__ring *ring, uint64_t at);

/* ---- The file (changes_file.c) ---- */

/* Open and map the file of a region. -ENOENT: it does not exist; -ENODATA: it was made and not
   filled; MMS_E_CORRUPT: it is damaged, or another region's. No detail is stored. */
int mms__ring_open(int directory, const struct mms__header *region, bool writable, struct mms__ring *ring);
/* What was used of the positions of a ring, for one that begins anew. */
struct mms__positions {
    uint64_t highest; /* stored in any slot */
    uint64_t end;     /* none from here on was used; 0: not known */
};

/* For the writer: open the file, or make one with a ring of `size` bytes and the owner, group and
   mode of `like`. A new one begins above all positions that were used. Details are stored. */
int mms__ring_provide(const struct mms__place *place, const struct mms__header *region, const struct mms__file *like,
                      uint64_t size, const struct mms__positions *used, struct mms__ring *ring);
/* Make the file anew, with a ring of `size` bytes, whether or not it is still there. What is in the old ring is in the new
   one, at the same positions, as far as it has room, and once it has used `size` bytes. Readers find the one or the other.
   If it fails, all stays as it was. Details are stored. */
int mms__ring_renew(const struct mms__place *place, const struct mms__header *region, const struct mms__file *like,
                    uint64_t size, const struct mms__ring *old, struct mms__ring *ring);
void mms__ring_close(struct mms__ring *ring);

#endif
