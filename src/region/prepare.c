/* SPDX-License-Identifier: Apache-2.0 */
#include "region/prepare.h"
#include "os/cancel.h"
#include "region/slot_memory.h"
#include <string.h>

/* Catching up with smaller values takes no longer than copying all of one. Tests of each step use them all the same. */
#ifndef MMS__SMALLEST_PREPARED
#define MMS__SMALLEST_PREPARED (UINT64_C(1) << 20)
#endif

/* What a slot may have missed, in bytes of the ring: some 2,000 ranges, or half of a ring that has no more, or as much as
   the last updates changed. */
enum { FAR = 32 << 10, FAR_UPDATES = 4 };

/* What one update does: bytes to copy, and what a range counts for besides; at least so many, or so many times what it has
   changed itself. */
enum { SHARE = 16 << 10, SHARE_TIMES = 4, WORTH_OF_A_RANGE = 256 };

/* How many ranges to list at a time, or records without any, and how many ranges to fetch ahead. */
enum { LISTED = 64, AHEAD = 16 };

/* Memory that a slot gets at a time, and may lack; and publishes without a try after there was none. */
enum { ROOM = 64 << 10, LACK = 4 * ROOM, PAUSE = 1024 };

/* The current value. */
struct source {
    const unsigned char *data;
    uint64_t size, generation, at;
};

static struct source source_of(const struct mms__pool *pool)
{
    uint64_t current = mms__pool_current(pool), size = mms__pool_current_size(pool);
    unsigned slot = mms__word_slot(current);

    if (size == 0 || size > pool->header.max_size)
        return (struct source){.size = 0};
    return (struct source){pool->data + slot * pool->header.stride, size, mms__word_generation(current),
                           mms__load_relaxed(&pool->control->slots[slot].changes_at)};
}

/* ---- Who is behind ---- */

static uint64_t far(const struct mms__ring *ring, const struct source *source)
{
    uint64_t last = mms__load_relaxed(&ring->shared->head) - source->at,
             least = ring->size / 2 < FAR ? ring->size / 2 : FAR;

    return FAR_UPDATES * last > least ? FAR_UPDATES * last : least;
}

static bool is_far(const struct mms__pool *pool, const struct mms__ring *ring, const struct source *source,
                   unsigned slot)
{
    uint64_t content = mms__slot_content(pool, slot), at = mms__slot_content_at(pool, slot);

    if (content == source->generation)
        return false;
    return content == 0 || at == 0 || source->at == 0 || source->at - at > far(ring, source) ||
           pool->slots[slot].allocated + LACK < source->size;
}

bool mms__prepare_is_due(const struct mms__pool *pool, const struct mms__ring *ring)
{
    struct source source = source_of(pool);

    if (source.size < MMS__SMALLEST_PREPARED || pool->free_count == 0)
        return false;
    for (uint32_t i = 0; i < pool->free_count; i++)
        if (!is_far(pool, ring, &source, pool->free_list[i]))
            return false;
    return true;
}

/* ---- Beginning ---- */

/* Whoever takes a slot of which nothing is known stores a whole value, and gets huge pages for it. Here it would get small
   ones, so it is left alone, unless it has its memory. */
static bool is_worth_it(const struct mms__pool *pool, unsigned slot, uint64_t size)
{
    return mms__slot_content(pool, slot) != 0 || pool->slots[slot].backed >= size - size / 8;
}

/* One more than the slot that is farthest behind; 0: none is far. */
static uint32_t choose(const struct mms__pool *pool, const struct mms__ring *ring, const struct source *source)
{
    uint32_t chosen = 0;

    for (uint32_t i = 0; i < pool->free_count; i++) {
        unsigned slot = pool->free_list[i];

        if (is_far(pool, ring, source, slot) && is_worth_it(pool, slot, source->size) &&
            (chosen == 0 || mms__slot_content(pool, slot) < mms__slot_content(pool, chosen - 1)))
            chosen = slot + 1;
    }
    return chosen;
}

/* The slot stays on the free list. Its generation changes before its first byte (G1), but what it holds is still known: see
   docs/design.md, G11. */
static void mark(struct mms__pool *pool, unsigned slot)
{
    struct mms__slot *own = &pool->slots[slot];
    uint64_t content = mms__slot_content(pool, slot), at = mms__slot_content_at(pool, slot);

    mms__pool_mark(pool, slot, false);
    own->content = content;
    own->content_at = at;
}

static bool begin(struct mms__prepare *prepare, struct mms__pool *pool, const struct mms__ring *ring,
                  const struct source *source)
{
    uint32_t slot =
        pool->generation < prepare->paused || pool->generation >= MMS__GENERATION_MAX ? 0 : choose(pool, ring, source);

    prepare->slot = slot;
    if (slot == 0)
        return false;
    mark(pool, slot - 1);
    prepare->mark = pool->generation;
    prepare->target = source->generation;
    prepare->target_at = source->at;
    prepare->target_size = source->size;
    prepare->walk = (struct mms__walk){source->at, source->generation, pool->slots[slot - 1].content, 0};
    prepare->walked = false;
    prepare->smallest = UINT64_MAX;
    prepare->next = 0;
    mms__range_set_clear(&prepare->missed);
    MMS__STEP(prepare_begun);
    return true;
}

static bool has_begun(const struct mms__prepare *prepare, const struct mms__pool *pool)
{
    const struct mms__slot *own = pool->slots + (prepare->slot != 0 ? prepare->slot - 1 : 0);

    return prepare->slot != 0 && own->state == MMS__SLOT_FREE && own->generation == prepare->mark;
}

/* ---- Going on ---- */

static void more_room(struct mms__prepare *prepare, struct mms__pool *pool, uint64_t size)
{
    unsigned slot = prepare->slot - 1;
    uint64_t next = pool->slots[slot].allocated + ROOM;
    MMS__HOLD_CANCEL(before);

    if (mms__slot_provide(pool, slot, next < size ? next : size, MMS__PACE_UPDATE) == 0)
        return;
    prepare->slot = 0;
    prepare->paused = pool->generation + PAUSE;
}

/* What the walk has found is all, or nothing if the records do not lead to what the slot holds. */
static void end_walk(struct mms__prepare *prepare, bool found)
{
    uint64_t from = found ? prepare->smallest : 0;

    prepare->walked = true;
    if (from < prepare->target_size)
        mms__range_set_add(&prepare->missed, from, prepare->target_size - from);
}

/* List ranges once all that were listed are copied. A record too many, or a damaged one, does no harm: what is copied are
   always bytes of the current value. */
static void list(struct mms__prepare *prepare, const struct mms__ring *ring)
{
    struct mms__walk *walk = &prepare->walk;

    if (prepare->next < prepare->missed.count)
        return;
    mms__range_set_clear(&prepare->missed);
    prepare->next = 0;
    for (unsigned records = 0; !prepare->walked && records < LISTED && prepare->missed.count < LISTED; records++)
        if (walk->since == 0 || walk->generation <= walk->since)
            end_walk(prepare, walk->since != 0 && walk->generation == walk->since);
        else if (mms__ring_step(ring, walk, &prepare->missed, &prepare->smallest) != 0)
            end_walk(prepare, false);
}

static void fetch(const struct mms__prepare *prepare, size_t i, const struct source *source, unsigned char *to)
{
    if (i >= prepare->missed.count || prepare->missed.ranges[i].offset >= source->size)
        return;
    __builtin_prefetch(source->data + prepare->missed.ranges[i].offset, 0);
    __builtin_prefetch(to + prepare->missed.ranges[i].offset, 1);
}

/* Bytes past the current value are in no record that an update starting from it needs. */
static void copy(unsigned char *to, const struct source *source, uint64_t offset, uint64_t length)
{
    if (offset < source->size)
        memcpy(to + offset, source->data + offset,
               (size_t)(length < source->size - offset ? length : source->size - offset));
    MMS__STEP(prepare_copied);
}

static void copy_share(struct mms__prepare *prepare, const struct source *source, unsigned char *to, uint64_t share)
{
    for (size_t i = 0; i < AHEAD; i++)
        fetch(prepare, prepare->next + i, source, to);
    while (share > 0 && prepare->next < prepare->missed.count) {
        mms_range *range = &prepare->missed.ranges[prepare->next];
        uint64_t length = range->length < share ? range->length : share;

        fetch(prepare, prepare->next + AHEAD, source, to);
        copy(to, source, range->offset, length);
        range->offset += length;
        range->length -= length;
        if (range->length == 0)
            prepare->next++;
        share -= share < length + WORTH_OF_A_RANGE ? share : length + WORTH_OF_A_RANGE;
    }
}

static void end(struct mms__prepare *prepare, struct mms__pool *pool)
{
    struct mms__slot *own = &pool->slots[prepare->slot - 1];

    own->content = prepare->target;
    own->content_at = prepare->target_at;
    prepare->slot = 0;
    MMS__STEP(prepare_ended);
}

static uint64_t share_of(const struct mms__range_set *changed)
{
    uint64_t share = changed->everything
                         ? 0
                         : SHARE_TIMES * (mms__range_set_bytes(changed) + WORTH_OF_A_RANGE * (uint64_t)changed->count);

    return share > SHARE ? share : SHARE;
}

static void go_on(struct mms__prepare *prepare, struct mms__pool *pool, const struct mms__ring *ring,
                  const struct source *source, uint64_t share)
{
    unsigned slot = prepare->slot - 1;

    if (!mms__slot_has_room(pool, slot, source->size)) {
        more_room(prepare, pool, source->size);
        return;
    }
    list(prepare, ring);
    if (prepare->missed.everything) { /* there was no memory for the list */
        prepare->slot = 0;
        prepare->paused = pool->generation + PAUSE;
        return;
    }
    copy_share(prepare, source, pool->data + slot * pool->header.stride, share);
    if (prepare->walked && prepare->next == prepare->missed.count)
        end(prepare, pool);
}

void mms__prepare_some(struct mms__prepare *prepare, struct mms__pool *pool, const struct mms__ring *ring,
                       const struct mms__range_set *changed)
{
    struct source source = source_of(pool);

    if (source.size < MMS__SMALLEST_PREPARED || pool->free_count == 0 || pool->shares_blocks)
        return;
    if (has_begun(prepare, pool) || begin(prepare, pool, ring, &source))
        go_on(prepare, pool, ring, &source, share_of(changed));
}
