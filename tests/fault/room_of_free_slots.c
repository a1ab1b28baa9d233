/* SPDX-License-Identifier: Apache-2.0 */
/* Where memory is short, a write takes no more of the free slots' than it needs, and of what costs the next update the least;
   and one that is refused all the same leaves its slot what it holds (region/room.c). On a tmpfs of 16 MiB. */
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include "small_memory.h"
#include <errno.h>
#include <fcntl.h>
#include <mmsync/table.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KIB = 1 << 10, SIZE = 3 << 20, STEP = 64 * KIB };

static struct mms__pool *pool_of(mms_writer *writer)
{
    return &mms__native_writer_of(writer)->pool;
}

static void update(mms_writer *writer, size_t to, char byte)
{
    size_t size;
    void *buffer;

    check_ok(mms_write_update(writer, to, &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, 0, &byte, 1));
    if (to > size)
        memset((char *)buffer + size, byte, to - size);
    check_ok(mms_write_commit(writer, to, NULL));
}

static mms_writer *open_writer(const char *directory)
{
    mms_writer_options options = sample_options();
    char path[600];

    snprintf(path, sizeof path, "%s/region", directory);
    options.max_size = 64 << 20;
    options.max_slots = 3;
    options.huge_pages = MMS_HUGE_PAGES_OFF;
    return sample_writer_with(path, options);
}

/* Three slots that each hold a value that was updated, and no other memory. */
static mms_writer *set_up(const char *directory, size_t at_last)
{
    static char value[SIZE];
    mms_writer *writer = open_writer(directory);

    memset(value, 'a', sizeof value);
    for (int i = 0; i < 3; i++)
        check_ok(mms_write(writer, value, SIZE, NULL));
    for (char byte = 'b'; byte < 'z'; byte++)
        update(writer, SIZE, byte);
    update(writer, at_last, 'y');
    fill_memory(directory);
    pool_of(writer)->quick_due = 0; /* the next write finds two slots that are free */
    return writer;
}

/* Of the slots that are free now. */
static uint64_t least_memory(mms_writer *writer)
{
    struct mms__pool *pool = pool_of(writer);
    uint64_t least = UINT64_MAX;

    check_true(pool->free_count > 0);
    for (uint32_t i = 0; i < pool->free_count; i++)
        least = pool->slots[pool->free_list[i]].backed < least ? pool->slots[pool->free_list[i]].backed : least;
    return least;
}

static bool is_all_known(mms_writer *writer)
{
    struct mms__pool *pool = pool_of(writer);

    for (uint32_t i = 0; i < pool->free_count; i++)
        if (mms__slot_content(pool, pool->free_list[i]) == 0)
            return false;
    return true;
}

static void check_value(mms_writer *writer, size_t size, char first, char rest)
{
    struct mms__pool *pool = pool_of(writer);
    const unsigned char *value =
        mms__writer_slot(mms__native_writer_of(writer), mms__word_slot(pool->control->current));

    check_equal(mms__pool_current_size(pool), size);
    check_equal(value[0], first);
    for (size_t i = 1; i < size; i++)
        check_equal(value[i], i < SIZE ? 'a' : rest);
}

static void grow_a_little(void *directory)
{
    mms_writer *writer = set_up(directory, SIZE);

    update(writer, SIZE + STEP, 'z');
    check_equal(least_memory(writer), SIZE - STEP);
    check_value(writer, SIZE + STEP, 'z', 'z');
    update(writer, SIZE, '!');
    check_value(writer, SIZE, '!', 'z');
    check_ok(mms_writer_close(writer));
}

static void growing_takes_what_it_needs(void **state)
{
    in_small_memory(state, 16 << 20, grow_a_little);
}

/* What lies above the current value is nobody's loss. */
static void grow_after_the_value_became_shorter(void *directory)
{
    mms_writer *writer = set_up(directory, SIZE - 2 * STEP);

    update(writer, SIZE + STEP, 'z');
    check_equal(least_memory(writer), SIZE - STEP);
    check_true(is_all_known(writer));
    update(writer, SIZE - 2 * STEP, '!');
    check_value(writer, SIZE - 2 * STEP, '!', 'z');
    check_ok(mms_writer_close(writer));
}

static void growing_takes_what_is_above_the_value(void **state)
{
    in_small_memory(state, 16 << 20, grow_after_the_value_became_shorter);
}

static void grow_too_much(void *directory)
{
    mms_writer *writer = set_up(directory, SIZE);
    unsigned known = 0;
    size_t size;
    void *buffer;

    check_code(mms_write_update(writer, 8 * SIZE, &buffer, &size, NULL), -ENOSPC);
    for (unsigned slot = 0; slot < 3; slot++)
        known += pool_of(writer)->slots[slot].state == MMS__SLOT_FREE && mms__slot_content(pool_of(writer), slot) != 0;
    check_equal(known, 1);
    update(writer, SIZE, '!');
    check_value(writer, SIZE, '!', 'z');
    check_ok(mms_writer_close(writer));
}

static void refused_update_leaves_what_its_slot_holds(void **state)
{
    in_small_memory(state, 16 << 20, grow_too_much);
}

/* A table asks for more than it needs, so that puts seldom have to wait for memory. */
static void put_into_a_table(void *directory)
{
    mms_writer *writer = open_writer(directory);
    static const char value[1000];
    uint64_t key = 0, least = UINT64_MAX, size;
    bool full = false;
    mms_table *table;

    for (; key < 3000; key++) {
        check_ok(mms_table_begin(writer, NULL, &table));
        check_ok(mms_table_put(table, &key, sizeof key, value, sizeof value));
        check_ok(mms_table_commit(table, NULL));
    }
    fill_memory(directory);
    for (; key < 3200 && !full; key++) {
        pool_of(writer)->quick_due = 0;
        check_ok(mms_table_begin(writer, NULL, &table));
        check_ok(mms_table_put(table, &key, sizeof key, value, sizeof value));
        check_ok(mms_table_commit(table, NULL));
        least = least_memory(writer);
        full = least < mms__pool_current_size(pool_of(writer));
    }
    check_true(full);
    size = mms__pool_current_size(pool_of(writer));
    check_true(least + 4 * STEP >= size); /* this update and the next one get some */
    check_true(pool_of(writer)->slots[mms__word_slot(pool_of(writer)->control->current)].allocated < size + STEP);
    check_ok(mms_writer_close(writer));
}

static void spare_room_is_not_taken_from_other_slots(void **state)
{
    in_small_memory(state, 16 << 20, put_into_a_table);
}

/* ---- When no slot may give up its memory ---- */

static mms_reader *evictable_reader(const char *path, mms_region **region)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;

    options.allow_evict = true;
    check_ok(mms_region_open(path, &options, region));
    return holding_reader(*region);
}

static mms_writer *open_evicting_writer(const char *directory)
{
    mms_writer_options options = sample_options();

    options.max_size = 64 << 20;
    options.max_slots = 3;
    options.huge_pages = MMS_HUGE_PAGES_OFF;
    options.on_grace = MMS_EVICT;
    return sample_writer_with(region_in(directory), options);
}

/* Returns how many readers it has evicted. */
static unsigned write_plain(mms_writer *writer, size_t size)
{
    static char value[SIZE + 2 * STEP];
    mms_receipt receipt;

    memset(value, 'a', sizeof value);
    check_ok(mms_write(writer, value, size, &receipt));
    return receipt.evicted;
}

static unsigned update_and_count_evicted(mms_writer *writer, size_t to, char byte)
{
    mms_receipt receipt;
    size_t size;
    void *buffer;

    check_ok(mms_write_update(writer, to, &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, 0, &byte, 1));
    memset((char *)buffer + size, byte, to - size);
    check_ok(mms_write_commit(writer, to, &receipt));
    return receipt.evicted;
}

/* Of the two slots that are free, one is nearer to the current value, and the other has the room. */
static void grow_beside_an_evicted_reader(void *directory)
{
    mms_writer *writer = open_evicting_writer(directory);
    mms_region *evictable, *region = sample_region(region_in(directory));
    mms_reader *evicted, *holder;
    uint64_t blocks;

    update(writer, SIZE, 'a'); /* there is a file `changes` from here on */
    evicted = evictable_reader(region_in(directory), &evictable);
    check_equal(write_plain(writer, SIZE + 2 * STEP), 0);
    holder = holding_reader(region);
    check_equal(write_plain(writer, SIZE), 0);
    check_equal(write_plain(writer, SIZE), 1);
    check_ok(mms_reader_close(holder));
    fill_memory(directory);
    blocks = file_blocks(region_in(directory), "data");
    check_equal(update_and_count_evicted(writer, SIZE + STEP, 'z'), 0);
    check_value(writer, SIZE + STEP, 'z', 'z');
    check_equal(file_blocks(region_in(directory), "data"), blocks);
    check_code(mms_reader_close(evicted), MMS_E_EVICTED);
    check_ok(mms_region_close(evictable));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* Its loads would allocate what was freed, or kill it. */
static void growing_takes_the_slot_that_has_the_room(void **state)
{
    in_small_memory(state, 16 << 20, grow_beside_an_evicted_reader);
}

static void grow_over_an_evictable_reader(void *directory)
{
    mms_writer *writer = open_evicting_writer(directory);
    mms_region *evictable;
    mms_reader *evicted;

    update(writer, SIZE, 'a');
    check_equal(write_plain(writer, SIZE + 2 * STEP), 0);
    evicted = evictable_reader(region_in(directory), &evictable);
    check_equal(write_plain(writer, SIZE), 0);
    check_equal(write_plain(writer, SIZE), 0); /* where the first one was */
    fill_memory(directory);
    check_equal(update_and_count_evicted(writer, SIZE + STEP, 'z'), 1);
    check_value(writer, SIZE + STEP, 'z', 'z');
    check_code(mms_reader_close(evicted), MMS_E_EVICTED);
    check_ok(mms_region_close(evictable));
    check_ok(mms_writer_close(writer));
}

/* A slot is free, but it is another one that has the room. */
static void growing_evicts_the_reader_that_holds_the_room(void **state)
{
    in_small_memory(state, 16 << 20, grow_over_an_evictable_reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(growing_takes_what_it_needs),
        scratch_test(growing_takes_what_is_above_the_value),
        scratch_test(refused_update_leaves_what_its_slot_holds),
        scratch_test(spare_room_is_not_taken_from_other_slots),
        scratch_test(growing_takes_the_slot_that_has_the_room),
        scratch_test(growing_evicts_the_reader_that_holds_the_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
