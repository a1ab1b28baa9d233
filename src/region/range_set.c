/* SPDX-License-Identifier: Apache-2.0 */
#include "region/range_set.h"
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256, FEW = 48, DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

static uint64_t end_of(const mms_range *range)
{
    return range->offset + range->length;
}

/* ---- Adding ---- */

static bool enlarge(struct mms__range_set *set)
{
    size_t capacity = set->capacity ? 2 * set->capacity : FIRST_CAPACITY;
    /* Cannot wrap: twice the last one, and no allocation is larger than PTRDIFF_MAX. */
    mms_range *ranges = realloc(set->ranges, 2 * capacity * sizeof *ranges);

    if (!ranges)
        return false;
    set->ranges = ranges;
    set->capacity = capacity;
    return true;
}

/* Leave half of the room free, so that the next additions are cheap too. */
static void make_room(struct mms__range_set *set, size_t most)
{
    mms__range_set_merge(set);
    mms__range_set_coarsen(set, most / 2);
}

/* False if the set covers everything by now and takes no more. */
static bool provide(struct mms__range_set *set)
{
    if (set->limit > 0 && set->count >= set->limit)
        make_room(set, set->limit);
    if (set->count < set->capacity || enlarge(set))
        return true;
    if (set->capacity == 0)
        set->everything = true;
    else
        make_room(set, set->capacity);
    return !set->everything;
}

/* True if the range only extended the last one, as in a sequential write. */
static bool extends_last(struct mms__range_set *set, uint64_t offset, uint64_t length)
{
    mms_range *last = &set->ranges[set->count - 1];

    if (offset < last->offset) {
        set->unsorted = true;
        return false;
    }
    if (offset > end_of(last))
        return false;
    if (offset + length > end_of(last))
        last->length = offset + length - last->offset;
    return true;
}

/* Not inline: a caller's store that misses the caches waits in the store buffer, and what this
   would save on the stack with each addition takes the room of the next one. */
__attribute__((noinline)) static void add_after_providing(struct mms__range_set *set, uint64_t offset, uint64_t length)
{
    if (!provide(set))
        return;
    set->unsorted = set->count > 0; /* its ranges may have been merged meanwhile */
    set->ranges[set->count++] = (mms_range){offset, length};
}

void mms__range_set_add(struct mms__range_set *set, uint64_t offset, uint64_t length)
{
    if (length == 0 || set->everything || (set->count > 0 && extends_last(set, offset, length)))
        return;
    if (set->count == set->capacity || set->count == set->limit)
        add_after_providing(set, offset, length);
    else
        set->ranges[set->count++] = (mms_range){offset, length};
}

void mms__range_set_clear(struct mms__range_set *set)
{
    set->count = 0;
    set->unsorted = set->everything = false;
}

void mms__range_set_free(struct mms__range_set *set)
{
    free(set->ranges);
    *set = (struct mms__range_set){0};
}

/* ---- Sorting ---- */

static void sort_few(mms_range *ranges, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        mms_range moved = ranges[i];
        size_t at = i;

        for (; at > 0 && ranges[at - 1].offset > moved.offset; at--)
            ranges[at] = ranges[at - 1];
        ranges[at] = moved;
    }
}

/* Sorts by one digit of the offset; stable. */
static void sort_by_digit(const mms_range *from, mms_range *to, size_t count, unsigned shift)
{
    uint32_t places[DIGITS] = {0}, sum = 0; /* no set has 2^32 ranges: they would take 128 GiB */

    for (size_t i = 0; i < count; i++)
        places[from[i].offset >> shift & (DIGITS - 1)]++;
    for (size_t i = 0; i < DIGITS; i++) {
        uint32_t here = places[i];

        places[i] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++)
        to[places[from[i].offset >> shift & (DIGITS - 1)]++] = from[i];
}

static uint64_t bits_of(const mms_range *ranges, size_t count)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < count; i++)
        bits |= ranges[i].offset;
    return bits;
}

static void sort(struct mms__range_set *set)
{
    mms_range *from = set->ranges, *to = set->ranges + set->capacity, *swap;
    uint64_t bits;

    if (set->count <= FEW) {
        sort_few(set->ranges, set->count);
        return;
    }
    bits = bits_of(from, set->count);
    for (unsigned shift = 0; shift < 64 && bits >> shift != 0; shift += DIGIT_BITS) {
        if ((bits >> shift & (DIGITS - 1)) == 0)
            continue;
        sort_by_digit(from, to, set->count, shift);
        swap = from;
        from = to;
        to = swap;
    }
    if (from != set->ranges)
        memcpy(set->ranges, from, set->count * sizeof *from);
}

/* ---- Merging ---- */

void mms__range_set_merge(struct mms__range_set *set)
{
    size_t kept = 0;

    if (set->unsorted)
        sort(set);
    set->unsorted = false;
    for (size_t i = 1; i < set->count; i++) {
        mms_range *last = &set->ranges[kept];
        const mms_range *next = &set->ranges[i];

        if (next->offset > end_of(last))
            set->ranges[++kept] = *next;
        else if (end_of(next) > end_of(last))
            last->length = end_of(next) - last->offset;
    }
    if (set->count > 0)
        set->count = kept + 1;
}

void mms__range_set_clip(struct mms__range_set *set, uint64_t size)
{
    while (set->count > 0 && set->ranges[set->count - 1].offset >= size)
        set->count--;
    if (set->count > 0 && end_of(&set->ranges[set->count - 1]) > size)
        set->ranges[set->count - 1].length = size - set->ranges[set->count - 1].offset;
}

uint64_t mms__range_set_bytes(const struct mms__range_set *set)
{
    uint64_t bytes = set->everything ? UINT64_MAX : 0;

    for (size_t i = 0; i < set->count && !set->everything; i++)
        bytes += set->ranges[i].length;
    return bytes;
}

/* ---- Fewer and larger ones ---- */

/* Gaps by size, in eight classes for each power of two: precise enough to find the smallest. */
enum { CLASSES = 512 };

static unsigned class_of(uint64_t gap)
{
    unsigned power;

    if (gap < 8)
        return (unsigned)gap;
    power = 63 - (unsigned)__builtin_clzll(gap);
    return (power - 2) * 8 + (unsigned)(gap >> (power - 3) & 7);
}

static uint64_t gap_before(const struct mms__range_set *set, size_t i)
{
    return set->ranges[i].offset - end_of(&set->ranges[i - 1]);
}

/* All gaps below the returned class are to be closed, and *of_it gaps of that class. */
static unsigned find_class(const struct mms__range_set *set, size_t surplus, size_t *of_it)
{
    size_t classes[CLASSES] = {0};
    unsigned class = 0;

    for (size_t i = 1; i < set->count; i++)
        classes[class_of(gap_before(set, i))]++;
    while (classes[class] < surplus)
        surplus -= classes[class ++];
    *of_it = surplus;
    return class;
}

void mms__range_set_coarsen(struct mms__range_set *set, size_t most)
{
    size_t kept = 0, of_it;
    unsigned limit;

    if (set->count <= most || most == 0)
        return;
    limit = find_class(set, set->count - most, &of_it);
    for (size_t i = 1; i < set->count; i++) {
        mms_range *last = &set->ranges[kept];
        const mms_range *next = &set->ranges[i];
        unsigned class = class_of(next->offset - end_of(last));

        if (class < limit || (class == limit && of_it > 0)) {
            of_it -= class == limit;
            last->length = end_of(next) - last->offset;
        } else {
            set->ranges[++kept] = *next;
        }
    }
    set->count = kept + 1;
}
