/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as caches (T6): the entries written longest ago go first, and only past max_bytes; what has
   expired is not shown, and goes in the end; the receipt counts both. And room is used again (T4). */
#include "pattern.h"
#include "sample.h"
#include "scratch.h"
#include <mmsync/table.h>
#include <stdlib.h>
#include <string.h>

static mms_writer *writer_for(void **state)
{
    mms_writer_options options = sample_options();

    options.max_size = 16u << 20;
    options.check_touch = true;
    return sample_writer_with(scratch_path(state, "region"), options);
}

static mms_table *begin(mms_writer *writer, const mms_table_options *options)
{
    mms_table *table;

    check_ok(mms_table_begin(writer, options, &table));
    return table;
}

static void put(mms_table *table, uint64_t key, size_t size)
{
    void *room;

    check_ok(mms_table_reserve(table, &key, sizeof key, size, &room));
    memset(room, (int)(key & 127), size);
}

static bool has(const mms_table_view *view, uint64_t key)
{
    return mms_table_get(view, &key, sizeof key, NULL) != NULL;
}

static mms_table_view current(mms_table *table)
{
    mms_table_view view;

    check_ok(mms_table_current(table, &view));
    return view;
}

static mms_table_info about(mms_table *table)
{
    mms_table_view view = current(table);
    mms_table_info info;

    mms_table_describe(&view, &info);
    return info;
}

/* ---- A limit ---- */

enum { LIMIT = 64 << 10, KEYS = 4000 };

static mms_table_options limited(void)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;

    options.max_bytes = LIMIT;
    return options;
}

/* Those that are there are the last ones that were put, without a gap. */
static void check_newest(const mms_table_view *view, uint64_t last)
{
    uint64_t count = mms_table_count(view);

    check_true(count > 100 && count < last);
    for (uint64_t key = 0; key <= last; key++)
        check_equal(has(view, key), key > last - count);
}

static void the_oldest_go_first(void **state)
{
    mms_writer *writer = writer_for(state);
    mms_table_options options = limited();
    uint64_t evicted = 0;

    for (uint64_t key = 0; key < KEYS;) {
        mms_table *table = begin(writer, &options);
        mms_receipt receipt;

        for (int i = 0; i < 50; i++)
            put(table, key++, 100);
        check_true(about(table).bytes <= LIMIT);
        if (key >= KEYS / 2) {
            mms_table_view view = current(table);

            check_newest(&view, key - 1);
        }
        check_equal(about(table).evicted, key - about(table).count);
        check_ok(mms_table_commit(table, &receipt));
        evicted += receipt.table_evicted;
        check_equal(receipt.table_expired, 0);
    }
    check_equal(about(begin(writer, &options)).evicted, evicted);
    check_ok(mms_writer_close(writer));
}

/* A put makes an entry a new one, also if its value is as large as before. */
static void a_put_makes_an_entry_new(void **state)
{
    mms_writer *writer = writer_for(state);
    mms_table_options options = limited();
    mms_table *table = begin(writer, &options);
    mms_table_view view;

    put(table, 0, 100);
    for (uint64_t key = 1; key < KEYS; key++) {
        put(table, key, 100);
        view = current(table);
        check_true(has(&view, 0)); /* else it would only be back */
        put(table, 0, 100);
    }
    check_true(!has(&view, 1));
    check_ok(mms_table_commit(table, NULL));
    check_ok(mms_writer_close(writer));
}

/* A cache that is full stays as large as it is, and its value, too. */
static void nothing_goes_below_the_limit(void **state)
{
    mms_writer *writer = writer_for(state);
    mms_table_options options = limited();
    mms_table *table = begin(writer, &options);

    for (uint64_t key = 0; about(table).bytes < LIMIT - 1000; key++)
        put(table, key, 100);
    check_equal(about(table).evicted, 0);
    check_ok(mms_table_commit(table, NULL));
    check_ok(mms_writer_close(writer));
}

/* ---- Expiry ---- */

enum { SOON = 1000, LATE = 2000 };

/* Half of them at one time and half at another, in the year 1970: the sweep finds them. */
static void what_has_expired_goes(void **state)
{
    mms_writer *writer = writer_for(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    uint64_t expired = 0;
    mms_table *table;

    options.expiring = true;
    table = begin(writer, &options);
    for (uint64_t key = 0; key < 1000; key++) {
        check_ok(mms_table_set_expiry(table, key % 2 ? SOON : 0));
        put(table, key, 20);
    }
    check_equal(about(table).count, 1000);
    for (int i = 0; i < 1000 && expired < 500; i++) {
        mms_receipt receipt;

        check_ok(mms_table_commit(table, &receipt));
        expired += receipt.table_expired;
        table = begin(writer, NULL);
    }
    check_equal(expired, 500);
    check_equal(about(table).count, 500);
    check_equal(about(table).expired, 500);
    check_ok(mms_table_abort(table));
    check_ok(mms_writer_close(writer));
}

/* A view has one time for all its look-ups, and an entry is gone at that at which it expires. */
static void what_has_expired_is_not_shown(void **state)
{
    mms_writer *writer = writer_for(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    uint64_t key = 1;
    mms_table *table;
    mms_table_view view;
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    mms_entry entry;
    mms_value value;
    mms_key asked = {&key, sizeof key};

    options.expiring = true;
    options.expires_ns = LATE;
    table = begin(writer, &options);
    put(table, key, 8);
    view = current(table);
    view.now_ns = LATE - 1;
    check_true(has(&view, key));
    check_equal(mms_table_get_many(&view, 1, &asked, &value), 1);
    check_true(mms_table_next(&view, &cursor, &entry));
    check_equal(entry.expires_ns, LATE);
    view.now_ns = LATE;
    cursor = (mms_table_cursor)MMS_TABLE_CURSOR_INIT;
    check_true(!has(&view, key));
    check_equal(mms_table_get_many(&view, 1, &asked, &value), 0);
    check_true(!mms_table_next(&view, &cursor, &entry));
    check_equal(mms_table_count(&view), 1);
    check_ok(mms_table_abort(table));
    check_ok(mms_writer_close(writer));
}

/* So whoever iterates over the update may try it. */
static void a_delete_of_what_has_expired_changes_nothing(void **state)
{
    mms_writer *writer = writer_for(state);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table_view view;
    mms_table *table;
    void *before;

    options.expires_ns = SOON;
    table = begin(writer, &options);
    for (uint64_t key = 0; key < 100; key++)
        put(table, key, 20);
    view = current(table);
    before = malloc(view.size);
    check_true(before != NULL);
    memcpy(before, view.data, view.size);
    for (uint64_t key = 0; key < 100; key++)
        check_code(mms_table_delete(table, &key, sizeof key), MMS_E_NOT_FOUND);
    check_equal(current(table).size, view.size);
    check_memory(view.data, before, view.size);
    free(before);
    check_ok(mms_table_abort(table));
    check_ok(mms_writer_close(writer));
}

/* ---- Room ---- */

/* As many entries as before, of random sizes, replaced at random: the value stops growing. */
static void a_table_whose_content_does_not_grow_does_not_grow(void **state)
{
    mms_writer *writer = writer_for(state);
    uint64_t random = 7, settled = 0;
    mms_table *table;

    for (int round = 0; round < 60; round++) {
        table = begin(writer, NULL);
        for (int i = 0; i < 3000; i++) {
            uint64_t key = pattern_random(&random) % 1000;

            if (pattern_random(&random) % 3 == 0)
                (void)mms_table_delete(table, &key, sizeof key);
            else
                put(table, key, (size_t)(pattern_random(&random) % 400));
        }
        if (round == 20)
            settled = about(table).size;
        if (round > 20)
            check_true(about(table).size <= settled + settled / 4);
        check_ok(mms_table_commit(table, NULL));
    }
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(the_oldest_go_first),
        scratch_test(a_put_makes_an_entry_new),
        scratch_test(nothing_goes_below_the_limit),
        scratch_test(what_has_expired_goes),
        scratch_test(what_has_expired_is_not_shown),
        scratch_test(a_delete_of_what_has_expired_changes_nothing),
        scratch_test(a_table_whose_content_does_not_grow_does_not_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
