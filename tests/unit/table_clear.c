/* SPDX-License-Identifier: Apache-2.0 */
/* Clearing a table: all entries are gone, the options are not, and the value is as small as that of
   a new table. It needs no room, and repairs what was damaged. */
#include "memory_writer.h"
#include "table/layout.h"
#include <stddef.h>
#include <string.h>

enum { KEYS = 5000 };

static mms_table *begin(mms_writer *writer, const mms_table_options *options)
{
    mms_table *table;

    check_ok(mms_table_begin(writer, options, &table));
    return table;
}

/* In a table for keys of 8 bytes that may expire, and has a limit. */
static mms_table_options options_of_all_kinds(void)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;

    options.type_id[0] = 7;
    options.key_size = 8;
    options.max_bytes = 1u << 20;
    options.expiring = true;
    return options;
}

static void put(mms_table *table, uint64_t from, uint64_t to)
{
    for (uint64_t key = from; key < to; key++)
        check_ok(mms_table_put(table, &key, sizeof key, "some text, which is cut", (size_t)key % 23));
}

static mms_table_view view_of(const void *value, size_t size)
{
    mms_view view = {.data = value, .size = size};
    mms_table_view table;

    check_ok(mms_table_of(&view, &table));
    check_ok(mms_table_check(&table));
    return table;
}

static mms_table_view published(void)
{
    size_t size;
    const void *value = memory_writer_value(&size);

    return view_of(value, size);
}

/* There are the keys below `count`, and no others. */
static void check_has(const mms_table_view *view, uint64_t count)
{
    check_equal(mms_table_count(view), count);
    for (uint64_t key = 0; key < KEYS; key++)
        check_true((mms_table_get(view, &key, sizeof key, NULL) != NULL) == (key < count));
}

static size_t size_of_a_new_table(const mms_table_options *options)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    size_t size;

    check_ok(mms_table_commit(begin(writer, options), NULL));
    (void)memory_writer_value(&size);
    memory_writer_close();
    return size;
}

static void nothing_is_left_but_the_options(void **state)
{
    mms_table_options options = options_of_all_kinds();
    size_t least = size_of_a_new_table(&options);
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table = begin(writer, &options);
    mms_table_view view;
    mms_table_info before, after;

    (void)state;
    put(table, 0, KEYS);
    check_ok(mms_table_commit(table, NULL));
    view = published();
    mms_table_describe(&view, &before);
    table = begin(writer, NULL);
    check_ok(mms_table_clear(table));
    check_ok(mms_table_commit(table, NULL));
    view = published();
    mms_table_describe(&view, &after);
    check_has(&view, 0);
    check_equal(view.size, least);
    check_equal(after.bytes, 0);
    check_equal(after.key_size, before.key_size);
    check_equal(after.max_bytes, before.max_bytes);
    check_equal(after.type_id[0], before.type_id[0]);
    check_true(after.expiring);
    memory_writer_close();
}

static void what_is_put_afterwards_is_there(void **state)
{
    mms_table_options options = options_of_all_kinds();
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table = begin(writer, &options);
    mms_table_view view;

    (void)state;
    put(table, 0, KEYS);
    check_ok(mms_table_clear(table)); /* within the update that has put them */
    put(table, 0, 100);
    check_ok(mms_table_commit(table, NULL));
    view = published();
    check_has(&view, 100);
    table = begin(writer, NULL);
    check_ok(mms_table_clear(table));
    check_ok(mms_table_clear(table));
    put(table, 0, KEYS);
    check_ok(mms_table_commit(table, NULL));
    view = published();
    check_has(&view, KEYS);
    memory_writer_close();
}

static void an_abort_brings_all_back(void **state)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table = begin(writer, NULL);
    mms_table_view view;

    (void)state;
    put(table, 0, 1000);
    check_ok(mms_table_commit(table, NULL));
    table = begin(writer, NULL);
    check_ok(mms_table_clear(table));
    put(table, 0, 10);
    check_ok(mms_table_abort(table));
    view = published();
    check_has(&view, 1000);
    memory_writer_close();
}

static void the_seed_stays(void **state)
{
    enum { AT = offsetof(struct mms__table_head, seed) };
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table = begin(writer, NULL);
    mms_table_view view;
    unsigned char seed[16];

    (void)state;
    check_ok(mms_table_current(table, &view));
    memcpy(seed, (const char *)view.data + AT, sizeof seed);
    check_ok(mms_table_clear(table));
    check_ok(mms_table_current(table, &view));
    check_memory((const char *)view.data + AT, seed, sizeof seed);
    check_ok(mms_table_abort(table));
    memory_writer_close();
}

static void it_needs_an_update(void **state)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table = begin(writer, NULL);

    (void)state;
    check_code(mms_table_clear(NULL), MMS_E_INVALID);
    check_detail_mentions("mms_table_clear: the table is NULL");
    check_ok(mms_table_abort(table));
    check_code(mms_table_clear(table), MMS_E_INVALID);
    check_detail_mentions("mms_table_begin");
    memory_writer_close();
}

/* A table that fills all that its writer may have. */
static void it_needs_no_room(void **state)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    uint64_t key = 0;
    mms_table *table;
    mms_table_view view;

    (void)state;
    memory_writer_limit(64 << 10);
    table = begin(writer, NULL);
    while (mms_table_put(table, &key, sizeof key, "a value", 7) == 0)
        key++;
    check_true(key > 100);
    check_ok(mms_table_commit(table, NULL));
    table = begin(writer, NULL);
    check_ok(mms_table_clear(table));
    put(table, 0, key / 2); /* longer values */
    check_ok(mms_table_commit(table, NULL));
    view = published();
    check_has(&view, key / 2);
    memory_writer_close();
}

/* A new table has a little more room while it is made: none at all is an error, and changes
   nothing. */
static void no_room_for_any_table_changes_nothing(void **state)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table = begin(writer, NULL);
    mms_table_view view;

    (void)state;
    check_ok(mms_table_commit(table, NULL));
    memory_writer_limit(1);
    table = begin(writer, NULL);
    check_code(mms_table_clear(table), MMS_E_TOO_BIG);
    check_detail_mentions("max_size");
    check_ok(mms_table_commit(table, NULL));
    view = published();
    check_has(&view, 0);
    memory_writer_close();
}

/* The directory leads outside. */
static void damage(void *value)
{
    struct mms__table_head *head = value;

    ((mms__word *)value)[head->directory * MMS__UNIT / sizeof(mms__word)] = UINT64_MAX >> 9;
}

static void a_damaged_table_is_good_again(void **state)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table = begin(writer, NULL);
    uint64_t key = 1;
    mms_table_view view;
    size_t size;

    (void)state;
    put(table, 0, 100);
    check_ok(mms_table_commit(table, NULL));
    damage((void *)(uintptr_t)memory_writer_value(&size));
    table = begin(writer, NULL);
    check_code(mms_table_put(table, &key, sizeof key, "v", 1), MMS_E_CORRUPT);
    check_detail_mentions("mms_table_clear");
    check_code(mms_table_commit(table, NULL), MMS_E_CORRUPT);
    check_ok(mms_table_clear(table));
    put(table, 0, 50);
    check_ok(mms_table_commit(table, NULL));
    view = published();
    check_has(&view, 50);
    memory_writer_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_but_the_options),
        cmocka_unit_test(what_is_put_afterwards_is_there),
        cmocka_unit_test(an_abort_brings_all_back),
        cmocka_unit_test(the_seed_stays),
        cmocka_unit_test(it_needs_an_update),
        cmocka_unit_test(it_needs_no_room),
        cmocka_unit_test(no_room_for_any_table_changes_nothing),
        cmocka_unit_test(a_damaged_table_is_good_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
