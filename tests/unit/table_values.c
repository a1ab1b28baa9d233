/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and values of a table: of all sizes, one or many at a time, replaced and deleted; and those for
   which there is no room, which leave all others as they were. */
#include "sample.h"
#include "scratch.h"
#include "table_texts.h"
#include <stdlib.h>
#include <string.h>

/* ---- Values ---- */

static void a_commit_is_one_generation(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table *table = begin_table(&h);
    mms_table_view view;
    mms_receipt receipt;

    put_text(table, "a", "1");
    put_text(table, "b", "2");
    check_ok(mms_table_commit(table, &receipt));
    check_equal(receipt.generation, mms_generation(h.region));
    check_equal(receipt.table_evicted + receipt.table_expired, 0);
    view = read_table(&h);
    check_equal(view.generation, receipt.generation);
    check_equal(mms_table_count(&view), 2);
    check_has_text(&view, "a", "1");
    check_has_text(&view, "b", "2");
    check_has_text(&view, "c", NULL);
    publish_entry(&h, "a", "3");
    check_has_text(&view, "a", "1"); /* still the old state */
    check_entry(&h, "a", "3");
    check_entry(&h, "b", "2");
    close_handles(&h);
}

static void keys_of_all_sizes_are_told_apart(void **state)
{
    struct handles h = open_table_handles_of(state, 32u << 20);
    unsigned char *key = calloc(1, MMS_TABLE_KEY_MAX + 1);
    static const size_t sizes[] = {0, 1, 3, 4, 5, 7, 8, 9, 16, 17, 128, 129, 240, 241, 4096, 65535, MMS_TABLE_KEY_MAX};
    mms_table *table = begin_table(&h);
    mms_table_view view;
    size_t size;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_ok(mms_table_put(table, key, sizes[i], &sizes[i], sizeof *sizes));
    check_code(mms_table_put(table, key, MMS_TABLE_KEY_MAX + 1, "", 0), MMS_E_TOO_BIG);
    check_detail_mentions("the longest has 65536");
    check_ok(mms_table_commit(table, NULL));
    view = read_table(&h);
    check_equal(mms_table_count(&view), sizeof sizes / sizeof *sizes);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_memory(mms_table_get(&view, key, sizes[i], &size), &sizes[i], sizeof *sizes);
    check_true(mms_table_get(&view, key, 2, NULL) == NULL);
    check_ok(mms_release(h.reader));
    free(key);
    close_handles(&h);
}

static void a_value_may_be_too_long(void **state)
{
#if SIZE_MAX > UINT32_MAX
    struct handles h = open_table_handles(state);
    mms_table *table = begin_table(&h);
    void *room;

    check_code(mms_table_reserve(table, "k", 1, MMS_TABLE_VALUE_MAX + 1, &room), MMS_E_TOO_BIG);
    check_detail_mentions("the longest has 1099511627775");
    check_code(mms_table_put(table, "k", 1, "", MMS_TABLE_VALUE_MAX + 1), MMS_E_TOO_BIG);
    check_code(mms_table_reserve(table, "k", 1, MMS_TABLE_VALUE_MAX, &room), MMS_E_TOO_BIG);
    check_detail_mentions("max_size");
    check_ok(mms_table_commit(table, NULL));
    check_entry(&h, "k", NULL);
    close_handles(&h);
#else
    (void)state;
    skip_because("no size_t is over the longest value");
#endif
}

static void a_value_of_no_bytes_is_a_value(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table *table = begin_table(&h);
    mms_table_view view;
    size_t size = 1;

    check_ok(mms_table_put(table, "", 0, NULL, 0));
    check_ok(mms_table_put(table, NULL, 0, NULL, 0)); /* the same key */
    check_ok(mms_table_commit(table, NULL));
    view = read_table(&h);
    check_true(mms_table_get(&view, NULL, 0, &size) != NULL);
    check_equal(size, 0);
    check_equal(mms_table_count(&view), 1);
    check_ok(mms_release(h.reader));
    close_handles(&h);
}

static void values_that_grow_and_shrink_keep_their_neighbours(void **state)
{
    struct handles h = open_table_handles(state);
    static char text[3000];
    mms_table *table = begin_table(&h);
    mms_table_view view;

    memset(text, 'x', sizeof text);
    put_text(table, "left", "L");
    put_text(table, "key", "small");
    put_text(table, "right", "R");
    for (size_t size = 0; size < sizeof text; size += 37)
        check_ok(mms_table_put(table, "key", 3, text, size * 31 % sizeof text));
    check_ok(mms_table_put(table, "key", 3, text, 20));
    check_ok(mms_table_commit(table, NULL));
    view = read_table(&h);
    check_has_text(&view, "left", "L");
    check_has_text(&view, "right", "R");
    check_has_text(&view, "key", "xxxxxxxxxxxxxxxxxxxx");
    check_ok(mms_release(h.reader));
    close_handles(&h);
}

static void values_may_be_built_in_place(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table *table = begin_table(&h);
    void *room;

    check_ok(mms_table_reserve(table, "k", 1, 5, &room));
    memcpy(room, "built", 5);
    check_code(mms_table_reserve(table, "k", 1, 5, NULL), MMS_E_INVALID);
    check_ok(mms_table_commit(table, NULL));
    check_entry(&h, "k", "built");
    close_handles(&h);
}

static void many_at_a_time_are_put(void **state)
{
    enum { COUNT = 100 };
    struct handles h = open_table_handles(state);
    mms_table *table = begin_table(&h);
    uint64_t numbers[COUNT];
    mms_key keys[COUNT];
    mms_value values[COUNT], out[COUNT];
    mms_table_view view;
    size_t done;

    for (uint64_t i = 0; i < COUNT; i++) {
        numbers[i] = i;
        keys[i] = (mms_key){&numbers[i], sizeof *numbers};
        values[i] = (mms_value){&numbers[i], 1 + i % 8};
    }
    check_ok(mms_table_put_many(table, COUNT, keys, values, &done));
    check_equal(done, COUNT);
    keys[40].size = MMS_TABLE_KEY_MAX + 1;
    check_code(mms_table_put_many(table, COUNT, keys, values, &done), MMS_E_TOO_BIG);
    check_equal(done, 40);
    keys[40].size = sizeof *numbers;
    check_ok(mms_table_put_many(table, 0, NULL, NULL, NULL));
    check_code(mms_table_put_many(table, 1, NULL, values, NULL), MMS_E_INVALID);
    check_code(mms_table_put_many(table, 1, keys, NULL, NULL), MMS_E_INVALID);
    check_ok(mms_table_commit(table, NULL));
    view = read_table(&h);
    numbers[50] = 1000; /* is not there */
    check_equal(mms_table_get_many(&view, COUNT, keys, out), COUNT - 1);
    for (size_t i = 0; i < COUNT; i++) {
        check_true((out[i].data != NULL) == (i != 50));
        check_equal(out[i].size, i == 50 ? 0 : 1 + i % 8);
    }
    check_ok(mms_release(h.reader));
    close_handles(&h);
}

static void an_update_shows_what_it_would_publish(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table *table;
    mms_table_view view;

    publish_entry(&h, "a", "1");
    table = begin_table(&h);
    put_text(table, "a", "2");
    check_ok(mms_table_current(table, &view));
    check_has_text(&view, "a", "2");
    check_entry(&h, "a", "1");
    check_code(mms_table_current(table, NULL), MMS_E_INVALID);
    check_ok(mms_table_abort(table));
    check_entry(&h, "a", "1");
    close_handles(&h);
}

static void deleting_what_is_not_there_says_so(void **state)
{
    struct handles h = open_table_handles(state);
    mms_table *table;

    publish_entry(&h, "a", "1");
    table = begin_table(&h);
    check_code(mms_table_delete(table, "b", 1), MMS_E_NOT_FOUND);
    check_detail_mentions(h.path);
    check_ok(mms_table_delete(table, "a", 1));
    check_code(mms_table_delete(table, "a", 1), MMS_E_NOT_FOUND);
    check_ok(mms_table_commit(table, NULL));
    check_entry(&h, "a", NULL);
    close_handles(&h);
}

/* ---- No room ---- */

/* Put until it fails; returns how many were put. */
static uint64_t put_until_full(mms_table *table, uint64_t first)
{
    static const char value[500];
    uint64_t key = first;
    int code;

    while ((code = mms_table_put(table, &key, sizeof key, value, sizeof value)) == 0)
        key++;
    check_code(code, MMS_E_TOO_BIG);
    return key - first;
}

static void a_failed_put_leaves_the_others(void **state)
{
    struct handles h = open_table_handles_of(state, 200 << 10);
    mms_table *table = begin_table(&h);
    mms_table_view view;
    uint64_t count, key;

    count = put_until_full(table, 0);
    check_detail_mentions("max_size");
    check_true(count > 100);
    check_ok(mms_table_commit(table, NULL));
    view = read_table(&h);
    check_equal(mms_table_count(&view), count);
    for (key = 0; key <= count; key++)
        check_true((mms_table_get(&view, &key, sizeof key, NULL) != NULL) == (key < count));
    check_ok(mms_release(h.reader));
    table = begin_table(&h);
    key = 0;
    check_ok(mms_table_put(table, &key, sizeof key, "small", 5)); /* what is there may still change */
    key = 1;
    check_ok(mms_table_delete(table, &key, sizeof key));
    check_ok(mms_table_put(table, "room", 4, "again", 5));
    check_ok(mms_table_commit(table, NULL));
    check_entry(&h, "room", "again");
    close_handles(&h);
}

/* A value that is to be replaced by one for which there is no room stays. */
static void a_failed_replacement_leaves_the_last_value(void **state)
{
    static char large[300 << 10];
    struct handles h = open_table_handles_of(state, 200 << 10);
    mms_table *table = begin_table(&h);

    put_text(table, "k", "v");
    check_code(mms_table_put(table, "k", 1, large, sizeof large), MMS_E_TOO_BIG);
    check_ok(mms_table_commit(table, NULL));
    check_entry(&h, "k", "v");
    close_handles(&h);
}

/* Nor does it fill the region on the way, which may take all memory there is. */
static void more_than_fits_cannot_be_expected(void **state)
{
    struct handles h = open_table_handles_of(state, 64u << 20);
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    options.expected = 100000000;
    check_code(mms_table_begin(h.writer, &options, &table), MMS_E_TOO_BIG);
    check_detail_mentions("options.expected");
    check_true(file_blocks(h.path, "data") < 1u << 20);
    publish_entry(&h, "k", "v");
    close_handles(&h);
}

static void a_region_too_small_for_any_table_says_so(void **state)
{
    struct handles h = open_table_handles_of(state, 1024);
    mms_table *table;

    check_code(mms_table_begin(h.writer, NULL, &table), MMS_E_TOO_BIG);
    check_detail_mentions("max_size");
    publish_text(h.writer, "still usable");
    close_handles(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_commit_is_one_generation),
        scratch_test(keys_of_all_sizes_are_told_apart),
        scratch_test(a_value_may_be_too_long),
        scratch_test(a_value_of_no_bytes_is_a_value),
        scratch_test(values_that_grow_and_shrink_keep_their_neighbours),
        scratch_test(values_may_be_built_in_place),
        scratch_test(many_at_a_time_are_put),
        scratch_test(an_update_shows_what_it_would_publish),
        scratch_test(deleting_what_is_not_there_says_so),
        scratch_test(a_failed_put_leaves_the_others),
        scratch_test(a_failed_replacement_leaves_the_last_value),
        scratch_test(more_than_fits_cannot_be_expected),
        scratch_test(a_region_too_small_for_any_table_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
