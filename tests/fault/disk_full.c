/* SPDX-License-Identifier: Apache-2.0 */
/* Whole values on a full disk: an error that mentions containers; the last value stays, the writer can
   go on, and there is never a SIGBUS (G7). On a tmpfs of 2 MiB in a mount namespace of our own. */
#include "filled.h"
#include "forked.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include "small_memory.h"
#include <dirent.h>
#include <errno.h>
#include <mmsync/history.h>
#include <string.h>
#include <sys/stat.h>

enum { KIB = 1 << 10, MIB = 1 << 20 };

static void write_too_much(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    static char big[8 * MIB];

    check_ok(publish_filled(writer, 100 * KIB, 1));
    for (int i = 0; i < 5; i++) {
        check_code(publish_filled(writer, 8 * MIB, 2), -ENOSPC);
        check_detail_mentions("in a container");
        check_detail_mentions("64 MiB");
        check_detail_mentions("the last value stays");
        check_code(mms_write(writer, big, sizeof big, NULL), -ENOSPC);
        check_filled(reader, 100 * KIB, 1);
    }
    for (unsigned char i = 3; i < 20; i++) {
        check_ok(publish_filled(writer, 200 * KIB, i));
        check_filled(reader, 200 * KIB, i);
    }
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void value_too_large_for_the_disk_leaves_the_last_one_and_the_writer(void **state)
{
    in_small_memory(state, 2 * MIB, write_too_much);
}

/* With two slots, the one taken for the write that failed is the only one that the next write can
   have. */
static void fail_with_two_slots(void *directory)
{
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.max_size = 64 * MIB;
    options.max_slots = 2;
    writer = sample_writer_with(region_in(directory), options);
    for (unsigned char i = 0; i < 6; i++) {
        check_ok(publish_filled(writer, 100 * KIB, i));
        check_ok(publish_filled(writer, 100 * KIB, i));
        check_code(publish_filled(writer, 8 * MIB, i), -ENOSPC);
    }
    check_ok(mms_writer_close(writer));
}

static void failed_write_gives_its_slot_back(void **state)
{
    in_small_memory(state, 2 * MIB, fail_with_two_slots);
}

/* A writer records memory before it asks for it; if it dies in between, it leaves a record of
   memory that it never got. */
static void succeed_a_writer_that_noted_too_much(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);

    check_ok(publish_filled(writer, 4 * KIB, 1));
    check_ok(mms_writer_close(writer));
    for (size_t slot = 0; slot < 4; slot++)
        patch_word(path, "control",
                   offsetof(struct mms__control, slots) + slot * sizeof(struct mms__descriptor) +
                       offsetof(struct mms__descriptor, allocated),
                   8 * MIB);
    fill_memory(directory);
    writer = roomy_writer(path);
    check_code(publish_filled(writer, 512 * KIB, 2), -ENOSPC);
    empty_memory(directory);
    check_ok(publish_filled(writer, 512 * KIB, 3));
    check_ok(mms_writer_close(writer));
}

static void what_the_last_writer_noted_is_not_relied_on(void **state)
{
    in_small_memory(state, 2 * MIB, succeed_a_writer_that_noted_too_much);
}

static void grow_too_much(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    void *buffer, *moved;

    check_ok(mms_write_begin(writer, 100 * KIB, &buffer, NULL));
    memset(buffer, 7, 100 * KIB);
    check_code(mms_write_grow(writer, 8 * MIB, &moved), -ENOSPC);
    check_ok(mms_write_grow(writer, 200 * KIB, &moved));
    memset((char *)moved + 100 * KIB, 7, 100 * KIB);
    check_ok(mms_write_commit(writer, 200 * KIB, NULL));
    check_ok(mms_writer_close(writer));
}

static void failed_grow_keeps_what_is_written(void **state)
{
    in_small_memory(state, 2 * MIB, grow_too_much);
}

static void write_while_full(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);

    check_ok(publish_filled(writer, 100 * KIB, 1));
    fill_memory(directory);
    check_code(publish_filled(writer, 300 * KIB, 2), -ENOSPC);
    check_filled(reader, 100 * KIB, 1);
    empty_memory(directory);
    check_ok(publish_filled(writer, 300 * KIB, 3));
    check_filled(reader, 300 * KIB, 3);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void writer_recovers_when_others_make_room(void **state)
{
    in_small_memory(state, 2 * MIB, write_while_full);
}

static void write_on_what_there_is(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);

    for (unsigned char i = 1; i < 5; i++) /* slots have their room */
        check_ok(publish_filled(writer, 50 * KIB, i));
    fill_memory(directory);
    for (unsigned char i = 1; i < 50; i++) {
        check_ok(publish_filled(writer, 50 * KIB, i));
        check_filled(reader, 50 * KIB, i);
    }
    check_ok(mms_writer_close(writer));
    writer = roomy_writer(path); /* a successor with the disk full */
    for (unsigned char i = 1; i < 10; i++) {
        check_ok(publish_filled(writer, 50 * KIB, i));
        check_filled(reader, 50 * KIB, i);
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void slots_in_use_are_written_on_a_full_disk(void **state)
{
    in_small_memory(state, 2 * MIB, write_on_what_there_is);
}

static void cycle_two_slots(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);

    for (unsigned char i = 1; i < 30; i++) { /* a third slot of this size does not fit */
        check_ok(publish_filled(writer, 700 * KIB, i));
        check_filled(reader, 700 * KIB, i);
    }
    for (unsigned char i = 1; i < 30; i++) { /* nor do the old sizes beside the new */
        check_ok(publish_filled(writer, i % 2 ? 900 * KIB : 30 * KIB, i));
        check_filled(reader, i % 2 ? 900 * KIB : 30 * KIB, i);
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* The slots of many small values give up their memory, under new generations, for a large
   value. */
static void crowd_out_small_values(void *directory)
{
    const char *path = region_in(directory);
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;

    options.max_size = 64 * MIB;
    options.max_slots = 16;
    writer = sample_writer_with(path, options);
    region = sample_region(path);
    reader = sample_reader(region);
    for (unsigned char i = 1; i < 12; i++)
        check_ok(publish_filled(writer, 100 * KIB, i));
    check_ok(publish_filled(writer, 1200 * KIB, 12));
    check_filled(reader, 1200 * KIB, 12);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void receipt_names_what_was_published(void **state)
{
    in_small_memory(state, 2 * MIB, crowd_out_small_values);
}

static void room_for_two_values_is_enough(void **state)
{
    in_small_memory(state, 2 * MIB, cycle_two_slots);
}

static void grow_into_what_was_given_back(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);

    for (unsigned char i = 1; i < 5; i++)
        check_ok(publish_filled(writer, 4 * MIB, i));
    for (int i = 0; i < 300; i++)
        check_ok(publish_filled(writer, 10 * KIB, (unsigned char)(i % 100 + 1)));
    check_true(file_blocks(path, "data") < 4 * MIB); /* or nothing was freed, and this proves nothing */
    fill_memory(directory);
    for (int i = 0; i < 5; i++) {
        check_code(publish_filled(writer, 4 * MIB, 7), -ENOSPC);
        check_filled(reader, 10 * KIB, 299 % 100 + 1);
    }
    empty_memory(directory);
    check_ok(publish_filled(writer, 4 * MIB, 8));
    check_filled(reader, 4 * MIB, 8);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void memory_that_was_given_back_is_asked_for_again(void **state)
{
    const char *directory = scratch_path(state, "small");

    check_true(mkdir(directory, 0755) == 0);
    in_child_with_mount("tmpfs", "size=16m", directory, grow_into_what_was_given_back, (void *)(uintptr_t)directory);
}

/* G13: what is kept is worth less than a write that would fail, and is given up from the oldest on. */
static void write_over_what_is_kept(void *directory)
{
    const char *path = region_in(directory);
    mms_writer_options options = sample_options();
    mms_past_value values[8];
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    uint64_t oldest;
    size_t count;

    options.max_size = 64 * MIB;
    options.max_slots = 8;
    options.keep = 3;
    writer = sample_writer_with(path, options);
    region = sample_region(path);
    reader = sample_reader(region);
    for (unsigned char i = 1; i <= 4; i++) /* each takes so much that more than the three cannot stay */
        check_ok(publish_filled(writer, 300 * KIB, i));
    check_ok(mms_history(path, values, 8, &count));
    check_equal(count, 4);
    oldest = values[3].generation;
    check_ok(publish_filled(writer, 1200 * KIB, 5));
    check_filled(reader, 1200 * KIB, 5);
    check_ok(mms_history(path, values, 8, &count));
    check_true(count < 4 && values[0].size == 1200 * KIB);
    for (size_t i = 1; i < count; i++)
        check_true(values[i].generation > oldest);
    check_code(mms_write_rollback(writer, oldest, NULL), MMS_E_FORGOTTEN);
    check_code(publish_filled(writer, 1200 * KIB, 6), -ENOSPC); /* not at the cost of the newest value */
    check_filled(reader, 1200 * KIB, 5);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void kept_values_give_way_to_a_write_that_needs_their_memory(void **state)
{
    in_small_memory(state, 2 * MIB, write_over_what_is_kept);
}

static void hold_while_full(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_view view;

    check_ok(publish_filled(writer, 700 * KIB, 1));
    check_ok(mms_read(reader, &view));
    check_ok(publish_filled(writer, 700 * KIB, 2));
    check_code(publish_filled(writer, 700 * KIB, 3), -ENOSPC);
    check_equal(((const unsigned char *)view.data)[700 * KIB - 1], 1);
    check_ok(mms_release(reader));
    check_ok(publish_filled(writer, 700 * KIB, 4));
    check_filled(reader, 700 * KIB, 4);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void held_view_stays_whole_on_a_full_disk(void **state)
{
    in_small_memory(state, 2 * MIB, hold_while_full);
}

static unsigned count_entries(const char *directory)
{
    DIR *entries = opendir(directory);
    unsigned count = 0;

    check_true(entries != NULL);
    while (readdir(entries))
        count++;
    closedir(entries);
    return count - 2;
}

static void create_on_full_disk(void *directory)
{
    mms_writer_options options = sample_options();
    const char *path = region_in(directory);
    mms_writer *writer;

    fill_memory(directory);
    check_code(mms_writer_open(path, &options, &writer), -ENOSPC);
    check_detail_mentions("in a container");
    check_equal(count_entries(directory), 1);
    empty_memory(directory);
    check_ok(mms_writer_open(path, &options, &writer));
    check_ok(mms_writer_close(writer));
}

static void region_is_not_made_on_a_full_disk_and_nothing_is_left(void **state)
{
    in_small_memory(state, 2 * MIB, create_on_full_disk);
}

static void replace_on_full_disk(void *directory)
{
    mms_writer_options options = sample_options();
    const char *path = region_in(directory);
    mms_writer *writer = sample_writer(path);

    check_ok(publish_filled(writer, 60 * KIB, 1));
    publish_text(writer, "kept");
    check_ok(mms_writer_close(writer));
    fill_memory(directory);
    options.max_slots = 9;
    options.replace = true;
    check_code(mms_writer_open(path, &options, &writer), -ENOSPC);
    check_copies(path, "kept");
    check_equal(count_entries(directory), 2);
    empty_memory(directory);
    check_ok(mms_writer_open(path, &options, &writer));
    check_copies(path, "kept");
    check_ok(mms_writer_close(writer));
}

static void replacement_that_finds_no_room_leaves_all_as_it_was(void **state)
{
    in_small_memory(state, 2 * MIB, replace_on_full_disk);
}

static void make_default_region(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer;

    check_ok(mms_writer_open(path, NULL, &writer));
    publish_text(writer, "value");
    check_copies(path, "value");
    check_ok(mms_writer_close(writer));
}

static void defaults_fit_where_memory_is_small(void **state)
{
    skip_under_emulator("the defaults map 512 GiB, and qemu keeps a record of every page");
    in_small_memory(state, 2 * MIB, make_default_region);
}

/* ---- Views that were taken away ---- */

/* So large that a slot of small values gives most of it back, if it may. */
enum { EVICTED_SIZE = 3 * MIB };

static mms_writer *evicting_writer(const char *path)
{
    mms_writer_options options = sample_options();

    options.max_size = EVICTED_SIZE;
    options.max_slots = 2;
    options.on_grace = MMS_EVICT;
    return sample_writer_with(path, options);
}

/* Read all of it, like a reader that has not noticed yet. A hole would raise SIGBUS. */
static void check_evicted_and_alive(mms_reader *reader, const mms_view *view)
{
    volatile unsigned char sink = 0;

    for (size_t i = 0; i < view->size; i += KIB)
        sink ^= ((const volatile unsigned char *)view->data)[i];
    (void)sink;
    check_code(mms_release(reader), MMS_E_EVICTED);
    check_ok(mms_reader_close(reader));
}

/* Each of two writers takes a slot twice; the readers evicted later notice at once. Then small
   values, while others take the room that these could free. */
static void evict_from_a_full_disk(void *directory)
{
    const char *path = region_in(directory);
    mms_region_options evictable = MMS_REGION_OPTIONS_INIT;
    mms_writer *writer = evicting_writer(path);
    mms_reader *first, *later;
    mms_view view, other;
    mms_region *region;

    check_ok(publish_filled(writer, EVICTED_SIZE, 1));
    evictable.allow_evict = true;
    check_ok(mms_region_open(path, &evictable, &region));
    first = sample_reader(region);
    check_ok(mms_read(first, &view));
    for (unsigned char i = 2; i < 6; i++) {
        check_ok(publish_filled(writer, EVICTED_SIZE, i));
        later = sample_reader(region);
        check_ok(mms_read(later, &other));
        check_ok(publish_filled(writer, EVICTED_SIZE, i));
        check_ok(publish_filled(writer, EVICTED_SIZE, i));
        check_evicted_and_alive(later, &other);
        if (i % 2 == 1) {
            check_ok(mms_writer_close(writer));
            writer = evicting_writer(path);
        }
    }
    for (unsigned char i = 0; i < 200; i++) {
        mms__native_writer_of(writer)->pool.last_punch_look_ns = 0; /* as if time had passed */
        check_ok(publish_filled(writer, 100, i));
    }
    fill_memory(directory);
    check_evicted_and_alive(first, &view);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void evicted_readers_live_on_a_full_disk(void **state)
{
    in_small_memory(state, 8 * MIB, evict_from_a_full_disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(what_the_last_writer_noted_is_not_relied_on),
        scratch_test(failed_write_gives_its_slot_back),
        scratch_test(value_too_large_for_the_disk_leaves_the_last_one_and_the_writer),
        scratch_test(failed_grow_keeps_what_is_written),
        scratch_test(writer_recovers_when_others_make_room),
        scratch_test(slots_in_use_are_written_on_a_full_disk),
        scratch_test(room_for_two_values_is_enough),
        scratch_test(receipt_names_what_was_published),
        scratch_test(memory_that_was_given_back_is_asked_for_again),
        scratch_test(kept_values_give_way_to_a_write_that_needs_their_memory),
        scratch_test(held_view_stays_whole_on_a_full_disk),
        scratch_test(evicted_readers_live_on_a_full_disk),
        scratch_test(region_is_not_made_on_a_full_disk_and_nothing_is_left),
        scratch_test(replacement_that_finds_no_room_leaves_all_as_it_was),
        scratch_test(defaults_fit_where_memory_is_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
