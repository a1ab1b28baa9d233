/* SPDX-License-Identifier: Apache-2.0 */
/* Slots that readers held for long (region/prepare.c): no update after that copies, or gets memory, for all that such a
   slot has missed at once, and whatever is copied when, each publish equals a plain copy of the value to the last byte. */
#include "pattern.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 3, SIZE = 2 << 20, MOST = 12 << 20, PATCH = 64, ROOM_AT_ONCE = 64 << 10 };

struct test {
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader, *holder;
    unsigned char *value;         /* a plain copy */
    size_t size;                  /* of that */
    unsigned char *before[SLOTS]; /* what the slots held before an update */
    uint64_t random, prepared;
};

static struct mms__pool *pool_of(const struct test *test)
{
    return &mms__native_writer_of(test->writer)->pool;
}

static unsigned char *slot_of(const struct test *test, unsigned slot)
{
    return pool_of(test)->data + slot * pool_of(test)->header.stride;
}

static struct test set_up(void **state, mms_huge_pages huge_pages)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    struct test test = {.random = 1, .size = SIZE};

    options.max_size = MOST;
    options.max_slots = SLOTS;
    options.changes_size = 256 << 10;
    options.huge_pages = huge_pages;
    test.writer = sample_writer_with(path, options);
    test.region = sample_region(path);
    test.reader = sample_reader(test.region);
    test.holder = sample_reader(test.region);
    test.value = calloc(1, MOST);
    for (unsigned slot = 0; slot < SLOTS; slot++)
        test.before[slot] = calloc(1, MOST);
    for (size_t at = 0; at < SIZE; at += 8) {
        const uint64_t word = pattern_random(&test.random);

        memcpy(test.value + at, &word, 8);
    }
    for (unsigned slot = 0; slot < SLOTS; slot++)
        check_ok(mms_write(test.writer, test.value, test.size, NULL));
    return test;
}

static void tear_down(struct test *test)
{
    check_ok(mms_reader_close(test->holder));
    check_ok(mms_reader_close(test->reader));
    check_ok(mms_region_close(test->region));
    check_ok(mms_writer_close(test->writer));
    free(test->value);
    for (unsigned slot = 0; slot < SLOTS; slot++)
        free(test->before[slot]);
}

/* Store something at a place, in the copy as well. */
static void patch(struct test *test, unsigned char *buffer, size_t at, size_t length)
{
    for (size_t i = at; i < at + length; i++)
        buffer[i] = test->value[i] = (unsigned char)pattern_random(&test->random);
    check_ok(mms_write_touch(test->writer, at, length));
}

/* One patch at a place that is passed, and so much longer. */
static void update(struct test *test, size_t at, size_t more)
{
    void *buffer;
    size_t size;

    check_ok(mms_write_update(test->writer, 0, &buffer, &size, NULL));
    check_equal(size, test->size);
    if (more > 0) {
        check_ok(mms_write_grow(test->writer, size + more, &buffer));
        memset((unsigned char *)buffer + size, 7, more);
        memset(test->value + size, 7, more);
        test->size += more;
    }
    patch(test, buffer, at, PATCH);
    check_ok(mms_write_commit(test->writer, test->size, NULL));
}

static void check_published(struct test *test)
{
    mms_view view;

    check_ok(mms_read(test->reader, &view));
    check_equal(view.size, test->size);
    check_memory(view.data, test->value, test->size);
    check_ok(mms_release(test->reader));
}

/* What happens in a slot while nobody has taken it. */
static void note_prepared(struct test *test)
{
    for (unsigned slot = 0; slot < pool_of(test)->used; slot++) {
        const struct mms__slot *own = &pool_of(test)->slots[slot];

        test->prepared += own->state == MMS__SLOT_FREE && !own->whole && own->content != 0;
    }
}

/* Scans have a heavy fence each 100 ms: that much is done in any time. */
static void make_scan_due(struct test *test)
{
    pool_of(test)->last_full_ns = 0;
}

/* ---- Bytes ---- */

static void keep_slots(struct test *test)
{
    for (unsigned slot = 0; slot < SLOTS; slot++)
        memcpy(test->before[slot], slot_of(test, slot), test->size);
}

/* How many bytes of a slot have changed. */
static size_t changed_in(const struct test *test, unsigned slot)
{
    const unsigned char *before = test->before[slot], *now = slot_of(test, slot);
    size_t changed = 0;

    if (memcmp(before, now, test->size) == 0)
        return 0;
    for (size_t at = 0; at < test->size; at++)
        changed += before[at] != now[at];
    return changed;
}

/* A reader that copies must find another generation where bytes are others (G1). */
static void check_marked(const struct test *test, unsigned slot, const uint64_t generations[SLOTS])
{
    uint64_t now = mms__load_relaxed(&pool_of(test)->control->slots[slot].generation);

    check_true(now != generations[slot] || mms__load_relaxed(&pool_of(test)->control->slots[slot].published) != now);
}

/* An update that patches one place, and looks at what else was stored to. */
static size_t count_an_update(struct test *test, size_t at)
{
    uint64_t generations[SLOTS];
    size_t changed = 0;

    keep_slots(test);
    for (unsigned slot = 0; slot < SLOTS; slot++)
        generations[slot] = mms__load_relaxed(&pool_of(test)->control->slots[slot].generation);
    update(test, at, 0);
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        size_t bytes = changed_in(test, slot);

        if (bytes > 0)
            check_marked(test, slot, generations);
        changed += bytes;
    }
    return changed;
}

/* Held while all of the value changes, a slot would have to get all of it. */
static void no_update_makes_up_for_what_a_reader_held_at_once(void **state)
{
    struct test test = set_up(state, MMS_HUGE_PAGES_OFF);
    size_t most = 0;
    mms_view view;

    for (int i = 0; i < 8; i++)
        update(&test, (size_t)i * PATCH, 0);
    check_ok(mms_read(test.holder, &view));
    for (size_t at = 0; at < SIZE; at += PATCH)
        update(&test, at, 0);
    check_ok(mms_release(test.holder));
    make_scan_due(&test);
    for (size_t i = 0; i < 600; i++) {
        size_t changed = count_an_update(&test, pattern_random(&test.random) % (SIZE / PATCH) * PATCH);

        most = changed > most ? changed : most;
        note_prepared(&test);
    }
    check_true(test.prepared > 0);
    check_true(most <= 64 << 10);
    check_ok(mms_read(test.holder, &view)); /* so that the third slot is needed */
    for (size_t i = 0; i < 4; i++) {
        size_t changed = count_an_update(&test, i * PATCH);

        most = changed > most ? changed : most;
    }
    check_ok(mms_release(test.holder));
    check_true(most <= 64 << 10);
    check_published(&test);
    tear_down(&test);
}

/* ---- Memory ---- */

static uint64_t rooms(const struct test *test)
{
    uint64_t sum = 0;

    for (unsigned slot = 0; slot < SLOTS; slot++)
        sum += pool_of(test)->slots[slot].allocated;
    return sum;
}

static uint64_t huge(const struct test *test)
{
    uint64_t sum = 0;

    for (unsigned slot = 0; slot < SLOTS; slot++)
        sum += pool_of(test)->slots[slot].huge;
    return sum;
}

/* The most that one of some updates gets. */
static uint64_t most_room(struct test *test, int updates)
{
    uint64_t most = 0;

    for (int i = 0; i < updates; i++) {
        uint64_t room = rooms(test);

        update(test, (size_t)i * PATCH, 0);
        room = rooms(test) - room;
        most = room > most ? room : most;
    }
    return most;
}

static void grow_while_a_reader_holds(struct test *test, size_t to)
{
    mms_view view;

    check_ok(mms_read(test->holder, &view));
    while (test->size < to)
        update(test, test->size % SIZE / PATCH * PATCH, 4096);
    check_ok(mms_release(test->holder));
    make_scan_due(test);
}

/* Held while the value grows by several huge pages, a slot would have to get them all; or in so few updates that their
   ranges are soon copied. */
static void no_update_gets_the_memory_for_what_a_reader_held_at_once(void **state)
{
    struct test test = set_up(state, MMS_HUGE_PAGES_AUTO);
    uint64_t had_huge;
    mms_view view;

    for (int i = 0; i < 8; i++)
        update(&test, (size_t)i * PATCH, 0);
    had_huge = huge(&test);
    grow_while_a_reader_holds(&test, 8 << 20);
    check_true(most_room(&test, 500) <= 6 * ROOM_AT_ONCE);
    grow_while_a_reader_holds(&test, 9 << 20);
    check_true(most_room(&test, 500) <= 6 * ROOM_AT_ONCE);
    check_ok(mms_read(test.holder, &view)); /* so that the third slot is needed */
    check_true(most_room(&test, 4) <= 6 * ROOM_AT_ONCE);
    check_equal(huge(&test), had_huge);
    for (unsigned slot = 0; slot < SLOTS; slot++)
        check_true(pool_of(&test)->slots[slot].allocated >= 9 << 20);
    check_published(&test);
    check_ok(mms_release(test.holder));
    tear_down(&test);
}

/* Before any slot is prepared, the only one that is free may be needed. Its memory is in small pages then. */
static void slot_that_is_needed_at_once_takes_no_huge_page(void **state)
{
    struct test test = set_up(state, MMS_HUGE_PAGES_AUTO);
    mms_reader *other = sample_reader(test.region);
    uint64_t had_huge;
    mms_view view;

    for (int i = 0; i < 8; i++)
        update(&test, (size_t)i * PATCH, 0);
    had_huge = huge(&test);
    check_ok(mms_read(test.holder, &view));
    while (test.size < 10 << 20)
        update(&test, test.size % SIZE / PATCH * PATCH, 4096);
    check_ok(mms_read(other, &view));
    update(&test, 0, 0);
    check_ok(mms_release(test.holder));
    make_scan_due(&test);
    update(&test, PATCH, 0); /* in the slot that was held */
    check_equal(huge(&test), had_huge);
    check_published(&test);
    check_ok(mms_reader_close(other));
    tear_down(&test);
}

/* ---- When no slot is prepared ---- */

static void update_after_an_abort(struct test *test)
{
    void *buffer;
    size_t size;

    check_ok(mms_write_update(test->writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_abort(test->writer));
    for (int i = 0; i < 4; i++) {
        update(test, (size_t)i * PATCH, 0);
        note_prepared(test);
    }
    check_published(test);
}

/* Each store to a block that it shares with a copy would take new room. */
static void slot_that_shares_blocks_is_not_prepared(void **state)
{
    struct test test = set_up(state, MMS_HUGE_PAGES_OFF);
    uint64_t generation;

    update_after_an_abort(&test);
    generation = pool_of(&test)->generation;
    pool_of(&test)->shares_blocks = true;
    update_after_an_abort(&test);
    check_equal(pool_of(&test)->generation, generation + 5); /* one for each write, and none for a slot */
    tear_down(&test);
}

/* The last generation is for a value. */
static void last_generation_is_not_taken_to_prepare(void **state)
{
    struct test test = set_up(state, MMS_HUGE_PAGES_OFF);
    void *buffer;
    size_t size;

    update_after_an_abort(&test);
    for (int i = 0; i < 300; i++) /* until no slot is being prepared */
        update(&test, (size_t)i * PATCH, 0);
    check_ok(mms_write_update(test.writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_abort(test.writer));
    pool_of(&test)->generation = MMS__GENERATION_MAX - 1;
    update(&test, 0, 0);
    check_equal(pool_of(&test)->generation, MMS__GENERATION_MAX);
    check_published(&test);
    check_code(mms_write_update(test.writer, 0, &buffer, &size, NULL), MMS_E_EXHAUSTED);
    tear_down(&test);
}

/* A new writer has not opened `changes` when it looks whether its free slots are behind. */
static void first_update_of_a_writer_that_has_free_slots(void **state)
{
    struct test test = set_up(state, MMS_HUGE_PAGES_OFF);
    mms_writer_options options = sample_options();
    void *buffer;
    size_t size;

    for (int i = 0; i < 300; i++) /* each slot has a record */
        update(&test, (size_t)i * PATCH, 0);
    check_ok(mms_writer_close(test.writer));
    options.max_size = MOST;
    options.max_slots = SLOTS;
    test.writer = sample_writer_with(scratch_path(state, "region"), options);
    check_ok(mms_write_begin(test.writer, SIZE, &buffer, NULL));
    check_ok(mms_write_abort(test.writer));
    check_equal(pool_of(&test)->free_count, 2);
    check_code(mms_write_update(test.writer, MOST + 1, &buffer, &size, NULL), MMS_E_TOO_BIG);
    update(&test, 0, 0);
    check_published(&test);
    tear_down(&test);
}

/* ---- Whatever is done in whatever order ---- */

static void resize(struct test *test)
{
    size_t to = SIZE / 2 + pattern_random(&test->random) % SIZE;
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

static void abort_an_update(struct test *test)
{
    void *buffer;
    size_t size;

    check_ok(mms_write_update(test->writer, 0, &buffer, &size, NULL));
    check_equal(size, test->size);
    memset(buffer, 1, PATCH);
    check_ok(mms_write_abort(test->writer));
}

static void patch_often(struct test *test, unsigned count)
{
    void *buffer;
    size_t size;

    check_ok(mms_write_update(test->writer, 0, &buffer, &size, NULL));
    for (unsigned i = 0; i < count; i++)
        patch(test, buffer, (size_t)(pattern_random(&test->random) % (size - PATCH)),
              (size_t)(1 + pattern_random(&test->random) % PATCH));
    check_ok(mms_write_commit(test->writer, size, NULL));
}

static void publish_another_value(struct test *test)
{
    for (size_t at = 0; at < test->size; at += 4096)
        test->value[at] = (unsigned char)pattern_random(&test->random);
    check_ok(mms_write(test->writer, test->value, test->size, NULL));
}

static void do_anything(struct test *test, bool *holds)
{
    uint64_t dice = pattern_random(&test->random) % 4096;
    mms_view view;

    if (dice < 8) {
        check_ok(*holds ? mms_release(test->holder) : mms_read(test->holder, &view));
        *holds = !*holds;
    } else if (dice < 12) {
        make_scan_due(test);
    } else if (dice < 16) {
        resize(test);
    } else if (dice < 19) {
        abort_an_update(test);
    } else if (dice < 22) {
        publish_another_value(test);
    } else if (dice < 26) {
        patch_often(test, 2000);
    } else {
        patch_often(test, 1 + (unsigned)(dice % 16));
    }
}

static void every_publish_is_whole_whatever_was_prepared(void **state)
{
    struct test test = set_up(state, MMS_HUGE_PAGES_OFF);
    bool holds = false;

    for (int i = 0; i < 30000; i++) {
        do_anything(&test, &holds);
        note_prepared(&test);
        if (i % 16 == 0)
            check_published(&test);
    }
    check_true(test.prepared > 1000);
    check_published(&test);
    tear_down(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(no_update_makes_up_for_what_a_reader_held_at_once),
        scratch_test(no_update_gets_the_memory_for_what_a_reader_held_at_once),
        scratch_test(slot_that_is_needed_at_once_takes_no_huge_page),
        scratch_test(slot_that_shares_blocks_is_not_prepared),
        scratch_test(last_generation_is_not_taken_to_prepare),
        scratch_test(first_update_of_a_writer_that_has_free_slots),
        scratch_test(every_publish_is_whole_whatever_was_prepared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
