/* SPDX-License-Identifier: Apache-2.0 */
/* Updates on a full disk: without room for the file `changes`, for a longer ring of it, for a slot or
   to grow, the last value stays and the next update has it whole (G7, G11, G12). On a small tmpfs in a
   mount namespace of our own. */
#include "filled.h"
#include "forked.h"
#include "os/clock.h"
#include "sample.h"
#include "scratch.h"
#include "small_memory.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KIB = 1 << 10, MIB = 1 << 20 };

/* Store the whole value again through an update, and abort if that fails. */
static int update_filled(mms_writer *writer, size_t size, unsigned char fill)
{
    mms_receipt receipt;
    size_t had;
    void *buffer;
    int code = mms_write_update(writer, size, &buffer, &had, NULL);

    if (code != 0)
        return code;
    memset(buffer, fill, size);
    check_ok(mms_write_touch(writer, 0, size));
    code = mms_write_commit(writer, size, &receipt);
    filled_generation = code == 0 ? receipt.generation : filled_generation;
    return code;
}

static int update_at(mms_writer *writer, size_t size, size_t offset)
{
    size_t had;
    void *buffer;
    int code = mms_write_update(writer, size, &buffer, &had, NULL);

    if (code != 0)
        return code;
    check_ok(mms_write_patch(writer, offset, "x", 1));
    return mms_write_commit(writer, size, NULL);
}

/* No room for the file `changes`, then none for a slot, then none to grow: each is an error, and
   the update works once there is room. */
static void update_too_much(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    size_t size;
    void *buffer;

    check_ok(publish_filled(writer, 100 * KIB, 1));
    fill_memory(directory);
    for (int i = 0; i < 3; i++) {
        check_code(update_filled(writer, 100 * KIB, 2), -ENOSPC);
        check_detail_mentions("`changes`");
        check_detail_mentions("options.changes_size");
        check_filled(reader, 100 * KIB, 1);
    }
    empty_memory(directory);
    check_ok(update_filled(writer, 100 * KIB, 3));
    check_filled(reader, 100 * KIB, 3);
    check_code(update_filled(writer, 8 * MIB, 4), -ENOSPC);
    check_filled(reader, 100 * KIB, 3);
    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_code(mms_write_grow(writer, 8 * MIB, &buffer), -ENOSPC);
    for (size_t i = 0; i < size; i++)
        check_equal(((unsigned char *)buffer)[i], 3);
    check_ok(mms_write_commit(writer, size, NULL));
    filled_generation = mms_generation(region);
    check_filled(reader, 100 * KIB, 3);
    for (unsigned char i = 5; i < 20; i++) {
        check_ok(update_filled(writer, 150 * KIB + i, i));
        check_filled(reader, 150 * KIB + i, i);
    }
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* The newest value, which an update starts from, is `fill` but for what each test has patched. */
static void check_hands_out(mms_writer *writer, size_t capacity, unsigned char fill, size_t patched)
{
    unsigned char *buffer;
    size_t size;
    int code = mms_write_update(writer, capacity, (void **)&buffer, &size, NULL);

    if (code == -ENOSPC)
        return;
    check_ok(code);
    for (size_t i = 0; i < size; i++)
        check_equal(buffer[i], i < patched ? 9 : fill);
    check_ok(mms_write_abort(writer));
}

/* A slot that gets no more room gives its memory to others, but keeps what an update relies on: a
   writer that has opened the region knows what the current slot holds, but not how much of its
   room is there. */
static void update_with_no_room_to_grow(void *directory)
{
    const char *path = region_in(directory);
    mms_writer *writer = roomy_writer(path);

    check_ok(publish_filled(writer, 256 * KIB, 1));
    check_ok(mms_writer_close(writer));
    writer = roomy_writer(path);
    for (size_t i = 0; i < 2; i++) {
        void *buffer;
        size_t size;

        check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
        check_ok(mms_write_patch(writer, i, "\x9", 1));
        check_ok(mms_write_commit(writer, size, NULL));
    }
    fill_memory(directory);
    check_hands_out(writer, 0, 1, 2);
    check_hands_out(writer, 384 * KIB, 1, 2);
    check_hands_out(writer, 0, 1, 2);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

static uint64_t names_changed_ns(const char *path)
{
    struct stat status;

    check_true(stat(path, &status) == 0);
    return (uint64_t)status.st_ctim.tv_sec * 1000000000u + (uint64_t)status.st_ctim.tv_nsec;
}

/* How often the names in the region's directory change during so many updates, each at another time of the kernel's clock:
   then each looks whether they have. */
static unsigned count_changes_of_names(mms_writer *writer, const char *path, size_t size, unsigned updates)
{
    uint64_t last = names_changed_ns(path);
    unsigned changes = 0;

    for (unsigned i = 0; i < updates; i++) {
        uint64_t start = mms__time_coarse_ns(), now;

        while (mms__time_coarse_ns() == start)
            continue;
        check_ok(update_at(writer, size, i));
        now = names_changed_ns(path);
        changes += now != last;
        last = now;
    }
    return changes;
}

/* The value needs a longer ring, for which there is no room: the one that there is stays, readers are told as before, and
   nothing is tried again and again. */
static void update_with_no_room_for_a_longer_ring(void *directory)
{
    enum { LARGE = 9 * MIB, UPDATES = 20 };
    const char *path = region_in(directory);
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    char file[700];
    struct stat before, after;
    uint64_t since;
    size_t size, count;
    void *buffer;

    options.max_size = LARGE;
    options.max_slots = 2;
    writer = sample_writer_with(path, options);
    region = sample_region(path);
    snprintf(file, sizeof file, "%s/changes", path);
    check_ok(update_at(writer, 100 * KIB, 0));
    for (int i = 0; i < 2; i++)
        check_ok(publish_filled(writer, LARGE, 1));
    check_ok(mms_write_update(writer, LARGE, &buffer, &size, NULL));
    fill_memory_but(directory, 100 * KIB);
    check_true(stat(file, &before) == 0);
    check_ok(mms_write_commit(writer, LARGE, NULL));
    since = mms_generation(region);
    check_true(count_changes_of_names(writer, path, LARGE, UPDATES) <= 1);
    check_true(stat(file, &after) == 0 && after.st_ino == before.st_ino && after.st_size == (64 << 10) + 256);
    reader = sample_reader(region);
    check_ok(mms_read(reader, &(mms_view){0}));
    check_ok(mms_changes(reader, since, NULL, 0, &count));
    check_equal(count, 1);
    check_ok(mms_reader_close(reader));
    check_true(unlink(file) == 0); /* lost as well: one of the old size is made, for which there is room */
    (void)count_changes_of_names(writer, path, LARGE, 2);
    check_true(stat(file, &after) == 0 && after.st_size == before.st_size);
    check_ok(mms_writer_close(writer));
    check_true(unlink(file) == 0); /* and so does the next writer */
    writer = sample_writer_with(path, options);
    check_ok(update_at(writer, LARGE, 3));
    check_true(stat(file, &after) == 0 && after.st_size == before.st_size);
    empty_memory(directory);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void updates_on_a_full_disk_are_errors(void **state)
{
    in_small_memory(state, 2 * MIB, update_too_much);
}

static void update_that_finds_no_room_hands_out_the_value(void **state)
{
    in_small_memory(state, 2 * MIB, update_with_no_room_to_grow);
}

static void update_without_room_for_a_longer_ring_keeps_the_one_there_is(void **state)
{
    const char *directory = scratch_path(state, "small");

    check_true(mkdir(directory, 0755) == 0);
    in_child_with_mount("tmpfs", "size=32m", directory, update_with_no_room_for_a_longer_ring,
                        (void *)(uintptr_t)directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(updates_on_a_full_disk_are_errors),
        scratch_test(update_that_finds_no_room_hands_out_the_value),
        scratch_test(update_without_room_for_a_longer_ring_keeps_the_one_there_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
