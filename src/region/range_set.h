/* SPDX-License-Identifier: Apache-2.0 */
/* Ranges of bytes, collected in any order, then sorted and merged. A set may cover more than was
   added, never less: when memory or a limit runs out, ranges are merged across the gaps between
   them. */
#ifndef MMS_REGION_RANGE_SET_H
#define MMS_REGION_RANGE_SET_H

#include <mmsync.h>

struct mms__range_set {
    mms_range *ranges; /* room for twice `capacity`: the second half is for sorting */
    size_t count, capacity;
    size_t limit; /* merge when there are more; 0: no limit */
    bool unsorted;
    bool everything; /* covers all bytes: there was no memory for even one range */
};

/* offset + length is below 2^63, so that nothing wraps. */
void mms__range_set_add(struct mms__range_set *set, uint64_t offset, uint64_t length);
/* Empty the set; it keeps its memory. */
void mms__range_set_clear(struct mms__range_set *set);
void mms__range_set_free(struct mms__range_set *set);

/* Sort and merge: ascending, with at least a byte between two ranges. The functions below need
   that. */
void mms__range_set_merge(struct mms__range_set *set);
/* Drop everything at and above `size`. */
void mms__range_set_clip(struct mms__range_set *set, uint64_t size);
/* Merge the nearest ranges first, down to `most` ranges or fewer (1 at least). */
void mms__range_set_coarsen(struct mms__range_set *set, size_t most);
/* The number of bytes covered. */
uint64_t mms__range_set_bytes(const struct mms__range_set *set);

#endif
