/* SPDX-License-Identifier: Apache-2.0 */
/* Preparing a slot ends (region/prepare.c), however large the value is, however little the ring remembers, and however much
   each update adds; a slot that is near is not taken for one that is far behind; it misses nothing that happens meanwhile;
   and an update that takes it before the end copies only the rest. */
#include "pattern.h"
#include "region/changes.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 5, MOST = 80 << 20, PIECE = 8, SHARE = 16 << 10 };

struct test {
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    unsigned char *value; /* a plain copy */
    size_t size;          /* of that */
    uint64_t random;
};

static struct mms__pool *pool_of(const struct test *test)
{
    return &mms__native_writer_of(test->writer)->pool;
}

static mms_writer *open_writer(void **state, uint64_t changes_size)
{
    mms_writer_options options = sample_options();

    options.max_size = MOST;
    options.max_slots = SLOTS;
    options.changes_size = changes_size;
    options.huge_pages = MMS_HUGE_PAGES_OFF;
    return sample_writer_with(scratch_path(state, "region"), options);
}

static struct test set_up(void **state, size_t size, uint64_t changes_size)
{
    struct test test = {.random = 1, .size = size};

    test.writer = open_writer(state, changes_size);
    test.region = sample_region(scratch_path(state, "region"));
    test.reader = sample_reader(test.region);
    test.value = calloc(1, MOST);
    for (unsigned slot = 0; slot < 3; slot++) /* there are more once readers hold some */
        check_ok(mms_write(test.writer, test.value, test.size, NULL));
    return test;
}

static void check_published(struct test *test)
{
    mms_view view;

    check_ok(mms_read(test->reader, &view));
    check_equal(view.size, test->size);
    check_memory(view.data, test->value, test->size);
    check_ok(mms_release(test->reader));
}

static void tear_down(struct test *test)
{
    check_published(test);
    check_ok(mms_reader_close(test->reader));
    check_ok(mms_region_close(test->region));
    check_ok(mms_writer_close(test->writer));
    free(test->value);
}

static void patch(struct test *test, size_t at)
{
    uint64_t word = pattern_random(&test->random);

    memcpy(test->value + at, &word, PIECE);
    check_ok(mms_write_patch(test->writer, at, &word, PIECE));
}

/* Some pieces anywhere, and bytes at the end. Returns the slot. */
static unsigned update(struct test *test, int pieces, size_t more)
{
    mms_receipt receipt;
    void *buffer;
    size_t size;

    check_ok(mms_write_update(test->writer, test->size + more, &buffer, &size, NULL));
    check_equal(size, test->size);
    for (int i = 0; i < pieces; i++)
        patch(test, (size_t)(pattern_random(&test->random) % (size / PIECE)) * PIECE);
    memset((unsigned char *)buffer + size, 5, more);
    memset(test->value + size, 5, more);
    test->size += more;
    check_ok(mms_write_commit(test->writer, test->size, &receipt));
    return receipt.slot;
}

static void abort_an_update(struct test *test)
{
    void *buffer;
    size_t size;

    check_ok(mms_write_update(test->writer, 0, &buffer, &size, NULL));
    memset(buffer, 1, PIECE);
    check_ok(mms_write_abort(test->writer));
}

/* How many updates ago a slot held the current value, at most. */
static uint64_t farthest(const struct test *test)
{
    uint64_t current = mms__word_generation(pool_of(test)->control->current), most = 0;

    for (unsigned slot = 0; slot < pool_of(test)->used; slot++) {
        uint64_t behind = current - mms__slot_content(pool_of(test), slot);

        most = behind > most ? behind : most;
    }
    return most;
}

/* Each update takes a generation, and so does the beginning. */
static uint64_t begun_in(struct test *test, int updates, int pieces, size_t more)
{
    uint64_t generation = pool_of(test)->generation;

    for (int i = 0; i < updates; i++)
        update(test, pieces, more);
    return pool_of(test)->generation - generation - (uint64_t)updates;
}

/* The whole value is copied, and the ring forgets thrice meanwhile. */
static void a_large_value_is_copied_once(void **state)
{
    enum { SIZE = 64 << 20, COPIED = SIZE / SHARE };
    struct test test = set_up(state, SIZE, 256 << 10);

    begun_in(&test, COPIED + 200, 8, 0); /* the last slot with a whole value of its own */
    abort_an_update(&test);
    check_true(begun_in(&test, COPIED + 200, 8, 0) <= 1);
    check_true(farthest(&test) <= 4);
    check_equal(begun_in(&test, 2000, 8, 0), 0);
    tear_down(&test);
}

/* Each update adds more than is got or copied at least. Then slots that take turns are not far behind. */
static void a_slot_gains_on_a_value_that_grows_fast(void **state)
{
    enum { SIZE = 2 << 20, MORE = 192 << 10 };
    struct test test = set_up(state, SIZE, 256 << 10);
    mms_reader *holder = sample_reader(test.region);
    mms_view view;

    check_ok(mms_read(holder, &view));
    for (int i = 0; i < 60; i++)
        update(&test, 8, MORE);
    check_ok(mms_reader_close(holder));
    pool_of(&test)->last_full_ns = 0; /* so that a scan with a heavy fence is due */
    begun_in(&test, 200, 8, MORE);
    check_true(farthest(&test) <= 4);
    check_equal(begun_in(&test, 50, 8, MORE), 0);
    tear_down(&test);
}

/* ---- Who is far behind ---- */

static unsigned whole_value(struct test *test)
{
    mms_receipt receipt;

    check_ok(mms_write(test->writer, test->value, test->size, &receipt));
    return receipt.slot;
}

/* Too many pieces for a record, over too much of the value. */
static unsigned without_a_record(struct test *test)
{
    unsigned slot = update(test, 2000, 0);

    check_equal(pool_of(test)->control->slots[slot].changes_at, 0);
    return slot;
}

/* The next one has to copy everything, as no other slot has that value; the one after it finds it. */
static void check_found_again(void **state, unsigned (*publish)(struct test *test))
{
    struct test test = set_up(state, 2 << 20, 4096);
    unsigned slot;

    for (int i = 0; i < 300; i++)
        update(&test, 8, 0);
    slot = publish(&test);
    check_true(update(&test, 8, 0) != slot);
    check_equal(update(&test, 8, 0), slot);
    tear_down(&test);
}

static void a_whole_value_is_near_to_the_next_ones(void **state)
{
    check_found_again(state, whole_value);
}

static void an_update_without_a_record_is_near_to_the_next_ones(void **state)
{
    check_found_again(state, without_a_record);
}

/* A slot that a reader has held since before a whole value is far behind, though its record is near. It must not be needed
   as soon as it has its memory. */
static void the_next_writer_knows_of_a_whole_value(void **state)
{
    struct test test = set_up(state, 2 << 20, 64 << 10);
    mms_reader *holder = sample_reader(test.region);
    mms_view view;
    unsigned slot;

    for (int i = 0; i < 200; i++)
        slot = update(&test, 8, 0);
    check_ok(mms_read(holder, &view));
    update(&test, 8, 0);
    whole_value(&test);
    for (int i = 0; i < 4; i++)
        update(&test, 8, 0);
    check_ok(mms_writer_close(test.writer));
    test.writer = open_writer(state, 64 << 10);
    for (int i = 0; i < 4; i++)
        update(&test, 8, 0);
    check_ok(mms_reader_close(holder));
    pool_of(&test)->last_full_ns = 0;
    check_equal(begun_in(&test, 1, 8, 0), 1);
    for (size_t i = 0; i < test.size / SHARE; i++)
        check_true(update(&test, 8, 0) != slot);
    check_equal(begun_in(&test, 200, 8, 0), 0);
    check_true(farthest(&test) <= 4);
    tear_down(&test);
}

static void a_whole_value_that_a_reader_held_for_a_moment_is_near(void **state)
{
    struct test test = set_up(state, 2 << 20, 64 << 10);
    mms_reader *holder = sample_reader(test.region);
    mms_view view;

    whole_value(&test);
    check_ok(mms_read(holder, &view));
    for (int i = 0; i < 8; i++)
        update(&test, 8, 0);
    check_ok(mms_reader_close(holder));
    pool_of(&test)->last_full_ns = 0;
    check_equal(begun_in(&test, 8, 8, 0), 0);
    tear_down(&test);
}

/* ---- What happens meanwhile ---- */

/* More slots than updates need, so that no write takes the one that is prepared. Returns that. */
static unsigned prepare_half_of_one(struct test *test)
{
    mms_reader *holders[2] = {sample_reader(test->region), sample_reader(test->region)};
    unsigned slot = 0;
    mms_view view;

    for (int i = 0; i < 2; i++) {
        update(test, 8, 0);
        check_ok(mms_read(holders[i], &view));
    }
    begun_in(test, 8, 8, 0);
    for (int i = 0; i < 2; i++)
        check_ok(mms_reader_close(holders[i]));
    pool_of(test)->last_full_ns = 0;
    update(test, 8, 0);
    abort_an_update(test);
    begun_in(test, (int)(test->size / SHARE / 2), 8, 0);
    while (pool_of(test)->slots[slot].state != MMS__SLOT_FREE || mms__slot_content(pool_of(test), slot) != 0)
        slot++;
    return slot;
}

/* Each slot takes its turn. */
static void check_all_slots(struct test *test)
{
    begun_in(test, 300, 8, 0);
    for (int i = 0; i < 50; i++) {
        update(test, 8, 0);
        check_published(test);
    }
}

static void a_whole_value_meanwhile_is_not_missed(void **state)
{
    struct test test = set_up(state, 2 << 20, 64 << 10);
    unsigned slot = prepare_half_of_one(&test);

    for (size_t at = 0; at < test.size; at += 1024)
        test.value[at]++;
    check_true(whole_value(&test) != slot);
    check_all_slots(&test);
    tear_down(&test);
}

static void resize(struct test *test, size_t to)
{
    void *buffer;
    size_t size;

    check_ok(mms_write_update(test->writer, to > test->size ? to : 0, &buffer, &size, NULL));
    if (to > size) {
        memset((unsigned char *)buffer + size, 9, to - size);
        memset(test->value + size, 9, to - size);
    }
    test->size = to;
    check_ok(mms_write_commit(test->writer, to, NULL));
}

static void bytes_that_are_gone_meanwhile_come_back_as_others(void **state)
{
    struct test test = set_up(state, 4 << 20, 64 << 10);

    (void)prepare_half_of_one(&test);
    resize(&test, 5 << 18);
    resize(&test, 4 << 20);
    check_all_slots(&test);
    tear_down(&test);
}

/* Much was changed that the value has no more: that takes no time. */
static void bytes_that_are_gone_are_not_waited_for(void **state)
{
    enum { FROM = 4 << 20, LENGTH = 30 << 20 };
    struct test test = set_up(state, 40 << 20, 256 << 10);
    mms_reader *holder = sample_reader(test.region);
    void *buffer;
    mms_view view;
    size_t size;

    check_ok(mms_read(holder, &view));
    check_ok(mms_write_update(test.writer, 0, &buffer, &size, NULL));
    memset((unsigned char *)buffer + FROM, 7, LENGTH);
    check_ok(mms_write_touch(test.writer, FROM, LENGTH));
    check_ok(mms_write_commit(test.writer, size, NULL));
    resize(&test, 2 << 20);
    begun_in(&test, 400, 8, 0); /* far behind by now */
    check_ok(mms_reader_close(holder));
    pool_of(&test)->last_full_ns = 0;
    begun_in(&test, 400, 8, 0);
    check_true(farthest(&test) <= 4);
    check_all_slots(&test);
    tear_down(&test);
}

/* As if it came next to a value that is long gone. */
static void damage_the_newest_record(const struct test *test, void **state)
{
    const struct mms__control *control = pool_of(test)->control;
    uint64_t at = control->slots[mms__word_slot(control->current)].changes_at;

    check_true(at != 0);
    patch_word(scratch_path(state, "region"), "changes",
               offsetof(struct mms__changes, ring) + at % (256 << 10) + offsetof(struct mms__record, previous), 1);
}

/* What is between there and what the slot holds is not known: it gets everything. */
static void a_record_that_leads_too_far_is_no_short_cut(void **state)
{
    struct test test = set_up(state, 2 << 20, 256 << 10);
    mms_reader *holder;
    mms_view view;

    begun_in(&test, 10, 8, 0);
    holder = sample_reader(test.region);
    check_ok(mms_read(holder, &view));
    begun_in(&test, 400, 8, 0);
    damage_the_newest_record(&test, state);
    check_ok(mms_reader_close(holder));
    pool_of(&test)->last_full_ns = 0;
    check_equal(begun_in(&test, 1, 8, 0), 1);
    begun_in(&test, 400, 8, 0);
    check_true(farthest(&test) <= 4);
    check_all_slots(&test);
    tear_down(&test);
}

/* ---- Taken before the end ---- */

enum { HOLDERS = 2 };

/* Hold so many of the four slots that are used that the next update leaves one free: that which is prepared. */
static void hold_the_others(struct test *test, mms_reader *holders[HOLDERS])
{
    mms_view view;

    for (int i = 0; i < HOLDERS; i++) {
        holders[i] = sample_reader(test->region);
        check_ok(mms_read(holders[i], &view));
        if (i + 1 < HOLDERS)
            update(test, 8, 0);
    }
}

static void let_go(mms_reader *holders[HOLDERS])
{
    for (int i = 0; i < HOLDERS; i++)
        check_ok(mms_reader_close(holders[i]));
}

/* What was copied is not copied again: a byte that was damaged meanwhile stays. */
static void an_update_that_needs_the_slot_copies_only_the_rest(void **state)
{
    enum { DAMAGED = 4001 };
    struct test test = set_up(state, 2 << 20, 64 << 10);
    unsigned slot = prepare_half_of_one(&test);
    mms_reader *holders[HOLDERS];

    check_equal(pool_of(&test)->used, HOLDERS + 2);
    hold_the_others(&test, holders);
    check_true(update(&test, 8, 0) != slot);
    pool_of(&test)->data[slot * pool_of(&test)->header.stride + DAMAGED] ^= 1;
    check_equal(update(&test, 8, 0), slot);
    test.value[DAMAGED] ^= 1;
    check_published(&test);
    let_go(holders);
    tear_down(&test);
}

static void an_update_without_a_record_before_that_is_not_missed(void **state)
{
    struct test test = set_up(state, 2 << 20, 4096);
    unsigned slot = prepare_half_of_one(&test);
    mms_reader *holders[HOLDERS];

    check_equal(pool_of(&test)->used, HOLDERS + 2);
    hold_the_others(&test, holders);
    check_true(without_a_record(&test) != slot);
    check_equal(update(&test, 8, 0), slot);
    check_published(&test);
    let_go(holders);
    tear_down(&test);
}

/* ---- Records in parts ---- */

enum { RING = 1 << 16, RANGES = 100, RECORDS = 9, PART = 7 };

static void append(struct mms__ring *ring, uint64_t generation, uint64_t *at)
{
    struct mms__record record = {.generation = generation,
                                 .size = 100000 - generation,
                                 .previous = generation - 1,
                                 .previous_size = 100001 - generation,
                                 .previous_at = *at};
    struct mms__range_set set = {.ranges = NULL};

    for (uint64_t i = 0; i < generation * RANGES / RECORDS; i++)
        mms__range_set_add(&set, i * 1000 + generation * 2, 1);
    mms__range_set_merge(&set);
    *at = mms__ring_append(ring, &record, &set);
    mms__range_set_free(&set);
}

static void check_parts(const struct mms__ring *ring, uint64_t at)
{
    struct mms__walk walk = {.at = at, .generation = RECORDS};
    struct mms__range_set all = {.ranges = NULL}, parts = {.ranges = NULL};
    uint64_t smallest, smallest_of_parts = UINT64_MAX;

    check_equal(mms__ring_walk(ring, walk, &all, &smallest), 0);
    while (walk.generation > 0) {
        size_t before = parts.count;

        check_equal(mms__ring_step(ring, &walk, PART, &parts, &smallest_of_parts), 0);
        check_true(parts.count <= before + PART);
    }
    check_equal(smallest_of_parts, smallest);
    check_equal(parts.count, all.count);
    check_memory(parts.ranges, all.ranges, all.count * sizeof *all.ranges);
    mms__range_set_free(&all);
    mms__range_set_free(&parts);
}

/* Returns where the last record is. */
static uint64_t fill_ring(struct mms__ring *ring)
{
    uint64_t at = 0;

    ring->size = RING;
    ring->shared = calloc(1, sizeof *ring->shared + RING);
    ring->shared->head = ring->shared->tail = RING;
    for (uint64_t generation = 1; generation <= RECORDS; generation++)
        append(ring, generation, &at);
    return at;
}

static void a_record_can_be_read_in_parts(void **state)
{
    struct mms__ring ring;
    uint64_t at = fill_ring(&ring);

    (void)state;
    check_parts(&ring, at);
    free(ring.shared);
}

/* Or more ranges would be read than any record has. */
static void a_record_that_loses_what_was_read_of_it_is_damaged(void **state)
{
    struct mms__ring ring;
    struct mms__walk walk = {.at = fill_ring(&ring), .generation = RECORDS};
    struct mms__range_set parts = {.ranges = NULL};
    uint64_t smallest = UINT64_MAX;
    mms__word *count = &ring.shared->ring[(walk.at % RING + offsetof(struct mms__record, count)) / sizeof(uint64_t)];

    (void)state;
    check_equal(*count, RANGES);
    check_equal(mms__ring_step(&ring, &walk, PART, &parts, &smallest), 0);
    *count = PART - 1;
    check_equal(mms__ring_step(&ring, &walk, PART, &parts, &smallest), MMS_E_CORRUPT);
    *count = PART;
    check_equal(mms__ring_step(&ring, &walk, PART, &parts, &smallest), 0);
    check_equal(walk.generation, RECORDS - 1);
    check_equal(parts.count, PART);
    mms__range_set_free(&parts);
    free(ring.shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_large_value_is_copied_once),
        scratch_test(a_slot_gains_on_a_value_that_grows_fast),
        scratch_test(a_whole_value_is_near_to_the_next_ones),
        scratch_test(an_update_without_a_record_is_near_to_the_next_ones),
        scratch_test(the_next_writer_knows_of_a_whole_value),
        scratch_test(a_whole_value_that_a_reader_held_for_a_moment_is_near),
        scratch_test(a_whole_value_meanwhile_is_not_missed),
        scratch_test(bytes_that_are_gone_meanwhile_come_back_as_others),
        scratch_test(bytes_that_are_gone_are_not_waited_for),
        scratch_test(a_record_that_leads_too_far_is_no_short_cut),
        scratch_test(an_update_that_needs_the_slot_copies_only_the_rest),
        scratch_test(an_update_without_a_record_before_that_is_not_missed),
        scratch_test(a_record_can_be_read_in_parts),
        scratch_test(a_record_that_loses_what_was_read_of_it_is_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
