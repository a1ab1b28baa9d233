/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan concludes from the reader table, compared with the rule as written: which slots are
   free, which may be taken from their readers, and whether memory may be freed (region/reclaim.c;
   G1, G4). White box: tables of random lines. */
#include "region/pool.h"
#include "region/protocol.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

enum { LINES = 12, SLOTS = 9, GENERATIONS = 16, ROUNDS = 20000 };

struct bench {
    struct mms__pool pool;
    struct mms__readers *readers;
    struct mms__control *control;
    unsigned seed;
    unsigned current; /* the slot */
};

static void *aligned_zeros(size_t size)
{
    size_t rounded = (size + 127) & ~(size_t)127;
    void *memory = aligned_alloc(128, rounded);

    check_true(memory != NULL);
    return memset(memory, 0, rounded);
}

static void set_up(struct bench *bench)
{
    struct mms__pool *pool = &bench->pool;

    bench->readers = aligned_zeros(mms__readers_size(LINES));
    bench->control = aligned_zeros(mms__control_size(SLOTS));
    pool->header.max_slots = SLOTS;
    pool->control = bench->control;
    pool->table = (struct mms__table){bench->readers, LINES};
    check_ok(mms__pool_init(pool));
}

static void tear_down(struct bench *bench)
{
    mms__pool_free(&bench->pool);
    free(bench->readers);
    free(bench->control);
}

static unsigned choose(struct bench *bench, unsigned count)
{
    return (unsigned)rand_r(&bench->seed) % count;
}

/* Distinct generations; some slots are on the free list, some taken. */
static void make_slots(struct bench *bench)
{
    static const uint8_t states[] = {MMS__SLOT_LIVE, MMS__SLOT_LIVE, MMS__SLOT_FREE, MMS__SLOT_TAKEN};
    struct mms__pool *pool = &bench->pool;
    unsigned first = choose(bench, GENERATIONS);

    pool->free_count = 0;
    pool->used = SLOTS - choose(bench, 3);
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        pool->slots[slot].generation = 1 + (first + slot * 7) % GENERATIONS;
        pool->slots[slot].state = slot < pool->used ? states[choose(bench, 4)] : MMS__SLOT_UNUSED;
        pool->slots[slot].backed = 4096;
        if (pool->slots[slot].state == MMS__SLOT_FREE)
            pool->free_list[pool->free_count++] = (uint16_t)slot;
    }
    bench->current = choose(bench, pool->used);
    if (pool->slots[bench->current].state != MMS__SLOT_LIVE) {
        mms__store_relaxed(&bench->control->current, 0);
        return;
    }
    mms__store_relaxed(&bench->control->current,
                       pool->slots[bench->current].generation << MMS__SLOT_BITS | bench->current);
}

static void make_lines(struct bench *bench)
{
    static const uint64_t tags[] = {MMS__IDLE, MMS__EXACT, MMS__EXACT, MMS__EXACT, MMS__EXACT, MMS__FROM};
    unsigned count = choose(bench, LINES + 1);

    bench->readers->high_water = LINES;
    bench->pool.can_membarrier = choose(bench, 4) > 0;
    for (unsigned i = 0; i < LINES; i++) {
        struct mms__line *line = &bench->readers->lines[i];
        uint64_t tag = i < count ? tags[choose(bench, 6)] : (uint64_t)MMS__IDLE;

        line->owner = choose(bench, 8) ? i + 1 : 0;
        line->mode = choose(bench, 8) ? MMS__SYMMETRIC : MMS__ASYMMETRIC;
        line->flags = choose(bench, 2) ? MMS__ALLOW_EVICT : 0;
        line->announce = tag == MMS__IDLE ? tag : (uint64_t)(1 + choose(bench, GENERATIONS)) << 2 | tag;
    }
}

/* A slot taken by a call that never returned is in use as well, and may be taken back. */
static bool is_in_use(const struct mms__slot *slot)
{
    return slot->state == MMS__SLOT_LIVE || slot->state == MMS__SLOT_TAKEN;
}

static bool is_in_some_slot(const struct mms__pool *pool, uint64_t generation)
{
    for (unsigned slot = 0; slot < pool->used; slot++)
        if (is_in_use(&pool->slots[slot]) && pool->slots[slot].generation == generation)
            return true;
    return false;
}

/* The rule, line by line. */
struct verdict {
    bool covered[SLOTS], firm[SLOTS], may_punch;
};

static struct verdict judge(const struct bench *bench)
{
    const struct mms__pool *pool = &bench->pool;
    uint64_t current = mms__word_generation(bench->control->current);
    struct verdict verdict = {.may_punch = true};

    for (unsigned i = 0; i < LINES; i++) {
        const struct mms__line *line = &bench->readers->lines[i];
        struct mms__cover cover = mms__line_read(line, LINES, pool->can_membarrier);
        bool evictable = line->flags & MMS__ALLOW_EVICT, exact = cover.kind == MMS__COVERS_EXACT;

        for (unsigned slot = 0; slot < pool->used; slot++) {
            bool covers = mms__covers(cover, pool->slots[slot].generation);

            verdict.covered[slot] |= covers;
            verdict.firm[slot] |= covers && !evictable;
        }
        if (cover.kind != MMS__COVERS_NOTHING && evictable && !(exact && cover.generation == current) &&
            !(exact && is_in_some_slot(pool, cover.generation)))
            verdict.may_punch = false;
    }
    return verdict;
}

static bool is_retired(const struct bench *bench, unsigned slot)
{
    return is_in_use(&bench->pool.slots[slot]) && !(bench->control->current != 0 && bench->current == slot);
}

static void check_eviction(struct bench *bench, const struct verdict *rule, const bool retired[SLOTS])
{
    struct mms__pool *pool = &bench->pool;
    unsigned oldest = SLOTS;

    for (unsigned slot = 0; slot < pool->used; slot++)
        if (retired[slot] && rule->covered[slot] && !rule->firm[slot] &&
            (oldest == SLOTS || pool->slots[slot].generation < pool->slots[oldest].generation))
            oldest = slot;
    check_equal(mms__evict(pool), oldest < SLOTS);
    if (oldest == SLOTS)
        return;
    check_equal(pool->free_list[pool->free_count - 1], oldest);
    check_true(!pool->may_punch); /* an earlier holder may still read it */
}

static void scan_concludes_what_the_rule_says(void **state)
{
    struct bench bench = {.seed = 1};

    (void)state;
    set_up(&bench);
    for (int round = 0; round < ROUNDS; round++) {
        bool retired[SLOTS] = {false};
        struct verdict rule;
        unsigned freed = 0;

        make_slots(&bench);
        make_lines(&bench);
        rule = judge(&bench);
        for (unsigned slot = 0; slot < bench.pool.used; slot++) {
            retired[slot] = is_retired(&bench, slot);
            freed += retired[slot] && !rule.covered[slot];
        }
        check_equal(mms__reclaim(&bench.pool), freed);
        for (unsigned slot = 0; slot < bench.pool.used; slot++)
            if (retired[slot])
                check_true((bench.pool.slots[slot].state == MMS__SLOT_FREE) == !rule.covered[slot]);
        check_equal(bench.pool.may_punch, rule.may_punch);
        check_eviction(&bench, &rule, retired);
    }
    tear_down(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_concludes_what_the_rule_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
