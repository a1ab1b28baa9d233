/* SPDX-License-Identifier: Apache-2.0 */
/* Evicted readers: the memory under their views stays until they know, whoever evicted them and
   whatever has used the slot since (region/slot_memory.c, region/room.c). */
#include "forked.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <string.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

static struct mms__pool *pool_of(mms_writer *writer)
{
    return &mms__native_writer_of(writer)->pool;
}

/* Two slots, and a writer that does not wait. */
static mms_writer *evicting_writer(const char *path)
{
    mms_writer_options options = sample_options();

    options.max_size = 8 * MIB;
    options.max_slots = 2;
    options.on_grace = MMS_EVICT;
    return sample_writer_with(path, options);
}

static mms_region *evictable_region(const char *path)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;

    options.allow_evict = true;
    check_ok(mms_region_open(path, &options, &region));
    return region;
}

static void publish_small_ones(mms_writer *writer)
{
    for (int i = 0; i < 300; i++) {
        publish_size(writer, 100);
        check_true(mms__pool_invariant(pool_of(writer)) == NULL);
    }
}

/* The reader does not know yet: its loads must find what was there or what was written since, and
   not take new memory. Once it knows, the memory is freed. */
static void check_memory_stays_until_it_knows(const char *path, mms_writer *writer, mms_reader *reader)
{
    publish_small_ones(writer);
    check_true(file_blocks(path, "data") >= 8 * MIB);
    check_code(mms_reader_close(reader), MMS_E_EVICTED);
    publish_small_ones(writer);
    check_true(file_blocks(path, "data") < 8 * MIB);
}

static void memory_under_an_evicted_view_stays(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = evicting_writer(path);
    mms_region *region;

    publish_size(writer, 8 * MIB);
    region = evictable_region(path);
    check_memory_stays_until_it_knows(path, writer, holding_reader(region));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* Six slots of 8 MiB. One was taken from a reader that does not know; four are free, or become
   free at the next scan. */
static mms_reader *evict_one_of_many(const char *path, mms_writer *writer, mms_region *evictable)
{
    mms_region *region = sample_region(path);
    mms_reader *evicted, *holders[4];
    mms_receipt receipt;

    publish_size(writer, 8 * MIB);
    evicted = holding_reader(evictable);
    for (int i = 0; i < 4; i++) {
        publish_size(writer, 8 * MIB);
        holders[i] = holding_reader(region);
    }
    publish_size(writer, 8 * MIB);
    check_ok(mms_write(writer, "x", 1, &receipt));
    check_equal(receipt.evicted, 1);
    for (int i = 0; i < 4; i++)
        check_ok(mms_reader_close(holders[i]));
    check_ok(mms_region_close(region));
    return evicted;
}

/* Writes do not scan each time, and mark no slot in vain: each mark uses a generation. */
static void writes_over_an_evicted_view_do_not_look_each_time(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_region *region;
    mms_writer *writer;
    mms_reader *reader;
    mms_receipt first, last;
    bool looked = true;

    options.max_size = 8 * MIB;
    options.max_slots = 6;
    options.max_readers = 8;
    options.grace_ms = MMS_NO_WAIT;
    options.on_grace = MMS_EVICT;
    writer = sample_writer_with(path, options);
    region = evictable_region(path);
    reader = evict_one_of_many(path, writer, region);
    check_ok(mms_write(writer, "x", 1, &first));
    for (int i = 0; i < 60; i++) {         /* until so much room counts as too much */
        pool_of(writer)->last_care_ns = 0; /* at the next scan */
        check_ok(mms_write(writer, "x", 1, &last));
    }
    check_equal(last.generation, first.generation + 60);
    for (int i = 0; i < 1000 && looked; i++) { /* until one try was fast enough */
        check_ok(mms_write(writer, "x", 1, NULL));
        if (pool_of(writer)->free_count == 0)
            continue; /* the next write needs a scan */
        pool_of(writer)->open_covers.from = 0;
        check_ok(mms_write(writer, "x", 1, NULL));
        looked = pool_of(writer)->open_covers.from != 0;
    }
    check_true(!looked);
    check_code(mms_reader_close(reader), MMS_E_EVICTED);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* The same slots are taken from others, which notice, while the first has not. */
static void memory_stays_when_others_are_evicted_from_the_slot_and_know(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = evicting_writer(path);
    mms_reader *first, *later;
    mms_region *region;

    publish_size(writer, 8 * MIB);
    region = evictable_region(path);
    first = holding_reader(region);
    for (int i = 0; i < 4; i++) {
        publish_size(writer, 8 * MIB);
        later = holding_reader(region);
        publish_size(writer, 8 * MIB);
        publish_size(writer, 8 * MIB);
        check_code(mms_reader_close(later), MMS_E_EVICTED);
    }
    check_memory_stays_until_it_knows(path, writer, first);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* A successor has been told nothing: it has to look. */
static void memory_stays_under_readers_evicted_by_an_earlier_writer(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = evicting_writer(path);
    mms_region *region;
    mms_reader *reader;

    publish_size(writer, 8 * MIB);
    region = evictable_region(path);
    reader = holding_reader(region);
    for (int i = 0; i < 3; i++) {
        publish_size(writer, 8 * MIB);
        publish_size(writer, 8 * MIB);
        check_ok(mms_writer_close(writer));
        writer = evicting_writer(path);
    }
    check_memory_stays_until_it_knows(path, writer, reader);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* Evicts the holder of the first slot, and dies while it is writing there. */
static void evict_and_die(void *path)
{
    mms_writer *writer = evicting_writer(path);
    mms_receipt receipt;
    void *buffer;

    publish_size(writer, 8 * MIB);
    check_ok(mms_write_begin(writer, 8 * MIB, &buffer, &receipt));
    check_equal(receipt.evicted, 1);
    memset(buffer, 3, MIB);
    _exit(0);
}

static void memory_stays_under_readers_evicted_by_a_writer_that_died(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = evicting_writer(path);
    mms_region *region;
    mms_reader *reader;

    publish_size(writer, 8 * MIB);
    check_ok(mms_writer_close(writer));
    region = evictable_region(path);
    reader = holding_reader(region);
    in_child(evict_and_die, (void *)(uintptr_t)path);
    writer = evicting_writer(path);
    check_memory_stays_until_it_knows(path, writer, reader);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(memory_under_an_evicted_view_stays),
        scratch_test(writes_over_an_evicted_view_do_not_look_each_time),
        scratch_test(memory_stays_when_others_are_evicted_from_the_slot_and_know),
        scratch_test(memory_stays_under_readers_evicted_by_an_earlier_writer),
        scratch_test(memory_stays_under_readers_evicted_by_a_writer_that_died),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
