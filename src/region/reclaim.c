/* SPDX-License-Identifier: Apache-2.0 */
/* How the writer gets slots back: fence, scan, and put on the free list what no reader covers. */
#include "base/probe.h"
#include "os/membarrier.h"
#include "region/pool.h"
#include "region/protocol.h"
#include <string.h>

bool mms__fence_heavy(struct mms__pool *pool)
{
    int code;

    /* Orders the stores of `current` before the scan's loads, on this side (pair:
       mms__fence_light, symmetric). */
    mms__fence_seq_cst();
    MMS__STEP(reclaim_begun);
    if (!pool->can_membarrier)
        return false;
    /* Puts such a fence between the announcement and the validation of every asymmetric reader,
       wherever that is. */
    code = mms__membarrier();
    if (code == 0) {
        MMS__STEP(reclaim_fenced);
        return true;
    }
    if (mms__is_passing(code)) /* this scan believes no asymmetric line; the next one asks again */
        return false;
    /* Refused by now, say by a filter that was installed later. */
    pool->can_membarrier = false;
    mms__store_relaxed(&pool->control->fence, MMS__SYMMETRIC);
    MMS__STEP(fence_lost);
    mms__nudge(&pool->control->current);
    MMS__STEP(fence_nudged);
    /* Like the first fence. No proof needs it: a reader that validates after the first fence finds
       the newest value, under either word, and a scan does not free that. It is here so that a
       fence follows every store of `current`. */
    mms__fence_seq_cst();
    return false;
}

/* ---- Which slots are covered ---- */

/* Where the search for a generation starts. The table only holds generations that writers gave
   out, so no hostile line can make a search long. */
static uint32_t place_of(const struct mms__pool *pool, uint64_t generation)
{
    return (uint32_t)(generation * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (pool->index_size - 1);
}

static uint16_t *next_place(const struct mms__pool *pool, uint16_t *place)
{
    return ++place == pool->index + pool->index_size ? pool->index : place;
}

/* A taken slot counts too: no write is under way when slots are requested, so the call that
   took it never returned (its thread left it by longjmp), and the slot is treated as a dead
   writer's. */
static bool is_in_use(const struct mms__slot *slot)
{
    return slot->state == MMS__SLOT_LIVE || slot->state == MMS__SLOT_TAKEN;
}

/* At the first cover that a scan finds. Most scans in a loop of small writes find none, and would
   spend more time here than on the lines. */
static void make_index(struct mms__pool *pool)
{
    pool->index_size = mms__index_size(pool->header.max_slots);
    memset(pool->index, 0, pool->index_size * sizeof *pool->index);
    for (unsigned slot = 0; slot < pool->used; slot++) {
        uint16_t *place = pool->index + place_of(pool, pool->slots[slot].generation);

        pool->slots[slot].held = pool->slots[slot].held_firmly = false;
        if (!is_in_use(&pool->slots[slot]))
            continue;
        while (*place != 0)
            place = next_place(pool, place);
        *place = (uint16_t)(slot + 1);
    }
}

static void begin_covers(struct mms__pool *pool)
{
    pool->holder_count = 0;
    pool->open_covers = (struct mms__open_covers){UINT64_MAX, UINT64_MAX};
    pool->may_punch = true;
}

/* The slot of a generation, or NULL. */
static struct mms__slot *find_live(const struct mms__pool *pool, uint64_t generation)
{
    uint16_t *place = pool->index + place_of(pool, generation);

    while (*place != 0 && pool->slots[*place - 1].generation != generation)
        place = next_place(pool, place);
    return *place == 0 ? NULL : &pool->slots[*place - 1];
}

static void note_exact(struct mms__pool *pool, uint64_t generation, bool firmly)
{
    struct mms__slot *slot = find_live(pool, generation);

    if (slot) {
        slot->held = true;
        slot->held_firmly |= firmly;
    } else if (!firmly) {
        pool->may_punch = false; /* evicted from some slot, or about to see that `current` has moved on */
    }
}

static void note_from(struct mms__pool *pool, uint64_t generation, bool firmly)
{
    struct mms__open_covers *covers = &pool->open_covers;

    if (generation < covers->from)
        covers->from = generation;
    if (firmly && generation < covers->firmly)
        covers->firmly = generation;
    /* The reader may have pinned a slot that was taken since, with its narrower announcement still
       on the way to memory. */
    if (!firmly)
        pool->may_punch = false;
}

/* A reader sets the flag before its first announcement and never clears it, so the order of the
   two loads does not matter. */
static bool allows_eviction(const struct mms__pool *pool, uint32_t line)
{
    return mms__load_relaxed(&pool->table.shared->lines[line].flags) & MMS__ALLOW_EVICT;
}

static void note_cover(struct mms__pool *pool, uint32_t line, struct mms__cover cover)
{
    bool firmly = !allows_eviction(pool, line);

    if (pool->holder_count == 0)
        make_index(pool);
    pool->holders[pool->holder_count++] = (struct mms__holder){line};
    if (cover.kind == MMS__COVERS_EXACT)
        note_exact(pool, cover.generation, firmly);
    else
        note_from(pool, cover.kind == MMS__COVERS_ALL ? 0 : cover.generation, firmly);
}

/* Find the lines that cover anything but the current generation. */
void mms__scan(struct mms__pool *pool)
{
    uint64_t current = mms__word_generation(mms__load_relaxed(&pool->control->current));
    bool can_membarrier = mms__fence_heavy(pool);
    uint32_t lines = mms__table_used(&pool->table);

    begin_covers(pool);
    for (uint32_t i = 0; i < lines; i++) {
        struct mms__cover cover =
            mms__line_read(&pool->table.shared->lines[i], pool->table.max_readers, can_membarrier);

        MMS__STEP(reclaim_line_read);
        if (cover.kind == MMS__COVERS_NOTHING || (cover.kind == MMS__COVERS_EXACT && cover.generation == current))
            continue;
        note_cover(pool, i, cover);
    }
}

static bool is_covered(const struct mms__pool *pool, const struct mms__slot *slot)
{
    return pool->holder_count > 0 && (slot->held || pool->open_covers.from <= slot->generation);
}

bool mms__slot_is_covered(const struct mms__pool *pool, unsigned slot)
{
    return is_covered(pool, &pool->slots[slot]);
}

static bool may_be_evicted(const struct mms__pool *pool, const struct mms__slot *slot)
{
    return !slot->held_firmly && pool->open_covers.firmly > slot->generation;
}

static bool is_retired(const struct mms__pool *pool, unsigned slot, uint64_t current)
{
    return is_in_use(&pool->slots[slot]) && !(mms__word_pinnable(current) && mms__word_slot(current) == slot);
}

unsigned mms__reclaim(struct mms__pool *pool)
{
    uint64_t current = mms__load_relaxed(&pool->control->current);
    unsigned freed = 0;

    mms__scan(pool);
    MMS__STEP(reclaim_scanned);
    pool->held = 0;
    for (unsigned slot = 0; slot < pool->used; slot++) {
        if (!is_retired(pool, slot, current))
            continue;
        if (is_covered(pool, &pool->slots[slot]) || mms__is_kept(pool, slot)) {
            pool->held += pool->slots[slot].backed;
        } else {
            mms__pool_put(pool, slot);
            freed++;
        }
    }
    mms__list_live(pool);
    MMS__PROBE3(reclaim, pool->path, freed, "full");
    MMS__STEP(reclaim_freed);
    return freed;
}

void mms__list_live(struct mms__pool *pool)
{
    pool->live_count = 0;
    pool->oldest_live = 0;
    for (unsigned slot = 0; slot < pool->used; slot++)
        if (pool->slots[slot].state == MMS__SLOT_LIVE)
            pool->live_list[pool->live_count++] = (uint16_t)slot;
}

/* ---- Dead readers, and readers that have to give way ---- */

static bool contains(const uint32_t *owners, uint32_t count, uint32_t owner)
{
    for (uint32_t i = 0; i < count; i++)
        if (owners[i] == owner)
            return true;
    return false;
}

/* One batch per call, from where the last one stopped: the time is bounded, and every line gets
   its turn. */
unsigned mms__reap_holders(struct mms__pool *pool)
{
    uint32_t owners[MMS__REAP_BATCH], count = 0, looked = 0;

    for (; looked < pool->holder_count && count < MMS__REAP_BATCH; looked++) {
        uint32_t line = pool->holders[(pool->reap_next + looked) % pool->holder_count].line;
        /* Only a hint: mms__table_reap reads it again under the lock, which orders that load. */
        uint32_t owner = mms__load_acquire(&pool->table.shared->lines[line].owner);

        if (!contains(owners, count, owner))
            owners[count++] = owner;
    }
    pool->reap_next += looked;
    return mms__table_reap(&pool->table, pool->readers_file->fd, owners, count);
}

/* The reader's line stays as it is: a store to it could undo an announcement that the reader makes
   at the same time. What tells the reader is the slot's generation word, which changes when the
   slot is taken (G4, G1). */
unsigned mms__evict(struct mms__pool *pool)
{
    uint64_t current = mms__load_relaxed(&pool->control->current);
    unsigned oldest = UINT32_MAX;

    for (unsigned slot = 0; slot < pool->used; slot++)
        if (is_retired(pool, slot, current) && may_be_evicted(pool, &pool->slots[slot]) &&
            slot + 1 != pool->keep.spared && !pool->slots[slot].anchored &&
            (oldest == UINT32_MAX || pool->slots[slot].generation < pool->slots[oldest].generation))
            oldest = slot;
    if (oldest == UINT32_MAX)
        return 0;
    MMS__PROBE3(evict, pool->path, pool->slots[oldest].generation, oldest);
    pool->may_punch = false; /* until a scan finds that its readers have noticed */
    mms__pool_unhold(pool, oldest);
    mms__pool_put(pool, oldest);
    mms__list_live(pool);
    MMS__STEP(evict_chosen);
    return 1;
}

void mms__name_holders(const struct mms__pool *pool, mms_receipt *receipt)
{
    receipt->blockers = pool->holder_count;
    for (uint32_t i = 0; i < pool->holder_count && i < sizeof receipt->blocker_pid / sizeof *receipt->blocker_pid; i++)
        receipt->blocker_pid[i] = (pid_t)mms__load_relaxed(&pool->table.shared->lines[pool->holders[i].line].pid);
}
