/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that outgrow a small tmpfs of their own: a cache evicts and goes on (T6), a plain table says
   that there is no room, and the next update can always begin (region/update.c). */
#include "os/clock.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include "small_memory.h"
#include <errno.h>
#include <mmsync/table.h>
#include <string.h>

enum { KIB = 1 << 10, MIB = 1 << 20, TMPFS = 4 * MIB };

static int put(mms_table *table, uint64_t key)
{
    static const char value[1000];

    return mms_table_put(table, &key, sizeof key, value, sizeof value);
}

/* Those from `first` to `last` alone are there. */
static void check_keys(const char *path, uint64_t first, uint64_t last)
{
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_table_view table;
    mms_view view;

    check_ok(mms_read(reader, &view));
    check_ok(mms_table_of(&view, &table));
    check_ok(mms_table_check(&table));
    check_equal(mms_table_count(&table), last - first + 1);
    for (uint64_t key = first; key <= last; key++)
        check_true(mms_table_get(&table, &key, sizeof key, NULL) != NULL);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static mms_table_options cache_options(void)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;

    options.max_bytes = 2 * TMPFS;
    return options;
}

/* So many updates of so many puts, all of which succeed; then nothing but the oldest is missing. */
static void fill_cache(const char *path, mms_writer *writer, uint64_t updates, uint64_t puts)
{
    mms_table_options options = cache_options();
    uint64_t key = 0, evicted = 0;
    mms_receipt receipt;

    while (updates-- > 0) {
        mms_table *table;

        check_ok(mms_table_begin(writer, &options, &table));
        for (uint64_t i = 0; i < puts; i++)
            check_ok(put(table, key++));
        check_ok(mms_table_commit(table, &receipt));
        evicted += receipt.table_evicted;
    }
    check_true(evicted > 0 && receipt.size > TMPFS / 4);
    check_keys(path, evicted, key - 1);
}

static void put_one_by_one(void *directory)
{
    mms_writer *writer = roomy_writer(region_in(directory));

    fill_cache(region_in(directory), writer, 4000, 1);
    check_ok(mms_writer_close(writer));
    writer = roomy_writer(region_in(directory)); /* nor is its successor locked out */
    check_ok(mms_writer_close(writer));
}

/* Wherever memory ends: in the slot of an update, or between two. */
static void a_cache_goes_on(void **state)
{
    for (unsigned more = 0; more < 192 * KIB; more += 24 * KIB)
        in_small_memory(state, TMPFS + more, put_one_by_one);
}

static void delete_and_clear(mms_writer *writer, uint64_t key)
{
    mms_table *table;

    check_ok(mms_table_begin(writer, NULL, &table));
    check_ok(mms_table_delete(table, &key, sizeof key));
    check_ok(mms_table_commit(table, NULL));
    check_ok(mms_table_begin(writer, NULL, &table));
    check_ok(mms_table_clear(table));
    check_ok(put(table, key));
    check_ok(mms_table_commit(table, NULL));
}

static void put_all_at_once(void *directory)
{
    mms_writer *writer = roomy_writer(region_in(directory));

    fill_cache(region_in(directory), writer, 1, 6000);
    delete_and_clear(writer, 5999);
    check_keys(region_in(directory), 5999, 5999);
    check_ok(mms_writer_close(writer));
}

static void a_cache_that_is_filled_in_its_first_update_does(void **state)
{
    in_small_memory(state, TMPFS, put_all_at_once);
}

static void begin_with_pages(const char *directory, off_t pages)
{
    mms_table_options options = cache_options();
    mms_writer *writer = roomy_writer(region_in(directory));
    mms_table *table;

    fill_memory_but(directory, pages * 4096);
    if (mms_table_begin(writer, &options, &table) == 0) {
        check_ok(put(table, 1));
        check_ok(mms_table_commit(table, NULL));
    }
    check_true(mms__pool_invariant(&mms__native_writer_of(writer)->pool) == NULL);
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(region_in(directory)));
    empty_memory(directory);
}

/* From where there is room for nothing to where there is for all. */
static void begin_in_little_room(void *directory)
{
    for (off_t pages = 0; pages < 32; pages++)
        begin_with_pages(directory, pages);
}

/* A first update takes two slots, its own and one for the next, and without memory for the second that must not be its own
   as well: what it publishes would count as free. */
static void a_first_update_shares_its_slot_with_nobody(void **state)
{
    in_small_memory(state, TMPFS, begin_in_little_room);
}

static mms_table *begin_until_full(mms_writer *writer, uint64_t *count)
{
    mms_table *table;
    int code;

    check_ok(mms_table_begin(writer, NULL, &table));
    for (*count = 0; (code = put(table, *count)) == 0;)
        ++*count;
    check_code(code, -ENOSPC);
    check_detail_mentions("no room");
    return table;
}

static uint64_t put_until_full(mms_writer *writer)
{
    uint64_t count;

    check_ok(mms_table_commit(begin_until_full(writer, &count), NULL));
    return count;
}

static void fill_plain_table(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    mms_table *table;
    uint64_t count;

    check_ok(mms_table_begin(writer, NULL, &table));
    check_ok(put(table, 0));
    check_ok(mms_table_commit(table, NULL));
    count = put_until_full(writer);
    check_keys(path, 0, count - 1);
    delete_and_clear(writer, 0);
    check_keys(path, 0, 0);
    check_ok(mms_writer_close(writer));
}

static void a_plain_table_has_no_room_and_can_be_changed(void **state)
{
    in_small_memory(state, TMPFS, fill_plain_table);
}

/* Twice as large, but then it is as it is. */
static void make_plain_table(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    uint64_t count = put_until_full(writer);
    mms_table *table;

    check_true(count * KIB > TMPFS / 4 * 3);
    check_code(mms_table_begin(writer, NULL, &table), -ENOSPC);
    check_keys(path, 0, count - 1);
    check_ok(mms_writer_close(writer));
}

static void a_plain_table_may_be_made_to_be_read(void **state)
{
    in_small_memory(state, TMPFS, make_plain_table);
}

/* The slot that has the room may be held: then this is no different from all slots being held. */
static void hold_the_other_slot(void *directory)
{
    enum { GRACE_MS = 30 };
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    mms_table_options options = cache_options();
    mms_region *region;
    mms_reader *reader;
    mms_table *table;
    uint64_t start;

    fill_cache(path, writer, 4000, 1);
    region = sample_region(path);
    reader = holding_reader(region);
    check_ok(mms_table_begin(writer, &options, &table));
    check_ok(put(table, 4000));
    check_ok(mms_table_commit(table, NULL));
    check_ok(mms_writer_set_grace(writer, GRACE_MS));
    start = mms__now_ns();
    check_code(mms_table_begin(writer, &options, &table), -ENOSPC);
    check_true(mms__now_ns() - start >= GRACE_MS * UINT64_C(1000000));
    check_ok(mms_writer_set_grace(writer, MMS_NO_WAIT));
    check_ok(mms_release(reader));
    for (uint64_t key = 4001; key < 4010; key++) {
        check_ok(mms_table_begin(writer, &options, &table));
        check_ok(put(table, key));
        check_ok(mms_table_commit(table, NULL));
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void a_reader_that_holds_the_room_is_waited_for(void **state)
{
    in_small_memory(state, TMPFS, hold_the_other_slot);
}

/* As noted, no slot has any memory: what a grow that fails gives back then must not be the current value. */
static void grow_after_damage(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    mms_table *table;
    uint64_t count, again;

    check_ok(mms_table_begin(writer, NULL, &table));
    check_ok(put(table, 0));
    check_ok(mms_table_commit(table, NULL));
    count = put_until_full(writer);
    check_ok(mms_writer_close(writer));
    for (size_t slot = 0; slot < 4; slot++)
        patch_word(path, "control",
                   offsetof(struct mms__control, slots) + slot * sizeof(struct mms__descriptor) +
                       offsetof(struct mms__descriptor, allocated),
                   0);
    writer = roomy_writer(path);
    table = begin_until_full(writer, &again);
    check_equal(again, count);
    check_keys(path, 0, count - 1);
    check_ok(mms_table_abort(table));
    check_ok(mms_writer_close(writer));
}

static void the_current_value_stays_whatever_is_noted(void **state)
{
    in_small_memory(state, TMPFS, grow_after_damage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_cache_goes_on),
        scratch_test(a_cache_that_is_filled_in_its_first_update_does),
        scratch_test(a_first_update_shares_its_slot_with_nobody),
        scratch_test(a_plain_table_has_no_room_and_can_be_changed),
        scratch_test(a_plain_table_may_be_made_to_be_read),
        scratch_test(a_reader_that_holds_the_room_is_waited_for),
        scratch_test(the_current_value_stays_whatever_is_noted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
