/* SPDX-License-Identifier: Apache-2.0 */
#include "region/catch_up.h"
#include "base/bulk.h"
#include <string.h>

enum { FEW_RANGES = 64 };

/* Small ranges far apart would each wait for memory, so prefetch this many ahead. */
enum { AHEAD = 16, LINE = 64 };

static void prefetch(unsigned char *to, const unsigned char *from, uint64_t size, const mms_range *range)
{
    if (range->offset >= size)
        return;
    __builtin_prefetch(from + range->offset, 0);
    __builtin_prefetch(to + range->offset, 1);
    if (range->length > LINE) {
        __builtin_prefetch(from + range->offset + LINE, 0);
        __builtin_prefetch(to + range->offset + LINE, 1);
    }
}

static void copy_range(unsigned char *to, const unsigned char *from, uint64_t size, const mms_range *range)
{
    if (range->offset >= size)
        return;
    memcpy(to + range->offset, from + range->offset,
           (size_t)(range->length < size - range->offset ? range->length : size - range->offset));
    MMS__STEP(catch_up_range_copied);
}

void mms__copy_ranges(unsigned char *to, const unsigned char *from, uint64_t size, const mms_range *ranges,
                      size_t count)
{
    for (size_t i = 0; i < count && i < AHEAD; i++)
        prefetch(to, from, size, &ranges[i]);
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            prefetch(to, from, size, &ranges[i + AHEAD]);
        copy_range(to, from, size, &ranges[i]);
    }
}

/* What the slot has missed; false if that is not known, or if copying everything is faster. */
static bool find_missed(const struct mms__catch_up *catch_up, const struct mms__ring *ring, struct mms__range_set *set)
{
    struct mms__walk walk = {catch_up->at, catch_up->generation, catch_up->content,
                             (size_t)(catch_up->size / MMS__WORTH_OF_A_RANGE) + FEW_RANGES, 0};
    uint64_t smallest;

    mms__range_set_clear(set);
    if (catch_up->content == 0 || mms__ring_walk(ring, walk, set, &smallest) != 0)
        return false;
    if (smallest < catch_up->size)
        mms__range_set_add(set, smallest, catch_up->size - smallest);
    mms__range_set_merge(set);
    mms__range_set_clip(set, catch_up->size);
    return mms__range_set_bytes(set) <= catch_up->size / 2;
}

void mms__catch_up(const struct mms__catch_up *catch_up, const struct mms__ring *ring, struct mms__range_set *scratch)
{
    MMS__STEP(catch_up_begun);
    if (find_missed(catch_up, ring, scratch))
        mms__copy_ranges(catch_up->to, catch_up->from, catch_up->size, scratch->ranges, scratch->count);
    else
        mms__copy_in(catch_up->to, catch_up->from, (size_t)catch_up->size);
    MMS__STEP(catch_up_done);
}
