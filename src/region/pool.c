/* SPDX-License-Identifier: Apache-2.0 */
#include "region/pool.h"
#include "base/minmax.h"
#include "region/protocol.h"
#include <errno.h>
#include <stdlib.h>

/* The slot of a value that was current holds it whole as long as its generation word stays (G11); anything may have been
   stored into the others. The last writer may have died before it noted that of the current value, whose slot is one of
   those in use, or the region would not have been opened. What was noted before a reboot proves nothing: on a disk, words
   may be newer than data. */
static void inherit_content(struct mms__pool *pool)
{
    uint64_t current = mms__load_relaxed(&pool->control->current), floor = mms__load_relaxed(&pool->control->floor);
    unsigned slot = mms__word_slot(current);

    if (mms__word_pinnable(current) && pool->slots[slot].generation == mms__word_generation(current))
        mms__note_published(&pool->control->slots[slot], mms__word_generation(current));
    for (slot = 0; slot < pool->used; slot++)
        pool->slots[slot].whole =
            pool->slots[slot].generation > floor &&
            mms__load_acquire(&pool->control->slots[slot].published) == pool->slots[slot].generation;
    mms__keep_inherit(pool);
}

/* Take over the slots that the last writer used. Half-written ones count as live too: they become
   free at the first scan that finds them uncovered. */
static void inherit(struct mms__pool *pool)
{
    pool->used = mms__slots_used(pool->control, pool->header.max_slots);
    for (unsigned slot = 0; slot < pool->header.max_slots; slot++) {
        pool->slots[slot].backed =
            mms__min(mms__load_relaxed(&pool->control->slots[slot].allocated), pool->header.stride);
        pool->backed += pool->slots[slot].backed;
        if (slot >= pool->used)
            continue;
        pool->slots[slot].generation = mms__load_relaxed(&pool->control->slots[slot].generation);
        pool->slots[slot].state = MMS__SLOT_LIVE;
    }
    inherit_content(pool);
    mms__list_live(pool);
}

int mms__pool_init(struct mms__pool *pool)
{
    pool->slots = calloc(pool->header.max_slots, sizeof *pool->slots);
    pool->free_list = calloc(pool->header.max_slots, sizeof *pool->free_list);
    pool->live_list = calloc(pool->header.max_slots, sizeof *pool->live_list);
    pool->holders = calloc(pool->table.max_readers, sizeof *pool->holders);
    pool->index = calloc(mms__index_size(pool->header.max_slots), sizeof *pool->index);
    if (!pool->slots || !pool->free_list || !pool->live_list || !pool->holders || !pool->index) {
        mms__pool_free(pool);
        return -ENOMEM;
    }
    inherit(pool);
    return 0;
}

void mms__pool_free(struct mms__pool *pool)
{
    free(pool->slots);
    free(pool->free_list);
    free(pool->live_list);
    free(pool->holders);
    free(pool->index);
    pool->slots = NULL;
    pool->free_list = NULL;
    pool->live_list = NULL;
    pool->holders = NULL;
    pool->index = NULL;
}

const char *mms__pool_invariant(const struct mms__pool *pool)
{
    uint32_t free_slots = 0, live_slots = 0;

    if (pool->used > pool->header.max_slots)
        return "more slots are used than there are";
    for (unsigned slot = 0; slot < pool->header.max_slots; slot++) {
        if ((pool->slots[slot].state == MMS__SLOT_UNUSED) != (slot >= pool->used))
            return "a slot's state does not fit the count of used slots";
        if (pool->slots[slot].generation > pool->generation)
            return "a slot has a generation that was not given out";
        free_slots += pool->slots[slot].state == MMS__SLOT_FREE;
        live_slots += pool->slots[slot].state == MMS__SLOT_LIVE;
    }
    if (free_slots != pool->free_count)
        return "the free list and the slots' states differ";
    for (uint32_t i = 0; i < pool->live_count; i++)
        if (pool->slots[pool->live_list[i]].state != MMS__SLOT_LIVE)
            return "a slot on the list of live slots is not live";
    for (uint32_t i = 0; i < pool->live_count; i++)
        if (pool->slots[pool->live_list[i]].generation < pool->oldest_live)
            return "a live slot is older than the oldest one";
    if (live_slots != pool->live_count)
        return "a live slot is not on the list of live slots";
    for (uint32_t i = 0; i < pool->free_count; i++)
        if (pool->slots[pool->free_list[i]].state != MMS__SLOT_FREE)
            return "a slot on the free list is not free";
    return NULL;
}
