/* SPDX-License-Identifier: Apache-2.0 */
/* Files of mmap-sync that are short, missing, of another kind, forbidden, or on a full disk: an
   error says so, the last value stays, nothing is reset, and there is never a SIGBUS. */
#include "forked.h"
#include "mmap_sync/protocol.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void make(const char *path, const char *text)
{
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);

    publish_text(writer, text);
    check_ok(mms_writer_close(writer));
}

static const char *file_of(const char *path, const char *suffix)
{
    static char name[700];

    snprintf(name, sizeof name, "%s%s", path, suffix);
    return name;
}

static void set_length(const char *path, const char *suffix, off_t length)
{
    check_true(truncate(file_of(path, suffix), length) == 0);
}

static int open_both(const char *path, int *writing)
{
    mms_writer *writer = NULL;
    mms_region *region = NULL;
    int code;

    *writing = mms_writer_open(crate_path(path), NULL, &writer);
    mms_writer_close(writer);
    code = mms_region_open(crate_path(path), NULL, &region);
    mms_region_close(region);
    return code;
}

static void a_state_of_another_size_is_refused_and_left_alone(void **state)
{
    const char *path = scratch_path(state, "value");
    const off_t lengths[] = {1, 8, 15, 17, 4096};
    struct stat status;
    mms_info info;
    int writing;

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        make(path, "value");
        set_length(path, "_state", lengths[i]);
        check_code(open_both(path, &writing), MMS_E_CORRUPT);
        check_detail_mentions("has ");
        check_equal(writing, MMS_E_CORRUPT);
        check_code(mms_inspect(path, &info), MMS_E_CORRUPT);
        check_code(mms_verify(path, NULL, NULL), MMS_E_CORRUPT);
        check_code(mms_repair(path, 0, 0, NULL), MMS_E_CORRUPT);
        check_true(stat(file_of(path, "_state"), &status) == 0);
        check_equal(status.st_size, lengths[i]);
        check_ok(mms_remove(path)); /* which the user asked for */
    }
}

/* What a writer leaves if it dies between open(2) and fallocate(2). */
static void an_empty_state_is_still_being_made(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_region *region;
    mms_info info;

    close(open(file_of(path, "_state"), O_RDWR | O_CREAT, 0660));
    check_code(mms_region_open(path, NULL, &region), MMS_E_EMPTY);
    check_ok(mms_inspect(path, &info));
    check_equal(info.generation, 0);
    check_ok(mms_verify(path, NULL, NULL));
    make(path, "now it is whole");
    check_copies(path, "now it is whole");
}

static void a_missing_or_short_data_file_is_an_error(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_region *region;
    mms_reader *reader;
    mms_writer *writer;
    mms_view view;
    mms_info info;
    char copy[16];
    size_t size;

    make(path, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    set_length(path, "_data_0", 2);
    check_code(mms_read(reader, &view), MMS_E_CORRUPT);
    check_detail_mentions("has 2 bytes");
    check_code(mms_read_copy(region, copy, sizeof copy, &size, NULL), MMS_E_CORRUPT);
    check_code(mms_verify(path, NULL, NULL), MMS_E_CORRUPT);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_true(unlink(file_of(path, "_data_0")) == 0);
    region = sample_region(path);
    reader = sample_reader(region);
    check_code(mms_read(reader, &view), -ENOENT);
    check_detail_mentions("_data_0 is missing");
    check_code(mms_verify(path, NULL, NULL), MMS_E_CORRUPT);
    check_ok(mms_inspect(path, &info));
    check_equal(crate_count(path, 0) + crate_count(path, 1), 0); /* failed readers are not counted */
    writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    publish_text(writer, "one");
    publish_text(writer, "two");
    check_reads(reader, "two");
    check_ok(mms_writer_close(writer));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

/* The mapping of a reader that knew the file when it was longer. */
static void a_file_that_was_cut_is_noticed_before_it_is_touched(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    char *large = calloc(1, 1 << 20);
    mms_view view;

    check_ok(mms_write(writer, large, 1 << 20, NULL));
    check_ok(mms_read(reader, &view));
    check_ok(mms_release(reader));
    publish_text(writer, "other");
    check_ok(mms_write(writer, large, 1 << 19, NULL));
    set_length(path, "_data_0", 4096);
    check_code(mms_read(reader, &view), MMS_E_CORRUPT);
    publish_text(writer, "other");
    check_ok(mms_write(writer, large, 1 << 20, NULL)); /* the writer does too, and restores it */
    check_ok(mms_read(reader, &view));
    check_memory(view.data, large, 1 << 20);
    check_ok(mms_release(reader));
    free(large);
    check_ok(mms_writer_close(writer));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void damage_is_found_by_the_checksum(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_mmap_sync_region_options mmap_sync = MMS_MMAP_SYNC_REGION_OPTIONS_INIT;
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    char copy[8];
    size_t size;
    int fd;

    make(path, "value");
    fd = open(file_of(path, "_data_0"), O_RDWR);
    check_true(pwrite(fd, "V", 1, 0) == 1);
    close(fd);
    check_code(mms_verify(path, NULL, NULL), MMS_E_CORRUPT);
    check_detail_mentions("findings");
    options.read_only = true;
    check_ok(mms_region_open(path, &options, &region));
    check_code(mms_read_copy(region, copy, sizeof copy, &size, NULL), MMS_E_CORRUPT);
    check_detail_mentions("options.mmap_sync->other_hasher");
    check_ok(mms_region_close(region));
    mmap_sync.other_hasher = true;
    options.mmap_sync = &mmap_sync;
    check_ok(mms_region_open(path, &options, &region));
    check_ok(mms_read_copy(region, copy, sizeof copy, &size, NULL));
    check_ok(mms_region_close(region));
}

static void other_kinds_of_files_are_refused(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    int writing;

    check_true(mkfifo(file_of(path, "_state"), 0660) == 0);
    check_code(open_both(path, &writing), MMS_E_NOT_REGION);
    check_equal(writing, MMS_E_NOT_REGION);
    check_true(unlink(file_of(path, "_state")) == 0);
    make(path, "value");
    check_true(unlink(file_of(path, "_data_0")) == 0 && mkdir(file_of(path, "_data_0"), 0755) == 0);
    region = sample_region(path);
    reader = sample_reader(region);
    check_code(mms_read(reader, &view), MMS_E_NOT_REGION);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_true(rmdir(file_of(path, "_data_0")) == 0);
}

/* Readers are told, and the state is removed last. */
static void a_remove_that_fails_can_be_done_again(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    make(path, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    check_true(unlink(file_of(path, "_data_0")) == 0 && mkdir(file_of(path, "_data_0"), 0755) == 0);
    check_code(mms_remove(path), -EISDIR);
    check_detail_mentions("_data_0");
    check_true(access(file_of(path, "_state"), F_OK) == 0);
    check_code(mms_read(reader, &view), MMS_E_EMPTY);
    check_true(rmdir(file_of(path, "_data_0")) == 0);
    check_ok(mms_remove(path));
    check_code(mms_read(reader, &view), MMS_E_GONE);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

/* ---- Rights ---- */

static void copy_without_rights(void *argument)
{
    const char *path = argument;
    mms_region *region;
    mms_reader *reader;
    mms_writer *writer;
    char copy[16];
    size_t size;
    int code = mms_region_open(path, NULL, &region);

    if (code == -EACCES) { /* not even the right to read the state */
        check_detail_mentions("_state");
        return;
    }
    check_ok(code);
    check_true(mms_region_read_only(region));
    check_code(mms_reader_open(region, &reader), MMS_E_READ_ONLY);
    check_ok(mms_read_copy(region, copy, sizeof copy, &size, NULL));
    check_equal(size, 5);
    check_memory(copy, "value", 5);
    check_ok(mms_region_close(region));
    check_code(mms_writer_open(path, NULL, &writer), -EACCES);
}

static void readers_without_the_right_to_be_counted_copy_or_are_refused(void **state)
{
    const char *path = scratch_path(state, "value");

    make(path, "value");
    check_true(chmod(scratch_path(state, "."), 0755) == 0);
    check_true(chmod(file_of(path, "_state"), 0644) == 0 && chmod(file_of(path, "_data_0"), 0644) == 0);
    in_child_without_rights(copy_without_rights, (void *)(uintptr_t)path);
    check_true(chmod(file_of(path, "_state"), 0600) == 0);
    in_child_without_rights(copy_without_rights, (void *)(uintptr_t)path);
}

static void remove_without_the_directory(void *argument)
{
    const char *path = argument;

    check_code(mms_remove(path), -EACCES);
    check_detail_mentions("stays as it was");
    check_copies(path, "value");
}

static void a_remove_that_cannot_end_does_not_begin(void **state)
{
    const char *path = scratch_path(state, "value");

    make(path, "value");
    check_true(chmod(scratch_path(state, "."), 0755) == 0);
    check_true(chmod(file_of(path, "_state"), 0666) == 0 && chmod(file_of(path, "_data_0"), 0644) == 0);
    in_child_without_rights(remove_without_the_directory, (void *)(uintptr_t)path);
}

/* ---- A full disk ---- */

static void write_until_full(void *argument)
{
    const char *directory = argument;
    char path[600];
    size_t large = 3 << 20;
    char *bytes = calloc(1, large);
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    struct stat before, after;

    snprintf(path, sizeof path, "%s/value", directory);
    writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    region = sample_region(path);
    reader = sample_reader(region);
    publish_text(writer, "one");
    publish_text(writer, "two");
    check_true(stat(file_of(path, "_data_0"), &before) == 0);
    for (int i = 0; i < 3; i++) {
        check_code(mms_write(writer, bytes, large, NULL), -ENOSPC);
        check_detail_mentions("container");
        check_reads(reader, "two");
    }
    check_true(stat(file_of(path, "_data_0"), &after) == 0);
    check_equal(after.st_size, before.st_size);
    check_equal(after.st_blocks, before.st_blocks);
    publish_text(writer, "three");
    check_reads(reader, "three");
    check_ok(mms_write(writer, bytes, 1 << 20, NULL));
    check_code(mms_write(writer, bytes, 3 << 19, NULL), -ENOSPC); /* the other file has room */
    check_ok(mms_verify(path, NULL, NULL));
    free(bytes);
    check_ok(mms_writer_close(writer));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void a_full_disk_changes_nothing(void **state)
{
    const char *directory = scratch_path(state, "small");

    check_true(mkdir(directory, 0755) == 0);
    in_child_with_mount("tmpfs", "size=2m", directory, write_until_full, (void *)(uintptr_t)directory);
}

/* ---- Death ---- */

static void write_for_ever(void *argument)
{
    mms_writer *writer = mmap_sync_writer(argument, MMS_NO_WAIT, false);
    size_t size = 1 << 20;
    unsigned char *bytes = malloc(size);

    for (unsigned i = 0;; i++) {
        memset(bytes, (int)(i & 0xff), size);
        check_ok(mms_write(writer, bytes, size - i % 4096, NULL));
    }
}

static bool is_even(const unsigned char *bytes, size_t size)
{
    for (size_t i = 1; i < size; i++)
        if (bytes[i] != bytes[0])
            return false;
    return true;
}

/* The lock is released, readers keep the last value, and the next writer continues from it. */
static void a_killed_writer_leaves_a_whole_value(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    make(path, "first");
    region = sample_region(path);
    reader = sample_reader(region);
    for (int i = 0; i < 20; i++) {
        pid_t child = start_child(write_for_ever, (void *)(uintptr_t)path);
        uint64_t seen = mms_generation(region);
        int status;

        check_ok(mms_wait(reader, seen, MMS_FOREVER));
        usleep((useconds_t)(i * 137));
        kill(child, SIGKILL);
        check_true(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
        check_ok(mms_read(reader, &view));
        check_true(is_even(view.data, view.size));
        check_ok(mms_release(reader));
        check_ok(mms_verify(path, NULL, NULL));
    }
    make(path, "goes on");
    check_reads(reader, "goes on");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_state_of_another_size_is_refused_and_left_alone),
        scratch_test(an_empty_state_is_still_being_made),
        scratch_test(a_missing_or_short_data_file_is_an_error),
        scratch_test(a_file_that_was_cut_is_noticed_before_it_is_touched),
        scratch_test(damage_is_found_by_the_checksum),
        scratch_test(other_kinds_of_files_are_refused),
        scratch_test(a_remove_that_fails_can_be_done_again),
        scratch_test(readers_without_the_right_to_be_counted_copy_or_are_refused),
        scratch_test(a_remove_that_cannot_end_does_not_begin),
        scratch_test(a_full_disk_changes_nothing),
        scratch_test(a_killed_writer_leaves_a_whole_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
