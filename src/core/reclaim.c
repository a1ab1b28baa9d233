/* SPDX-License-Identifier: Apache-2.0 */
/* How the writer gets slots back: fence, scan, and put on the free list what no reader covers. */
#include "core/barrier.h"
#include "core/pool.h"
#include "core/protocol.h"

bool mms__fence_heavy(struct mms__pool *pool)
{
    /* Orders the stores of `current` before the scan's loads, on this side (pair: mms__fence_light, symmetric). */
    mms__fence_seq_cst();
    MMS__STEP(reclaim_begun);
    if (!pool->can_membarrier)
        return false;
    /* And puts such a fence between announcement and validation of every asymmetric reader, wherever it is. */
    if (mms__membarrier() == 0) {
        MMS__STEP(reclaim_fenced);
        return true;
    }
    /* Refused by now, say by a filter that was installed later. */
    pool->can_membarrier = false;
    mms__store_relaxed(&pool->control->fence, MMS__SYMMETRIC);
    MMS__STEP(fence_lost);
    mms__nudge(&pool->control->current);
    MMS__STEP(fence_nudged);
    /* As the first one. No proof needs it: who validates after the first fence finds the newest value, under either
       word, and that is not what a scan frees. It is here so that a fence stands behind every store of `current`. */
    mms__fence_seq_cst();
    return false;
}

/* Lines that cover something, other than just the current generation. */
static void scan(struct mms__pool *pool, uint64_t current_generation)
{
    bool can_membarrier = mms__fence_heavy(pool);
    uint32_t lines = mms__table_used(&pool->table);

    pool->holder_count = 0;
    for (uint32_t i = 0; i < lines; i++) {
        struct mms__cover cover =
            mms__line_read(&pool->table.shared->lines[i], pool->table.max_readers, can_membarrier);

        MMS__STEP(reclaim_line_read);
        if (cover.kind == MMS__COVERS_NOTHING ||
            (cover.kind == MMS__COVERS_EXACT && cover.generation == current_generation))
            continue;
        pool->holders[pool->holder_count++] = (struct mms__holder){i, (uint32_t)cover.kind, cover.generation};
    }
}

static bool holds(const struct mms__holder *holder, uint64_t generation)
{
    return mms__covers((struct mms__cover){(enum mms__cover_kind)holder->kind, holder->generation}, generation);
}

static bool is_covered(const struct mms__pool *pool, uint64_t generation)
{
    for (uint32_t i = 0; i < pool->holder_count; i++)
        if (holds(&pool->holders[i], generation))
            return true;
    return false;
}

static bool is_retired(const struct mms__pool *pool, unsigned slot, uint64_t current)
{
    return pool->slots[slot].state == MMS__SLOT_LIVE &&
           !(mms__word_pinnable(current) && mms__word_slot(current) == slot);
}

static void free_slot(struct mms__pool *pool, unsigned slot)
{
    pool->slots[slot].state = MMS__SLOT_FREE;
    pool->free_list[pool->free_count++] = (uint16_t)slot;
}

unsigned mms__reclaim(struct mms__pool *pool)
{
    uint64_t current = mms__load_relaxed(&pool->control->current);
    unsigned freed = 0;

    scan(pool, mms__word_generation(current));
    MMS__STEP(reclaim_scanned);
    for (unsigned slot = 0; slot < pool->used; slot++) {
        if (pool->slots[slot].evicted != 0 && !is_covered(pool, pool->slots[slot].evicted))
            pool->slots[slot].evicted = 0;
        if (is_retired(pool, slot, current) && !is_covered(pool, pool->slots[slot].generation)) {
            free_slot(pool, slot);
            freed++;
        }
    }
    MMS__STEP(reclaim_freed);
    return freed;
}

static bool contains(const uint32_t *owners, uint32_t count, uint32_t owner)
{
    for (uint32_t i = 0; i < count; i++)
        if (owners[i] == owner)
            return true;
    return false;
}

/* A batch each time, going on where the last one stopped: the time is bounded, and everybody's turn comes. */
unsigned mms__bury_holders(struct mms__pool *pool)
{
    uint32_t owners[MMS__BURY_BATCH], count = 0, looked = 0;

    for (; looked < pool->holder_count && count < MMS__BURY_BATCH; looked++) {
        uint32_t line = pool->holders[(pool->bury_next + looked) % pool->holder_count].line;
        /* Whom to judge; mms__table_bury reads it again under the lock, which is what orders. */
        uint32_t owner = mms__load_acquire(&pool->table.shared->lines[line].owner);

        if (!contains(owners, count, owner))
            owners[count++] = owner;
    }
    pool->bury_next += looked;
    return mms__table_bury(&pool->table, pool->readers_file->fd, owners, count);
}

static bool allows_eviction(const struct mms__pool *pool, const struct mms__holder *holder)
{
    return mms__load_relaxed(&pool->table.shared->lines[holder->line].flags) & MMS__ALLOW_EVICT;
}

static bool may_be_evicted(const struct mms__pool *pool, uint64_t generation)
{
    for (uint32_t i = 0; i < pool->holder_count; i++)
        if (holds(&pool->holders[i], generation) && !allows_eviction(pool, &pool->holders[i]))
            return false;
    return true;
}

/* The reader's line stays as it is: storing into it could undo an announcement that the reader makes at the same time.
   The slot's generation word, stored when the slot is taken, is what tells the reader (G4, G1). */
unsigned mms__evict(struct mms__pool *pool)
{
    uint64_t current = mms__load_relaxed(&pool->control->current);
    unsigned oldest = UINT32_MAX;

    for (unsigned slot = 0; slot < pool->used; slot++)
        if (is_retired(pool, slot, current) && may_be_evicted(pool, pool->slots[slot].generation) &&
            (oldest == UINT32_MAX || pool->slots[slot].generation < pool->slots[oldest].generation))
            oldest = slot;
    if (oldest == UINT32_MAX)
        return 0;
    pool->slots[oldest].evicted = pool->slots[oldest].generation;
    free_slot(pool, oldest);
    MMS__STEP(evict_chosen);
    return 1;
}

void mms__name_holders(const struct mms__pool *pool, mms_receipt *receipt)
{
    receipt->blockers = pool->holder_count;
    for (uint32_t i = 0; i < pool->holder_count && i < sizeof receipt->blocker_pid / sizeof *receipt->blocker_pid; i++)
        receipt->blocker_pid[i] = (pid_t)mms__load_relaxed(&pool->table.shared->lines[pool->holders[i].line].pid);
}
