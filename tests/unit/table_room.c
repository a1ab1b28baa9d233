/* SPDX-License-Identifier: Apache-2.0 */
/* Tables without room: wherever the memory ends, in an entry, a node, a segment or the directory, a
   put that fails leaves the table as it was (T2), and a cache makes room. And tables that are large
   enough for the directory to grow. */
#include "memory_writer.h"
#include "table/layout.h"
#include <errno.h>
#include <string.h>

enum { SMALLEST = 2048, LARGEST = 48 << 10, STEP = 112 };

static const char text[] = "a value that is as long as this, or shorter";

static size_t size_of(uint64_t key)
{
    return (size_t)(key % sizeof text);
}

static int put(mms_table *table, uint64_t key)
{
    return mms_table_put(table, &key, sizeof key, text, size_of(key));
}

static void check_has(const mms_table_view *view, uint64_t key, bool there)
{
    size_t size;
    const void *value = mms_table_get(view, &key, sizeof key, &size);

    check_true((value != NULL) == there);
    if (!value)
        return;
    check_equal(size, size_of(key));
    check_memory(value, text, size);
}

/* From `first` on, `count` of them and the next one is not there. */
static void check_current(mms_table *table, uint64_t first, uint64_t count)
{
    mms_table_view view;

    check_ok(mms_table_current(table, &view));
    check_ok(mms_table_check(&view));
    check_equal(mms_table_count(&view), count);
    for (uint64_t key = first; key < first + count; key++)
        check_has(&view, key, true);
    check_has(&view, first + count, false);
}

static uint64_t put_until_full(mms_table *table)
{
    uint64_t key = 0;
    int code;

    while ((code = put(table, key)) == 0)
        key++;
    check_code(code, MMS_E_TOO_BIG);
    check_detail_mentions("max_size");
    return key;
}

/* ---- Wherever it ends ---- */

enum { TRIED = 1200 };

/* The keys that are there. */
static bool there[TRIED];

static void check_there(mms_table *table)
{
    mms_table_view view;
    uint64_t count = 0;

    check_ok(mms_table_current(table, &view));
    check_ok(mms_table_check(&view));
    for (uint64_t key = 0; key < TRIED; key++) {
        check_has(&view, key, there[key]);
        count += there[key];
    }
    check_equal(mms_table_count(&view), count);
}

/* Each that fits. */
static void put_some(mms_table *table, uint64_t from, uint64_t step)
{
    for (uint64_t key = from; key < TRIED; key += step) {
        int code = put(table, key);

        if (code != 0)
            check_code(code, MMS_E_TOO_BIG);
        there[key] = code == 0 || there[key];
    }
    check_there(table);
}

static void delete_some(mms_table *table, uint64_t from, uint64_t step)
{
    for (uint64_t key = from; key < TRIED; key += step) {
        check_code(mms_table_delete(table, &key, sizeof key), there[key] ? 0 : MMS_E_NOT_FOUND);
        there[key] = false;
    }
    check_there(table);
}

static void fill(size_t limit, const mms_table_options *options)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table;
    int code;

    memory_writer_limit(limit);
    memset(there, 0, sizeof there);
    code = mms_table_begin(writer, options, &table);
    if (code == 0) {
        put_some(table, 0, 1);
        delete_some(table, 0, 2);
        put_some(table, 1, 1);
        check_ok(mms_table_commit(table, NULL));
        check_ok(mms_table_begin(writer, NULL, &table));
        delete_some(table, 0, 3);
        put_some(table, 0, 1);
        check_ok(mms_table_commit(table, NULL));
    } else {
        check_code(code, MMS_E_TOO_BIG);
    }
    memory_writer_close();
}

static void a_put_that_fails_changes_nothing(void **state)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;

    (void)state;
    options.seed[0] = 5;
    for (size_t limit = SMALLEST; limit < LARGEST; limit += check_is_emulated() ? 7 * STEP : STEP)
        fill(limit, &options);
}

/* Longer values, in the places of others that may stay. */
static void a_replacement_that_fails_changes_nothing(void **state)
{
    (void)state;
    for (size_t limit = SMALLEST * 2; limit < SMALLEST * 3; limit += MMS__UNIT) {
        mms_writer *writer = memory_writer_open(NULL, 0);
        mms_table *table;
        char longer[200] = "";
        uint64_t count;

        memory_writer_limit(limit);
        check_ok(mms_table_begin(writer, NULL, &table));
        count = put_until_full(table);
        for (uint64_t key = 0; key < count; key++)
            if (mms_table_put(table, &key, sizeof key, longer, sizeof longer) == 0)
                check_ok(put(table, key));
        check_current(table, 0, count);
        check_ok(mms_table_abort(table));
        memory_writer_close();
    }
}

static void no_room_for_what_is_expected_says_so(void **state)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table;

    (void)state;
    memory_writer_limit(64 << 10);
    options.expected = 100000;
    check_code(mms_table_begin(writer, &options, &table), MMS_E_TOO_BIG);
    check_detail_mentions("max_size");
    options.expected = UINT64_MAX;
    check_code(mms_table_begin(writer, &options, &table), MMS_E_TOO_BIG);
    check_detail_mentions("options.expected");
    options.expected = 100;
    check_ok(mms_table_begin(writer, &options, &table));
    check_ok(mms_table_abort(table));
    memory_writer_close();
}

static void other_errors_are_passed_on(void **state)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    uint64_t key = 0;
    mms_table *table;
    int code;

    (void)state;
    memory_writer_limit(16 << 10);
    memory_writer_refuse(-ENOSPC);
    check_ok(mms_table_begin(writer, NULL, &table));
    while ((code = put(table, key)) == 0)
        key++;
    check_code(code, -ENOSPC);
    check_current(table, 0, key);
    check_ok(mms_table_abort(table));
    memory_writer_close();
}

/* ---- A cache ---- */

/* Under its limit, but in a smaller region. */
static void a_cache_without_room_makes_some(int refusal)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table_view view;
    mms_receipt receipt;
    mms_table *table;
    uint64_t count;

    options.max_bytes = 1u << 20;
    memory_writer_limit(64 << 10);
    memory_writer_refuse(refusal);
    check_ok(mms_table_begin(writer, &options, &table));
    for (uint64_t key = 0; key < 5000; key++)
        check_ok(put(table, key));
    check_ok(mms_table_current(table, &view));
    count = mms_table_count(&view);
    check_true(count > 100 && count < 2000);
    check_current(table, 5000 - count, count);
    check_code(mms_table_put(table, "large", 5, view.data, 100 << 10), refusal); /* it has more than all */
    if (refusal == MMS_E_TOO_BIG)
        check_detail_mentions("put a smaller value");
    check_ok(mms_table_commit(table, &receipt));
    check_true(receipt.table_evicted >= 5000 - count);
    memory_writer_close();
}

static void a_cache_in_a_small_region_makes_room(void **state)
{
    (void)state;
    a_cache_without_room_makes_some(MMS_E_TOO_BIG);
}

static void a_cache_without_memory_makes_room(void **state)
{
    static const int refusals[] = {-ENOSPC, -EDQUOT, -ENOMEM};

    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        a_cache_without_room_makes_some(refusals[i]);
}

/* One that takes as much as thousands of those that are there. */
static void a_cache_makes_room_for_a_large_value(void **state)
{
    enum { REGION = 1 << 20, LARGE = 100000 };
    static const char large[LARGE] = "large";
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table_view view;
    mms_table *table;
    size_t size;

    (void)state;
    options.max_bytes = REGION;
    memory_writer_limit(REGION);
    check_ok(mms_table_begin(writer, &options, &table));
    for (uint64_t key = 0; key < 20000; key++)
        check_ok(put(table, key));
    check_ok(mms_table_put(table, "large", 5, large, LARGE));
    check_ok(mms_table_current(table, &view));
    check_ok(mms_table_check(&view));
    check_true(mms_table_get(&view, "large", 5, &size) != NULL);
    check_equal(size, LARGE);
    check_true(mms_table_count(&view) > 100);
    check_ok(mms_table_commit(table, NULL));
    memory_writer_close();
}

/* The limit is kept at once, too, whatever was put. */
static void a_large_value_is_paid_for_at_once(void **state)
{
    enum { LIMIT = 256 << 10, LARGE = 128 << 10 };
    static const char large[LARGE] = "large";
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table_info info;
    mms_table_view view;
    mms_table *table;

    (void)state;
    options.max_bytes = LIMIT;
    check_ok(mms_table_begin(writer, &options, &table));
    for (uint64_t key = 0; key < 10000; key++)
        check_ok(put(table, key));
    check_ok(mms_table_put(table, "large", 5, large, LARGE));
    check_ok(mms_table_current(table, &view));
    mms_table_describe(&view, &info);
    check_true(info.bytes <= LIMIT && info.count > 100);
    check_ok(mms_table_commit(table, NULL));
    memory_writer_close();
}

/* ---- Entries that have expired ---- */

/* Of a table that is no cache. The even keys stay for ever, the others have expired in 1970. */
static void what_has_expired_makes_room(void **state)
{
    enum { FOREVER = 200 };
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table_view view;
    mms_receipt receipt;
    mms_table *table;

    (void)state;
    options.expiring = true;
    memory_writer_limit(64 << 10);
    check_ok(mms_table_begin(writer, &options, &table));
    for (uint64_t key = 0; key < 5000; key++) {
        check_ok(mms_table_set_expiry(table, key % 2 == 0 && key < FOREVER ? 0 : 1));
        check_ok(put(table, key));
    }
    check_ok(mms_table_current(table, &view));
    check_ok(mms_table_check(&view));
    check_true(mms_table_count(&view) < 2000);
    for (uint64_t key = 0; key < 5000; key++)
        check_has(&view, key, key % 2 == 0 && key < FOREVER);
    check_ok(mms_table_commit(table, &receipt));
    check_true(receipt.table_expired > 3000);
    memory_writer_close();
}

/* Then there is no room, whatever may expire later. */
static void what_has_not_expired_stays(void **state)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table;
    uint64_t count;

    (void)state;
    options.expires_ns = UINT64_MAX;
    memory_writer_limit(64 << 10);
    check_ok(mms_table_begin(writer, &options, &table));
    count = put_until_full(table);
    check_current(table, 0, count);
    check_ok(mms_table_abort(table));
    memory_writer_close();
}

/* ---- Room for the next update ---- */

enum { NEXT_LIMIT = 32 << 10 };

static size_t committed_size(mms_table *table)
{
    size_t size;

    check_ok(mms_table_commit(table, NULL));
    (void)memory_writer_value(&size);
    return size;
}

/* Whether it is new or not, a cache does not grow so that nothing could be changed afterwards. */
static void a_cache_leaves_room_for_its_next_update(void **state)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_writer *writer = memory_writer_open(NULL, 0);

    (void)state;
    options.max_bytes = 1u << 20;
    memory_writer_limit_next(NEXT_LIMIT);
    memory_writer_refuse(-ENOSPC);
    for (int i = 0; i < 2; i++) {
        mms_table *table;
        size_t size;

        check_ok(mms_table_begin(writer, &options, &table));
        for (uint64_t key = 0; key < 2000; key++)
            check_ok(put(table, key));
        size = committed_size(table);
        check_true(size > NEXT_LIMIT / 2 && size <= NEXT_LIMIT);
    }
    memory_writer_close();
}

/* A plain table has no room then, but for the update that makes it: it may be made only to be read. */
static void a_plain_table_leaves_room_unless_it_is_new(void **state)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table;
    uint64_t key = 100;

    (void)state;
    check_ok(mms_table_begin(writer, NULL, &table));
    while (key-- > 0)
        check_ok(put(table, key));
    (void)committed_size(table);
    check_ok(mms_table_begin(writer, NULL, &table));
    memory_writer_limit_next(NEXT_LIMIT);
    for (key = 0; key < 2000 && put(table, key) == 0;)
        key++;
    check_true(key < 2000);
    check_true(committed_size(table) <= NEXT_LIMIT);
    memory_writer_close();
    writer = memory_writer_open(NULL, 0);
    check_ok(mms_table_begin(writer, NULL, &table));
    memory_writer_limit_next(0);
    for (key = 0; key < 2000; key++)
        check_ok(put(table, key));
    check_true(committed_size(table) > NEXT_LIMIT);
    memory_writer_close();
}

/* ---- Much room ---- */

enum { MANY = 40000 };

static mms_table *begin_large(mms_writer *writer)
{
    mms_table *table;

    check_ok(mms_table_begin(writer, NULL, &table));
    for (uint64_t key = 0; key < MANY; key++)
        check_ok(put(table, key));
    return table;
}

static void the_directory_grows(void **state)
{
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table = begin_large(writer);
    mms_table_info info;
    mms_table_view view;

    (void)state;
    check_current(table, 0, MANY);
    check_ok(mms_table_current(table, &view));
    mms_table_describe(&view, &info);
    check_true(info.buckets > 8 * MMS__SEGMENT);
    check_ok(mms_table_commit(table, NULL));
    memory_writer_close();
}

/* Counted in bytes below the last value's size; T3. */
static void no_change_moves_more_than_a_bucket(void **state)
{
    enum { MOST = 4096 };
    mms_writer *writer = memory_writer_open(NULL, 0);
    mms_table *table = begin_large(writer);
    uint64_t before;

    (void)state;
    check_ok(mms_table_commit(table, NULL));
    check_ok(mms_table_begin(writer, NULL, &table));
    for (uint64_t key = MANY; key < 3 * MANY; key++) {
        before = memory_writer_touched();
        check_ok(put(table, key));
        check_true(memory_writer_touched() - before < MOST);
    }
    for (uint64_t key = 0; key < 3 * MANY; key++) {
        before = memory_writer_touched();
        check_ok(mms_table_delete(table, &key, sizeof key));
        check_true(memory_writer_touched() - before < MOST);
    }
    check_ok(mms_table_abort(table));
    memory_writer_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_put_that_fails_changes_nothing),
        cmocka_unit_test(a_replacement_that_fails_changes_nothing),
        cmocka_unit_test(no_room_for_what_is_expected_says_so),
        cmocka_unit_test(other_errors_are_passed_on),
        cmocka_unit_test(a_cache_in_a_small_region_makes_room),
        cmocka_unit_test(a_cache_without_memory_makes_room),
        cmocka_unit_test(a_cache_makes_room_for_a_large_value),
        cmocka_unit_test(a_large_value_is_paid_for_at_once),
        cmocka_unit_test(what_has_expired_makes_room),
        cmocka_unit_test(what_has_not_expired_stays),
        cmocka_unit_test(a_cache_leaves_room_for_its_next_update),
        cmocka_unit_test(a_plain_table_leaves_room_unless_it_is_new),
        cmocka_unit_test(the_directory_grows),
        cmocka_unit_test(no_change_moves_more_than_a_bucket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
