/* SPDX-License-Identifier: Apache-2.0 */
#include "region/catch_up.h"
#include "base/bulk.h"
#include "base/minmax.h"
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
    memcpy(to + range->offset, from + range->offset, (size_t)mms__min(range->length, size - range->offset));
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

/* The ranges that the slot lacks below *rest, and from where on it lacks everything. False if that is not known, or if
   copying everything is faster. */
static bool find_missed(const struct mms__catch_up *catch_up, const struct mms__ring *ring, struct mms__range_set *set,
                        uint64_t *rest)
{
    const struct mms__lack *lack = &catch_up->lack;
    struct mms__walk walk = lack->walk;
    uint64_t smallest;

    walk.most = (size_t)(catch_up->size / MMS__WORTH_OF_A_RANGE) + FEW_RANGES;
    if (mms__ring_walk(ring, walk, set, &smallest) != 0)
        return false;
    for (size_t i = 0; i < lack->count; i++)
        mms__range_set_add(set, lack->ranges[i].offset, lack->ranges[i].length);
    *rest = mms__min(catch_up->size, mms__min(smallest, lack->rest));
    mms__range_set_merge(set);
    mms__range_set_clip(set, *rest);
    return mms__range_set_bytes(set) <= *rest / 2;
}

static void copy_rest(const struct mms__catch_up *catch_up, uint64_t rest)
{
    size_t length = (size_t)(catch_up->size - rest);

    if (length >= MMS__BULK_SIZE)
        mms__copy_part_in(catch_up->to + rest, catch_up->from + rest, length);
    else if (length > 0)
        memcpy(catch_up->to + rest, catch_up->from + rest, length);
}

void mms__catch_up(const struct mms__catch_up *catch_up, const struct mms__ring *ring, struct mms__range_set *scratch)
{
    uint64_t rest = 0;

    MMS__STEP(catch_up_begun);
    mms__range_set_clear(scratch);
    if (find_missed(catch_up, ring, scratch, &rest))
        mms__copy_ranges(catch_up->to, catch_up->from, rest, scratch->ranges, scratch->count);
    else
        rest = 0;
    copy_rest(catch_up, rest);
    MMS__STEP(catch_up_done);
}
