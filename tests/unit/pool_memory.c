/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory slots take: spare slots for small values, few for large ones, and less again
   when values shrink (region/pool_take.c, region/room.c). */
#include "forked.h"
#include "region/keep.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As many slots of 64 MiB as a 32-bit process can map twice. */
enum { MIB = 1 << 20, SLOTS = sizeof(void *) == 8 ? 100 : 14 };

static struct mms__pool *pool_of(mms_writer *writer)
{
    return &mms__native_writer_of(writer)->pool;
}

static mms_writer *roomy_writer(const char *path)
{
    mms_writer_options options = sample_options();

    options.max_size = 64 * MIB;
    options.max_slots = SLOTS;
    return sample_writer_with(path, options);
}

static unsigned slots_used(const char *path)
{
    mms_info info;

    check_ok(mms_inspect(path, &info));
    return info.slots_used;
}

/* Where each scan needs a heavy fence, or readers pay for theirs, slots are not used again before they have all been used. */
static void small_values_use_many_slots(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = roomy_writer(path);

    pool_of(writer)->can_membarrier = false; /* no quick scans, whose number depends on the speed of the machine */
    pool_of(writer)->quick_due = UINT64_MAX;
    for (int i = 0; i < 500; i++)
        publish_size(writer, 36);
    check_equal(slots_used(path), SLOTS);
    check_ok(mms_writer_close(writer));
}

static void large_values_use_few_slots(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = roomy_writer(path);

    for (int i = 0; i < 50; i++)
        publish_size(writer, 4 * MIB);
    check_true(slots_used(path) <= 3);
    check_true(file_blocks(path, "data") <= 3 * 4 * MIB + MIB / 2);
    check_ok(mms_writer_close(writer));
}

static void memory_is_bounded_for_sizes_between(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = roomy_writer(path);

    for (int i = 0; i < 200; i++)
        publish_size(writer, 100 << 10);
    check_true(slots_used(path) >= 3 && slots_used(path) <= 12);
    check_true(file_blocks(path, "data") <= 2 * MIB);
    check_ok(mms_writer_close(writer));
}

static void held_slots_make_more_be_taken_into_use(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = roomy_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *readers[4];
    mms_view view;

    for (int i = 0; i < 4; i++) {
        publish_size(writer, 4 * MIB);
        readers[i] = sample_reader(region);
        check_ok(mms_read(readers[i], &view));
    }
    for (int i = 0; i < 10; i++)
        publish_size(writer, 4 * MIB);
    check_true(slots_used(path) >= 6 && slots_used(path) <= 7);
    for (int i = 0; i < 4; i++)
        check_ok(mms_reader_close(readers[i]));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void shrinking_values_give_memory_back(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = roomy_writer(path);

    for (int i = 0; i < 10; i++)
        publish_size(writer, 32 * MIB);
    check_true(file_blocks(path, "data") >= 64 * MIB);
    for (int i = 0; i < 300; i++)
        publish_size(writer, 1000);
    check_true(file_blocks(path, "data") <= 4 * MIB);
    check_equal(file_size(path, "data") % 4096, 0);
    check_ok(mms_writer_close(writer));
}

/* What the writer counts as allocated, so that a store to it cannot fail, has no hole in it. */
static void check_no_holes(const char *path, mms_writer *writer)
{
    char file[4096];
    int fd;

    snprintf(file, sizeof file, "%s/data", path);
    fd = open(file, O_RDONLY | O_CLOEXEC);
    check_true(fd >= 0);
    for (unsigned slot = 0; slot < pool_of(writer)->used; slot++) {
        off_t start = (off_t)(slot * pool_of(writer)->header.stride),
              size = (off_t)pool_of(writer)->slots[slot].allocated;

        if (size > 0)
            check_true(lseek(fd, start, SEEK_HOLE) >= start + size);
        check_true(size <= (off_t)pool_of(writer)->slots[slot].backed);
    }
    close(fd);
}

static void what_counts_as_there_is_there_whatever_is_given_back(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;

    skip_under_emulator(
        "qemu takes MADV_POPULATE_WRITE and does nothing, and on tmpfs what is only reserved is a hole");
    writer = roomy_writer(path);
    for (int i = 0; i < 4; i++)
        publish_size(writer, 16 * MIB);
    check_no_holes(path, writer);
    for (int i = 0; i < 200; i++) {
        publish_size(writer, i % 2 ? 100 << 10 : 20000);
        check_no_holes(path, writer);
    }
    check_true(pool_of(writer)->backed < 16 * MIB); /* so something was freed */
    check_ok(mms_writer_close(writer));
}

static void file_never_gets_shorter(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = roomy_writer(path);
    uint64_t size = file_size(path, "data");

    for (int i = 0; i < 100; i++)
        publish_size(writer, i % 2 ? 10 * MIB : 10);
    check_equal(file_size(path, "data"), size);
    check_ok(mms_writer_close(writer));
}

static void alternating_sizes_stay_within_what_the_large_ones_need(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = roomy_writer(path);

    for (int i = 0; i < 200; i++)
        publish_size(writer, i % 2 ? 8 * MIB : 100);
    check_true(file_blocks(path, "data") <= 4 * 8 * MIB);
    check_ok(mms_writer_close(writer));
}

static void growing_value_is_not_kept_in_every_size(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = roomy_writer(path);

    for (size_t size = MIB; size <= 16 * MIB; size += MIB / 4)
        publish_size(writer, size);
    check_true(file_blocks(path, "data") <= 4 * 16 * MIB);
    check_ok(mms_writer_close(writer));
}

static void successor_knows_what_its_predecessor_took(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = roomy_writer(path);

    for (int i = 0; i < 10; i++)
        publish_size(writer, 16 * MIB);
    check_ok(mms_writer_close(writer));
    for (int i = 0; i < 20; i++) {
        writer = roomy_writer(path);
        publish_size(writer, 16 * MIB);
        check_ok(mms_writer_close(writer));
    }
    check_true(file_blocks(path, "data") <= 4 * 16 * MIB);
    writer = roomy_writer(path);
    for (int i = 0; i < 300; i++)
        publish_size(writer, 1000);
    check_true(file_blocks(path, "data") <= 4 * MIB);
    check_ok(mms_writer_close(writer));
}

/* ---- Next to many held slots ---- */

/* Slots that readers hold must not use up the spare ones: one scan of the table serves many
   publishes. */
static void held_slots_do_not_make_each_publish_scan(void **state)
{
    enum { HELD = 300, PUBLISHES = 1000 };
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_reader *readers[HELD];
    mms_receipt receipt;
    unsigned scans = 0;
    mms_writer *writer;
    mms_region *region;

    options.max_size = 4096;
    options.max_slots = HELD + 100;
    options.max_readers = HELD;
    writer = sample_writer_with(path, options);
    region = sample_region(path);
    for (int i = 0; i < HELD; i++) {
        publish_size(writer, 100);
        readers[i] = holding_reader(region);
    }
    for (int i = 0; i < PUBLISHES; i++) {
        check_ok(mms_write(writer, "x", 1, &receipt));
        scans += receipt.reclaimed > 0;
    }
    check_true(scans <= 2 * PUBLISHES / 100 + 1);
    for (int i = 0; i < HELD; i++)
        check_ok(mms_reader_close(readers[i]));
    pool_of(writer)->last_care_ns = 0; /* care is due at the next scan */
    for (int i = 0; i < HELD + 100; i++)
        check_ok(mms_write(writer, "x", 1, &receipt));
    check_true(file_blocks(path, "data") <= MIB + MIB / 2);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static uint64_t slot_word(mms_writer *writer, unsigned slot, size_t offset)
{
    uint64_t word;

    load_bytes(writer->place.path, "control",
               offsetof(struct mms__control, slots) + slot * sizeof(struct mms__descriptor) + offset, &word,
               sizeof word);
    return word;
}

/* A reader that copies must not find zeros under the generation that it saw. */
static void slots_are_marked_before_their_memory_is_given_back(void **state)
{
    enum { HELD = 4 };
    const char *path = scratch_path(state, "region");
    mms_writer *writer = roomy_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *readers[HELD];
    uint64_t before[HELD];
    unsigned given = 0;
    mms_view view;

    for (int i = 0; i < HELD; i++) {
        readers[i] = sample_reader(region);
        publish_size(writer, MIB);
        check_ok(mms_read(readers[i], &view));
    }
    publish_size(writer, MIB);
    for (unsigned i = 0; i < HELD; i++) {
        before[i] = slot_word(writer, i, offsetof(struct mms__descriptor, generation));
        check_ok(mms_reader_close(readers[i]));
    }
    for (int i = 0; i < 60; i++) {         /* until so much room counts as too much */
        pool_of(writer)->last_care_ns = 0; /* care is due at the next scan */
        publish_size(writer, MIB);
    }
    for (unsigned i = 0; i < HELD; i++)
        if (slot_word(writer, i, offsetof(struct mms__descriptor, allocated)) == 0) {
            check_true(slot_word(writer, i, offsetof(struct mms__descriptor, generation)) > before[i]);
            given++;
        }
    check_true(given > 0);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* A full scan counts what is held and kept; what was retired after it is not in that. */
static void releasing_what_no_scan_has_counted_leaves_the_count(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.max_slots = 8;
    options.keep = 2;
    writer = sample_writer_with(path, options);
    for (int i = 0; i < 4; i++)
        publish_size(writer, 1000);
    pool_of(writer)->held = 0;
    check_equal(mms__keep_release(pool_of(writer)), 1);
    check_equal(pool_of(writer)->held, 0);
    check_ok(mms_writer_close(writer));
}

static void aborted_writes_take_no_more_than_published_ones(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = roomy_writer(path);
    void *buffer;

    publish_size(writer, 10);
    for (int i = 0; i < 50; i++) {
        check_ok(mms_write_begin(writer, MIB, &buffer, NULL));
        check_ok(mms_write_grow(writer, 8 * MIB, &buffer));
        check_ok(mms_write_abort(writer));
    }
    check_true(file_blocks(path, "data") <= 3 * 8 * MIB + MIB);
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(small_values_use_many_slots),
        scratch_test(large_values_use_few_slots),
        scratch_test_on_disk(large_values_use_few_slots),
        scratch_test(memory_is_bounded_for_sizes_between),
        scratch_test(held_slots_make_more_be_taken_into_use),
        scratch_test(shrinking_values_give_memory_back),
        scratch_test_on_disk(shrinking_values_give_memory_back),
        scratch_test(what_counts_as_there_is_there_whatever_is_given_back),
        scratch_test(file_never_gets_shorter),
        scratch_test(alternating_sizes_stay_within_what_the_large_ones_need),
        scratch_test(growing_value_is_not_kept_in_every_size),
        scratch_test(held_slots_do_not_make_each_publish_scan),
        scratch_test(slots_are_marked_before_their_memory_is_given_back),
        scratch_test(successor_knows_what_its_predecessor_took),
        scratch_test(releasing_what_no_scan_has_counted_leaves_the_count),
        scratch_test(aborted_writes_take_no_more_than_published_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
