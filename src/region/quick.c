/* SPDX-License-Identifier: Apache-2.0 */
/* How the writer gets slots back without asking the kernel for a fence in all readers. An inline read announces what its
   line says in `again`, or leaves the inline path, where the reader executes a fence itself. So a slot that no
   line names in either word is free. Readers that are idle keep the slot of `again` in this way; mms__reclaim frees those
   as well. */
#include "base/probe.h"
#include "region/pool.h"
#include "region/protocol.h"

/* Generations that lines may name besides the current one: each is compared with each live slot. For more, the index of
   mms__reclaim is faster. */
enum { COVERS_MOST = 32 };

/* Publishes between two scans, at least: so many and one more for each line that a scan reads. Few, so that slots and their
   descriptors stay in the nearest caches and in the TLB, readers' too. */
enum { PUBLISHES_LEAST = 8, PAUSE = 1024 };

/* How long slots go round at least: a reader that copies announces nothing, and has so much time for it. */
#define ROUND_NS 4096

struct covers {
    uint64_t exact[COVERS_MOST];
    unsigned count;
    uint64_t from;   /* and all from here on */
    uint64_t oldest; /* of the live slots: what is older covers none */
};

/* False if there are too many. Lines that are idle or free may name generations that are long gone. */
static bool add(struct covers *covers, uint64_t generation)
{
    if (generation < covers->oldest)
        return true;
    for (unsigned i = 0; i < covers->count; i++)
        if (covers->exact[i] == generation)
            return true;
    if (covers->count == COVERS_MOST)
        return false;
    covers->exact[covers->count++] = generation;
    return true;
}

static bool add_line(const struct mms__pool *pool, const struct mms__line *line, uint64_t current,
                     struct covers *covers)
{
    uint64_t again;
    struct mms__cover cover = mms__line_read_quick(line, pool->table.max_readers, &again);

    if (again != 0 && again != current && !add(covers, again))
        return false;
    switch (cover.kind) {
    case MMS__COVERS_NOTHING: return true;
    case MMS__COVERS_EXACT: return cover.generation == current || add(covers, cover.generation);
    case MMS__COVERS_FROM:
        if (cover.generation < covers->from)
            covers->from = cover.generation;
        return true;
    default: return false;
    }
}

/* False if that needs a heavy fence, or the index. */
static bool scan(const struct mms__pool *pool, uint32_t lines, uint64_t current, struct covers *covers)
{
    for (uint32_t i = 0; i < lines; i++) {
        if (!add_line(pool, &pool->table.shared->lines[i], current, covers))
            return false;
        MMS__STEP(quick_line_read);
    }
    return true;
}

static bool is_covered(const struct covers *covers, uint64_t generation)
{
    for (unsigned i = 0; i < covers->count; i++)
        if (covers->exact[i] == generation)
            return true;
    return covers->from <= generation;
}

/* Of the live slots, now and until the next scan: what becomes live is newer than the current value. 0: nothing is current. */
static uint64_t find_oldest(const struct mms__pool *pool, uint64_t current)
{
    uint64_t oldest = current;

    for (uint32_t i = 0; i < pool->live_count; i++) {
        uint64_t generation = pool->slots[pool->live_list[i]].generation;

        oldest = generation < oldest ? generation : oldest;
    }
    return oldest;
}

/* Those that were retired first come last in the list, and are used first. */
static unsigned free_uncovered(struct mms__pool *pool, uint64_t current, const struct covers *covers)
{
    uint32_t kept = 0, freed = 0, live = pool->live_count;

    for (uint32_t i = live; i-- > 0;) {
        unsigned slot = pool->live_list[i];

        if (pool->slots[slot].generation == current || is_covered(covers, pool->slots[slot].generation) ||
            mms__is_kept(pool, slot)) {
            pool->live_list[live - ++kept] = (uint16_t)slot;
        } else {
            mms__pool_put(pool, slot);
            freed++;
        }
    }
    for (uint32_t i = 0; i < kept; i++)
        pool->live_list[i] = pool->live_list[live - kept + i];
    pool->live_count = kept;
    pool->oldest_live = find_oldest(pool, current); /* now, as few are left to look at */
    return freed;
}

/* False if it cannot be seen without a heavy fence. */
static bool can_be_quick(const struct mms__pool *pool)
{
    return pool->can_membarrier && pool->generation >= pool->quick_paused;
}

void mms__plan_quick(struct mms__pool *pool, uint32_t lines)
{
    uint32_t least = PUBLISHES_LEAST + lines;

    if (pool->round > pool->header.max_slots)
        pool->round = pool->header.max_slots;
    if (pool->round < least)
        pool->round = least;
    pool->quick_due = can_be_quick(pool) ? pool->generation + pool->round : UINT64_MAX;
}

/* More or fewer publishes from one scan to the next, as the last ones took. */
static void adapt(struct mms__pool *pool, uint64_t now_ns)
{
    uint64_t took_ns = now_ns - pool->last_quick_ns;

    if (took_ns < ROUND_NS)
        pool->round *= 2;
    else if (took_ns > UINT64_C(4) * ROUND_NS)
        pool->round /= 2;
    pool->last_quick_ns = now_ns;
}

/* The array stays as it is: to blank it takes as long as a publish. */
static void begin_covers(const struct mms__pool *pool, uint64_t current, struct covers *covers)
{
    covers->count = 0;
    covers->from = UINT64_MAX;
    covers->oldest = pool->oldest_live != 0 ? pool->oldest_live : find_oldest(pool, current);
}

unsigned mms__reclaim_quick(struct mms__pool *pool, uint64_t now_ns)
{
    /* Nobody but this writer stores it. */
    uint64_t current = mms__word_generation(mms__load_relaxed(&pool->control->current));
    struct covers covers;
    uint32_t lines;
    unsigned freed = 0;

    if (!can_be_quick(pool))
        return 0;
    begin_covers(pool, current, &covers);
    /* Orders the stores of `current` before the scan's loads (pair: mms__fence_light in mms__pin, which is a full one here;
       the fence in mms__line_claim). */
    mms__fence_seq_cst();
    MMS__STEP(quick_fenced);
    adapt(pool, now_ns);
    lines = mms__table_used(&pool->table);
    if (scan(pool, lines, current, &covers))
        freed = free_uncovered(pool, current, &covers);
    else
        pool->quick_paused = pool->generation + PAUSE;
    mms__plan_quick(pool, lines);
    MMS__PROBE3(reclaim, pool->path, freed, "quick");
    return freed;
}
