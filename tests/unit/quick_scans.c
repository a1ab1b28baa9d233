/* SPDX-License-Identifier: Apache-2.0 */
/* Scans without a heavy fence: what they free, what they leave, and how often they come (region/quick.c). White box: through
   the writer's handle and the reader's line. */
#include "forked.h"
#include "region/region.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>

/* A writer with values 1 to 4 in its slots, 4 current, and the line of a live process to play with. */
struct bench {
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    struct mms__pool *pool;
    struct mms__line *line;
};

static void bench_open(void **state, struct bench *bench, mms_writer_options options)
{
    static unsigned number;
    char name[32];
    const char *path;

    snprintf(name, sizeof name, "region%u", number++);
    path = scratch_path(state, name);
    bench->writer = sample_writer_with(path, options);
    bench->pool = &mms__native_writer_of(bench->writer)->pool;
    bench->region = sample_region(path);
    bench->reader = sample_reader(bench->region);
    bench->line = &bench->pool->table.shared->lines[0];
    bench->line->announce = 1 << 2 | MMS__FROM; /* keeps all to come */
    for (int i = 0; i < 4; i++)
        publish_text(bench->writer, "value");
    check_equal(bench->pool->used, 4);
    check_equal(bench->pool->free_count, 0);
    bench->line->announce = MMS__IDLE;
}

static void bench_close(struct bench *bench)
{
    check_true(mms__pool_invariant(bench->pool) == NULL);
    bench->line->announce = MMS__IDLE;
    check_ok(mms_reader_close(bench->reader));
    check_ok(mms_region_close(bench->region));
    check_ok(mms_writer_close(bench->writer));
}

static uint64_t exact(uint64_t generation)
{
    return generation << 2 | MMS__EXACT;
}

static void check_frees(void **state, uint64_t announce, uint64_t again, unsigned expected)
{
    struct bench bench;

    bench_open(state, &bench, sample_options());
    bench.line->announce = announce;
    bench.line->again = again;
    check_equal(mms__reclaim_quick(bench.pool, 0), expected);
    check_equal(bench.pool->free_count, expected);
    check_equal(bench.pool->live_count, 4 - expected);
    bench_close(&bench);
}

/* What neither word of any line names is free, and nothing else. */
static void a_quick_scan_frees_what_neither_word_names(void **state)
{
    check_frees(state, MMS__IDLE, 0, 3);
    check_frees(state, exact(4), exact(4), 3);
    check_frees(state, exact(2), 0, 2);
    check_frees(state, MMS__IDLE, exact(2), 2);
    check_frees(state, exact(1), exact(3), 1);
    check_frees(state, exact(3), exact(3), 2);
    check_frees(state, 2 << 2 | MMS__FROM, 0, 1);
    check_frees(state, 3 << 2 | MMS__FROM, exact(1), 1);
    check_frees(state, 1 << 2 | MMS__FROM, 0, 0);
    check_frees(state, exact(99), exact(98), 3);
}

/* Generations older than all live slots are not counted, so it must stay known which is the oldest: after scans of both
   kinds, and whatever was published since. */
static void what_one_scan_keeps_the_next_one_keeps(void **state)
{
    struct bench bench;

    bench_open(state, &bench, sample_options());
    bench.line->again = exact(2);
    check_equal(mms__reclaim_quick(bench.pool, 0), 2);
    check_equal(bench.pool->oldest_live, 2);
    for (int i = 0; i < 3; i++) {
        publish_text(bench.writer, "value");
        check_equal(mms__reclaim_quick(bench.pool, 0), 1);
    }
    bench.line->announce = exact(2);
    check_equal(mms__reclaim(bench.pool), 0);
    publish_text(bench.writer, "value");
    check_equal(mms__reclaim_quick(bench.pool, 0), 1);
    check_equal(bench.pool->slots[bench.pool->live_list[0]].generation, 2);
    check_equal(bench.pool->live_count, 2);
    bench.line->announce = MMS__IDLE;
    bench.line->again = 0;
    check_equal(mms__reclaim_quick(bench.pool, 0), 1);
    bench_close(&bench);
}

/* Of the free slots the one is used next whose value was retired first: those who copy have the most time. */
static void the_oldest_value_is_overwritten_first(void **state)
{
    struct bench bench;
    mms_receipt receipt;
    unsigned oldest;

    bench_open(state, &bench, sample_options());
    oldest = bench.pool->live_list[0];
    check_equal(bench.pool->slots[oldest].generation, 1);
    check_equal(mms__reclaim_quick(bench.pool, 0), 3);
    check_ok(mms_write(bench.writer, "x", 1, &receipt));
    check_equal(receipt.slot, oldest);
    bench_close(&bench);
}

/* A reader of an older library says nothing, and may announce anything without a fence. Then quick scans pause. */
static void a_line_that_says_nothing_covers_everything(void **state)
{
    struct bench bench;

    bench_open(state, &bench, sample_options());
    bench.line->flags &= ~(uint32_t)MMS__SAYS_AGAIN;
    check_equal(mms__reclaim_quick(bench.pool, 0), 0);
    check_equal(bench.pool->live_count, 4);
    bench.line->flags |= MMS__SAYS_AGAIN;
    check_equal(mms__reclaim_quick(bench.pool, 0), 0);
    bench.pool->quick_paused = 0;
    check_equal(mms__reclaim_quick(bench.pool, 0), 3);
    bench_close(&bench);
}

/* What a reader in symmetric mode announces is visible, whoever made it. */
static void a_symmetric_line_needs_to_say_nothing(void **state)
{
    struct bench bench;

    bench_open(state, &bench, sample_options());
    bench.line->flags &= ~(uint32_t)MMS__SAYS_AGAIN;
    bench.line->mode = MMS__SYMMETRIC;
    bench.line->announce = exact(2);
    check_equal(mms__reclaim_quick(bench.pool, 0), 2);
    bench_close(&bench);
}

/* Readers that are idle or have closed may be many, and what they name may be long gone. */
static void generations_that_are_gone_do_not_count(void **state)
{
    mms_writer_options options = sample_options();
    struct bench bench;

    options.max_readers = 64;
    bench_open(state, &bench, options);
    for (int i = 0; i < 60 || bench.pool->live_count < 2; i++)
        publish_text(bench.writer, "value");
    for (uint32_t i = 1; i < 40; i++) {
        bench.line[i].owner = i % 2 == 0 ? bench.line->owner : 0;
        bench.line[i].mode = MMS__ASYMMETRIC;
        bench.line[i].flags = MMS__SAYS_AGAIN;
        bench.line[i].again = exact(i);
    }
    bench.pool->table.shared->high_water = 40;
    bench.pool->quick_paused = 0;
    check_true(mms__reclaim_quick(bench.pool, 0) > 0);
    check_equal(bench.pool->live_count, 1);
    for (uint32_t i = 1; i < 40; i++)
        bench.line[i].owner = 0;
    bench_close(&bench);
}

/* Each generation that a line names is compared with each slot: with many of them an index is faster. */
static void too_many_covers_are_left_to_the_other_scan(void **state)
{
    mms_writer_options options = sample_options();
    struct bench bench;

    options.max_readers = 64;
    bench_open(state, &bench, options);
    for (uint32_t i = 1; i < 40; i++) {
        bench.line[i].owner = bench.line->owner;
        bench.line[i].mode = MMS__ASYMMETRIC;
        bench.line[i].flags = MMS__SAYS_AGAIN;
        bench.line[i].again = exact(100 + i % 32);
    }
    bench.pool->table.shared->high_water = 40;
    check_equal(mms__reclaim_quick(bench.pool, 0), 3);
    bench.line[39].again = exact(200);
    check_equal(mms__reclaim_quick(bench.pool, 0), 0);
    check_true(bench.pool->quick_paused > bench.pool->generation);
    bench.pool->quick_paused = 0;
    bench.line[39].again = 0; /* or that it uses now */
    bench.line[39].announce = exact(200);
    check_equal(mms__reclaim_quick(bench.pool, 0), 0);
    check_true(bench.pool->quick_paused > bench.pool->generation);
    bench.line[39].announce = MMS__IDLE;
    for (uint32_t i = 1; i < 40; i++)
        bench.line[i].owner = 0;
    bench_close(&bench);
}

/* Without membarrier nothing is quick: readers are told to use fences of their own. */
static void a_writer_without_membarrier_does_not_scan_quickly(void **state)
{
    struct bench bench;

    bench_open(state, &bench, sample_options());
    bench.pool->can_membarrier = false;
    check_equal(mms__reclaim_quick(bench.pool, 0), 0);
    bench.pool->can_membarrier = true;
    bench_close(&bench);
}

/* A read that leaves the inline path says what the next one may announce, and a release does not take it back. */
static void a_reader_says_what_it_may_announce_again(void **state)
{
    struct bench bench;
    mms_view view;

    bench_open(state, &bench, sample_options());
    check_equal(bench.line->again, 0);
    check_ok(mms_read(bench.reader, &view));
    check_equal(bench.line->again, exact(4));
    publish_text(bench.writer, "five");
    check_ok(mms_release(bench.reader));
    check_equal(bench.line->announce, MMS__IDLE);
    check_equal(bench.line->again, exact(4));
    check_ok(mms_read(bench.reader, &view));
    check_equal(bench.line->again, exact(5));
    publish_text(bench.writer, "six");
    check_ok(mms_refresh(bench.reader, &view));
    check_equal(bench.line->again, exact(6));
    check_ok(mms_release(bench.reader));
    bench_close(&bench);
}

/* A new owner has nothing to announce again, whatever the last one left. */
static void a_claim_forgets_what_the_last_owner_said(void **state)
{
    struct bench bench;
    mms_reader *other;

    bench_open(state, &bench, sample_options());
    bench.line[1].again = exact(3);
    other = sample_reader(bench.region);
    check_equal(bench.line[1].again, 0);
    check_true((bench.line[1].flags & MMS__SAYS_AGAIN) != 0);
    check_ok(mms_reader_close(other));
    bench_close(&bench);
}

static void read_and_die(void *path)
{
    check_reads(sample_reader(sample_region(path)), "one");
}

/* What a quick scan leaves to an idle reader, alive or dead, the other scan frees within a moment, even if no slot is
   needed (G5). */
static void a_slot_that_is_only_kept_comes_back(void **state)
{
    const char *path = scratch_path(state, "kept");
    mms_writer *writer = sample_writer(path);
    struct mms__pool *pool = &mms__native_writer_of(writer)->pool;
    uint64_t kept = publish_text(writer, "one");
    bool found = true;

    in_child(read_and_die, (void *)(uintptr_t)path);
    while (found) {
        publish_text(writer, "more");
        found = false;
        for (unsigned slot = 0; slot < pool->used; slot++)
            found = found || pool->slots[slot].generation == kept;
    }
    check_ok(mms_writer_close(writer));
}

/* Slots go round in some microseconds at least, since those who copy announce nothing; and not in many more, so that few
   slots stay in the caches. */
static void rounds_grow_and_shrink_with_the_rate(void **state)
{
    mms_writer_options options = sample_options();
    struct bench bench;
    uint64_t now = 1000000000;

    options.max_slots = 100;
    bench_open(state, &bench, options);
    (void)mms__reclaim_quick(bench.pool, now);
    check_equal(bench.pool->round, 9);
    (void)mms__reclaim_quick(bench.pool, now += 100);
    check_equal(bench.pool->round, 18);
    (void)mms__reclaim_quick(bench.pool, now += 8192);
    check_equal(bench.pool->round, 18);
    check_equal(bench.pool->quick_due, bench.pool->generation + 18);
    for (int i = 0; i < 5; i++)
        (void)mms__reclaim_quick(bench.pool, now += 100);
    check_equal(bench.pool->round, 100);
    for (int i = 0; i < 5; i++)
        (void)mms__reclaim_quick(bench.pool, now += 1000000);
    check_equal(bench.pool->round, 9);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_quick_scan_frees_what_neither_word_names),
        scratch_test(what_one_scan_keeps_the_next_one_keeps),
        scratch_test(the_oldest_value_is_overwritten_first),
        scratch_test(a_line_that_says_nothing_covers_everything),
        scratch_test(a_symmetric_line_needs_to_say_nothing),
        scratch_test(generations_that_are_gone_do_not_count),
        scratch_test(too_many_covers_are_left_to_the_other_scan),
        scratch_test(a_writer_without_membarrier_does_not_scan_quickly),
        scratch_test(a_reader_says_what_it_may_announce_again),
        scratch_test(a_claim_forgets_what_the_last_owner_said),
        scratch_test(a_slot_that_is_only_kept_comes_back),
        scratch_test(rounds_grow_and_shrink_with_the_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
