/* SPDX-License-Identifier: Apache-2.0 */
#include "region/prepare.h"
#include "base/minmax.h"
#include "os/cancel.h"
#include "region/slot_memory.h"
#include <string.h>

/* Catching up with smaller values takes no longer than copying all of one. Tests of each step use them all the same. */
#ifndef MMS__SMALLEST_PREPARED
#define MMS__SMALLEST_PREPARED (UINT64_C(1) << 20)
#endif

/* A slot is far behind if it has missed so many bytes of the ring (some 2,000 ranges), half of a ring that has fewer, and
   so many times what the last update changed. It also is if it lacks so much memory, or so many times what the last update
   added. */
enum { FAR = 32 << 10, FAR_UPDATES = 4, LACK = 256 << 10 };

/* What one update copies, in bytes, where a range and a record count as MMS__WORTH_OF_A_RANGE bytes more; and the memory
   that the slot gets from one. Both are more after an update that has changed more itself: as much as that, and so many
   times what it has added, for the slot has to gain on the value. */
enum { SHARE = 16 << 10, ROOM = 64 << 10, GROWTH_TIMES = 3 };

/* How many ranges are listed at a time. */
enum { LISTED = 64 };

/* How many publishes there are until the next try after there was no memory. */
enum { PAUSE = 1024 };

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

/* ---- Which slots are far behind ---- */

/* A publish without a record, or a ring that was lost, hides what came before. */
static void note(struct mms__prepare *prepare, const struct mms__ring *ring, const struct source *source,
                 const struct mms__last_update *updated)
{
    prepare->grown = source->size > updated->previous_size ? source->size - updated->previous_size : 0;
    if (updated->previous_at != 0 && mms__ring_reaches(ring, updated->previous_at))
        return;
    prepare->unrecorded = updated->previous;
    prepare->unrecorded_at = source->at;
}

void mms__prepare_inherit(struct mms__prepare *prepare, const struct mms__pool *pool)
{
    struct source source = source_of(pool);

    prepare->unrecorded = source.generation;
    prepare->unrecorded_at = source.at;
}

static bool lacks_memory(const struct mms__prepare *prepare, const struct mms__pool *pool, const struct source *source,
                         unsigned slot)
{
    return pool->slots[slot].allocated + mms__max(LACK, FAR_UPDATES * prepare->grown) < source->size;
}

/* Where the records begin that lead from what a slot holds to the current value; 0: they do not. */
static uint64_t missed_from(const struct mms__prepare *prepare, const struct mms__pool *pool,
                            const struct source *source, unsigned slot)
{
    uint64_t content = mms__slot_content(pool, slot);

    if (content == 0 || source->at == 0 || content < prepare->unrecorded)
        return 0;
    return content == prepare->unrecorded ? prepare->unrecorded_at : mms__slot_content_at(pool, slot);
}

static bool is_far(const struct mms__prepare *prepare, const struct mms__pool *pool, const struct mms__ring *ring,
                   const struct source *source, unsigned slot)
{
    uint64_t last = mms__load_relaxed(&ring->shared->head) - source->at, from;

    if (mms__slot_content(pool, slot) == source->generation)
        return false;
    from = missed_from(prepare, pool, source, slot);
    return from == 0 || source->at - from > mms__max(mms__min(ring->size / 2, FAR), FAR_UPDATES * last) ||
           lacks_memory(prepare, pool, source, slot);
}

bool mms__prepare_is_due(const struct mms__prepare *prepare, const struct mms__pool *pool, const struct mms__ring *ring)
{
    struct source source = source_of(pool);

    if (source.size < MMS__SMALLEST_PREPARED || pool->free_count == 0)
        return false;
    for (uint32_t i = 0; i < pool->free_count; i++)
        if (!is_far(prepare, pool, ring, &source, pool->free_list[i]))
            return false;
    return true;
}

/* ---- Beginning ---- */

/* A slot of which nothing is known goes to a write of a whole value, which gets huge pages for it. Here it would get small
   ones, so it is left alone unless it has its memory already. */
static bool is_worth_it(const struct mms__pool *pool, unsigned slot, uint64_t size)
{
    return mms__slot_content(pool, slot) != 0 || pool->slots[slot].backed >= size - size / 8;
}

/* The slot that is farthest behind, plus 1; 0: none is far. */
static uint32_t choose(const struct mms__prepare *prepare, const struct mms__pool *pool, const struct mms__ring *ring,
                       const struct source *source)
{
    uint32_t chosen = 0;

    for (uint32_t i = 0; i < pool->free_count; i++) {
        unsigned slot = pool->free_list[i];

        if (is_far(prepare, pool, ring, source, slot) && is_worth_it(pool, slot, source->size) &&
            (chosen == 0 || mms__slot_content(pool, slot) < mms__slot_content(pool, chosen - 1)))
            chosen = slot + 1;
    }
    return chosen;
}

/* The slot stays on the free list. Its generation changes before its first byte (G1), but what it holds is still known: see
   docs/design.md, G11. */
static bool begin(struct mms__prepare *prepare, struct mms__pool *pool, const struct mms__ring *ring,
                  const struct source *source)
{
    prepare->slot = 0;
    if (pool->generation < prepare->paused || pool->generation >= MMS__GENERATION_MAX)
        return false;
    prepare->slot = choose(prepare, pool, ring, source);
    if (prepare->slot == 0)
        return false;
    mms__pool_mark_again(pool, prepare->slot - 1);
    prepare->mark = pool->generation;
    prepare->followed = 0;
    MMS__STEP(prepare_begun);
    return true;
}

/* Every update since must have been followed: none came after a publish of another kind. */
static bool has_begun(const struct mms__prepare *prepare, const struct mms__pool *pool,
                      const struct mms__last_update *updated)
{
    const struct mms__slot *own = pool->slots + (prepare->slot != 0 ? prepare->slot - 1 : 0);

    return prepare->slot != 0 && own->state == MMS__SLOT_FREE && own->generation == prepare->mark &&
           (prepare->followed == 0 || prepare->followed == updated->previous);
}

static void give_up(struct mms__prepare *prepare, const struct mms__pool *pool)
{
    prepare->slot = 0;
    prepare->paused = pool->generation + PAUSE;
}

/* ---- Memory ---- */

/* True once it has room for all of the value. */
static bool more_room(struct mms__prepare *prepare, struct mms__pool *pool, uint64_t size)
{
    unsigned slot = prepare->slot - 1;
    uint64_t next = pool->slots[slot].allocated + mms__max(ROOM, GROWTH_TIMES * prepare->grown);
    MMS__HOLD_CANCEL(before);

    if (mms__slot_provide(pool, slot, mms__min(next, size), MMS__PACE_UPDATE) == 0)
        return next >= size;
    give_up(prepare, pool);
    return false;
}

/* ---- Copying ---- */

/* Once there is memory: what the slot has missed up to here is in the records from here back; it gets what is changed later
   as it is changed. */
static void start(struct mms__prepare *prepare, const struct mms__pool *pool, const struct source *source)
{
    prepare->followed = source->generation;
    prepare->walk =
        (struct mms__walk){source->at, source->generation, mms__slot_content(pool, prepare->slot - 1), 0, 0};
    prepare->rest = source->size;
    prepare->next = 0;
    mms__range_set_clear(&prepare->missed);
}

/* What this update has changed. Bytes that are new wait with the rest. */
static void follow(struct mms__prepare *prepare, unsigned char *to, const struct source *source,
                   const struct mms__last_update *updated)
{
    if (prepare->followed == 0)
        return;
    prepare->followed = source->generation;
    prepare->rest = mms__min(prepare->rest, source->size);
    mms__copy_ranges(to, source->data, prepare->rest, updated->changed->ranges, updated->changed->count);
}

static bool has_walked(const struct mms__prepare *prepare)
{
    return prepare->walk.generation == prepare->walk.since;
}

/* The records do not lead to what the slot holds: copy everything. */
static void give_up_walk(struct mms__prepare *prepare)
{
    mms__range_set_clear(&prepare->missed);
    prepare->walk = (struct mms__walk){.since = 0};
    prepare->rest = 0;
}

static void walk_on(struct mms__prepare *prepare, const struct mms__ring *ring)
{
    struct mms__walk *walk = &prepare->walk;
    uint64_t most = LISTED - prepare->missed.count;

    if (walk->since == 0 || mms__ring_step(ring, walk, most, &prepare->missed, &prepare->rest) != 0)
        give_up_walk(prepare);
}

static uint64_t less(uint64_t share, uint64_t length)
{
    return share - mms__min(share, length + MMS__WORTH_OF_A_RANGE);
}

/* List ranges once all that were listed are copied. A record too many, or a damaged one, does no harm: what is copied are
   always bytes of the current value. Returns what is left of the share. */
static uint64_t list(struct mms__prepare *prepare, const struct mms__ring *ring, uint64_t share)
{
    if (prepare->next < prepare->missed.count)
        return share;
    mms__range_set_clear(&prepare->missed);
    prepare->next = 0;
    for (; share > 0 && !has_walked(prepare) && prepare->missed.count < LISTED; share = less(share, 0))
        walk_on(prepare, ring);
    return share;
}

/* The first part of a range, which stays with the rest of it. */
static void copy_part(mms_range *range, unsigned char *to, const struct source *source, uint64_t length)
{
    mms__copy_ranges(to, source->data, source->size, &(mms_range){range->offset, length}, 1);
    range->offset += length;
    range->length -= length;
}

/* The bytes above that come with the rest, if the value still has them. */
static uint64_t length_below(const mms_range *range, uint64_t end)
{
    return range->offset < end ? mms__min(range->length, end - range->offset) : 0;
}

static uint64_t copy_listed(struct mms__prepare *prepare, unsigned char *to, const struct source *source,
                            uint64_t share)
{
    mms_range *ranges = prepare->missed.ranges + prepare->next;
    size_t count = prepare->missed.count - prepare->next, whole = 0;

    for (; whole < count && length_below(&ranges[whole], prepare->rest) < share; whole++)
        share = less(share, length_below(&ranges[whole], prepare->rest));
    mms__copy_ranges(to, source->data, prepare->rest, ranges, whole);
    prepare->next += whole;
    if (whole < count && share > 0) {
        copy_part(&ranges[whole], to, source, share);
        share = 0;
    }
    return share;
}

static void copy_rest(struct mms__prepare *prepare, unsigned char *to, const struct source *source, uint64_t share)
{
    uint64_t length = mms__min(share, source->size - prepare->rest);

    memcpy(to + prepare->rest, source->data + prepare->rest, (size_t)length);
    prepare->rest += length;
    MMS__STEP(prepare_copied);
}

/* True once the slot holds the current value. */
static bool copy_share(struct mms__prepare *prepare, const struct mms__ring *ring, unsigned char *to,
                       const struct source *source, uint64_t share)
{
    do {
        share = list(prepare, ring, share);
        share = copy_listed(prepare, to, source, share);
    } while (share > 0 && !has_walked(prepare));
    if (has_walked(prepare) && prepare->next == prepare->missed.count)
        copy_rest(prepare, to, source, share);
    return has_walked(prepare) && prepare->next == prepare->missed.count && prepare->rest == source->size;
}

static void end(struct mms__prepare *prepare, struct mms__pool *pool, const struct source *source)
{
    mms__slot_hold(pool, prepare->slot - 1, source->generation, source->at);
    prepare->slot = 0;
    MMS__STEP(prepare_ended);
}

/* ---- After an update ---- */

static uint64_t share_of(const struct mms__prepare *prepare, const struct mms__range_set *changed)
{
    uint64_t own = mms__range_set_bytes(changed) + MMS__WORTH_OF_A_RANGE * (uint64_t)changed->count;

    return mms__max(SHARE, own + GROWTH_TIMES * prepare->grown);
}

static void go_on(struct mms__prepare *prepare, struct mms__pool *pool, const struct mms__ring *ring, unsigned char *to,
                  const struct source *source, uint64_t share)
{
    bool is_done;

    if (!mms__slot_has_room(pool, prepare->slot - 1, source->size) && !more_room(prepare, pool, source->size))
        return;
    if (prepare->followed == 0)
        start(prepare, pool, source);
    is_done = copy_share(prepare, ring, to, source, share);
    if (prepare->missed.everything) /* there was no memory for the list */
        give_up(prepare, pool);
    else if (is_done)
        end(prepare, pool, source);
}

void mms__prepare_some(struct mms__prepare *prepare, struct mms__pool *pool, const struct mms__ring *ring,
                       const struct mms__last_update *updated)
{
    struct source source = source_of(pool);
    unsigned char *to;

    if (source.at == 0) /* it has no record, so all of its value would have to be copied again */
        return;
    note(prepare, ring, &source, updated);
    if (source.size < MMS__SMALLEST_PREPARED || pool->free_count == 0 || pool->shares_blocks)
        return;
    if (!has_begun(prepare, pool, updated) && !begin(prepare, pool, ring, &source))
        return;
    to = pool->data + (prepare->slot - 1) * pool->header.stride;
    follow(prepare, to, &source, updated);
    go_on(prepare, pool, ring, to, &source, share_of(prepare, updated->changed));
}

bool mms__prepare_lack(const struct mms__prepare *prepare, uint64_t mark, uint64_t generation, struct mms__lack *lack)
{
    const struct mms__range_set *missed = &prepare->missed;

    if (prepare->slot == 0 || prepare->mark != mark || prepare->followed != generation)
        return false;
    *lack = (struct mms__lack){
        .walk = prepare->walk,
        .ranges = missed->ranges + prepare->next,
        .count = missed->count - prepare->next,
        .rest = prepare->rest,
    };
    return true;
}

void mms__prepare_free(struct mms__prepare *prepare)
{
    mms__range_set_free(&prepare->missed);
}
