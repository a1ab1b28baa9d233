/* SPDX-License-Identifier: Apache-2.0 */
/* Updates that are aborted: one of a table gives its slot the value back that it began with, to the last byte, and the next
   one has nothing to copy. Of others it is not known what they have changed, so their slots get the whole value again. */
#include "pattern.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <mmsync/table.h>
#include <string.h>

enum { KEYS = 400, MOST = 256 << 10, VALUE = 300 };

struct test {
    mms_writer *writer;
    mms_table_options options;
    uint64_t random;
    unsigned restored; /* slots, by aborts */
};

static const struct mms__pool *pool_of(const struct test *test)
{
    return &mms__native_writer_of(test->writer)->pool;
}

static struct test set_up(void **state, size_t max_size)
{
    mms_writer_options options = sample_options();
    struct test test = {.options = MMS_TABLE_OPTIONS_INIT, .random = 1};

    if (max_size != 0)
        options.max_size = max_size;
    test.options.expiring = true;
    test.writer = sample_writer_with(scratch_path(state, "region"), options);
    return test;
}

static uint64_t below(struct test *test, uint64_t limit)
{
    return pattern_random(&test->random) % limit;
}

static mms_table *begin(struct test *test)
{
    mms_table *table;

    check_ok(mms_table_begin(test->writer, &test->options, &table));
    return table;
}

static bool is_full(int code)
{
    return code == MMS_E_TOO_BIG || code == -ENOSPC;
}

static void put(struct test *test, mms_table *table)
{
    uint64_t key = below(test, KEYS);
    size_t size = (size_t)below(test, VALUE);
    void *value;
    int code = mms_table_reserve(table, &key, sizeof key, size, &value);

    if (code == 0)
        memset(value, (int)below(test, 256), size);
    else
        check_true(is_full(code));
}

static void change(struct test *test, mms_table *table)
{
    uint64_t dice = below(test, 64), key = below(test, KEYS);

    if (dice == 0)
        check_ok(mms_table_clear(table));
    else if (dice < 20)
        (void)mms_table_delete(table, &key, sizeof key);
    else if (dice < 24)
        check_ok(mms_table_set_expiry(table, dice < 22 ? 1 : 0));
    else
        put(test, table);
}

static unsigned current_slot(const struct test *test)
{
    return mms__word_slot(mms__pool_current(pool_of(test)));
}

/* Whatever the writer believes to hold the current value does. */
static unsigned check_restored(const struct test *test)
{
    const struct mms__pool *pool = pool_of(test);
    unsigned current = current_slot(test), restored = 0;

    for (unsigned slot = 0; slot < pool->used; slot++)
        if (slot != current && mms__slot_content(pool, slot) == pool->slots[current].generation) {
            check_memory(pool->data + slot * pool->header.stride, pool->data + current * pool->header.stride,
                         (size_t)mms__pool_current_size(pool));
            restored++;
        }
    return restored;
}

static void fill(struct test *test)
{
    mms_table *table = begin(test);

    for (int i = 0; i < KEYS; i++)
        put(test, table);
    check_ok(mms_table_commit(table, NULL));
}

/* A sweep that fails leaves the update open. */
static void do_anything(struct test *test)
{
    mms_table *table = begin(test);

    for (uint64_t i = below(test, 12); i > 0; i--)
        change(test, table);
    if (below(test, 2) == 0) {
        check_ok(mms_table_commit(table, NULL));
        return;
    }
    check_ok(mms_table_abort(table));
    test->restored += check_restored(test);
}

static void the_slot_of_an_aborted_table_has_the_value_again(void **state)
{
    struct test test = set_up(state, MOST);

    fill(&test);
    for (int i = 0; i < 20000; i++)
        do_anything(&test);
    check_true(test.restored > 5000);
    check_ok(mms_writer_close(test.writer));
}

/* So little room that many puts fail, and some after the heap has been changed for them. */
static void so_it_has_after_puts_that_failed(void **state)
{
    struct test test = set_up(state, 32 << 10);

    fill(&test);
    for (int i = 0; i < 20000; i++)
        do_anything(&test);
    check_true(test.restored > 5000);
    check_ok(mms_writer_close(test.writer));
}

static void an_abort_without_a_change_costs_the_next_update_nothing(void **state)
{
    struct test test = set_up(state, MOST);

    fill(&test);
    check_ok(mms_table_abort(begin(&test)));
    check_equal(check_restored(&test), 1);
    check_ok(mms_writer_close(test.writer));
}

/* Giving back most of a value takes as long as copying it, which is left to whoever needs the slot. */
static void an_abort_of_nearly_everything_gives_nothing_back(void **state)
{
    struct test test = set_up(state, MOST);
    mms_table *table;

    fill(&test);
    table = begin(&test);
    for (int i = 0; i < 4 * KEYS; i++)
        put(&test, table);
    check_ok(mms_table_abort(table));
    check_equal(check_restored(&test), 0);
    fill(&test);
    check_ok(mms_writer_close(test.writer));
}

static void an_abort_of_the_first_table_has_no_value_to_give_back(void **state)
{
    struct test test = set_up(state, MOST);
    mms_table *table = begin(&test);

    put(&test, table);
    check_ok(mms_table_abort(table));
    check_equal(mms__pool_current(pool_of(&test)), 0);
    fill(&test);
    check_ok(mms_writer_close(test.writer));
}

/* The next writer cannot know of it. */
static void the_next_writer_copies_everything(void **state)
{
    struct test test = set_up(state, 0);

    fill(&test);
    check_ok(mms_table_abort(begin(&test)));
    check_ok(mms_writer_close(test.writer));
    test = set_up(state, 0);
    check_equal(check_restored(&test), 0);
    check_ok(mms_writer_close(test.writer));
}

/* ---- Updates that do not touch whatever they change ---- */

static size_t begin_plain(struct test *test, unsigned char **buffer)
{
    size_t size;

    check_ok(mms_write_update(test->writer, 0, (void **)buffer, &size, NULL));
    return size;
}

static void what_was_not_touched_is_not_published_later(void **state)
{
    struct test test = set_up(state, MOST);
    unsigned char *buffer;

    fill(&test);
    (void)begin_plain(&test, &buffer);
    check_ok(mms_write_touch(test.writer, 0, 1));
    buffer[5000] ^= 1;
    check_ok(mms_write_abort(test.writer));
    check_equal(check_restored(&test), 0);
    for (int i = 0; i < 4; i++) {
        mms_table *table = begin(&test);

        check_ok(mms_table_abort(table));
        check_true(check_restored(&test) > 0);
    }
    check_ok(mms_writer_close(test.writer));
}

/* An update of a table before it says nothing about a write that is none. */
static void so_it_is_with_a_whole_value(void **state)
{
    struct test test = set_up(state, MOST);
    void *buffer;

    fill(&test);
    check_ok(mms_table_commit(begin(&test), NULL));
    check_ok(mms_write_begin(test.writer, 4096, &buffer, NULL));
    memset(buffer, 1, 4096);
    check_ok(mms_write_abort(test.writer));
    check_equal(check_restored(&test), 0);
    check_ok(mms_table_abort(begin(&test)));
    check_ok(mms_write_begin(test.writer, 4096, &buffer, NULL));
    memset(buffer, 1, 4096);
    check_ok(mms_write_abort(test.writer));
    (void)check_restored(&test);
    check_ok(mms_writer_close(test.writer));
}

/* The first update of a cache takes a second slot, for the one after it. The scan that this may cost finds the slot of the
   update itself neither current nor held. */
static void a_second_slot_does_not_cost_the_first(void **state)
{
    struct test test = set_up(state, MOST);
    struct mms__pool *pool = &mms__native_writer_of(test.writer)->pool;

    test.options.max_bytes = MOST / 2;
    check_ok(mms_table_abort(begin(&test)));
    pool->quick_due = pool->generation + 1; /* between the two */
    pool->last_full_ns = 0;
    fill(&test);
    check_true(mms__pool_invariant(pool) == NULL);
    check_ok(mms_writer_close(test.writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(the_slot_of_an_aborted_table_has_the_value_again),
        scratch_test(so_it_has_after_puts_that_failed),
        scratch_test(an_abort_without_a_change_costs_the_next_update_nothing),
        scratch_test(a_second_slot_does_not_cost_the_first),
        scratch_test(an_abort_of_nearly_everything_gives_nothing_back),
        scratch_test(an_abort_of_the_first_table_has_no_value_to_give_back),
        scratch_test(the_next_writer_copies_everything),
        scratch_test(what_was_not_touched_is_not_published_later),
        scratch_test(so_it_is_with_a_whole_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
