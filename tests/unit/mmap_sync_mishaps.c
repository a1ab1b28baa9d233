/* SPDX-License-Identifier: Apache-2.0 */
/* Mishaps with the files of mmap-sync: files removed by hand, threads that end, calls that have no
   meaning for them. */
#include "forked.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void remove_data(const char *path, unsigned index)
{
    char name[600];

    snprintf(name, sizeof name, "%s_data_%u", path, index);
    check_true(unlink(name) == 0);
    mmap_sync_await_look();
}

/* ---- Files that are removed under open handles ---- */

static void a_data_file_that_was_removed_is_recreated_and_found(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    char copy[32];
    size_t size;

    for (int round = 0; round < 60; round++) { /* more than a region keeps maps of one length after another */
        publish_text(writer, "first");         /* file 0 */
        check_reads(reader, "first");
        publish_text(writer, "second");
        check_reads(reader, "second");
        if (round < 20)
            remove_data(path, 0);
    }
    remove_data(path, 1);
    publish_text(writer, "third");
    remove_data(path, 0);
    publish_text(writer, "fourth, in a file that was removed and made anew");
    publish_text(writer, "fifth");
    check_reads(reader, "fifth");
    check_ok(mms_read_copy(region, copy, sizeof copy, &size, NULL));
    check_memory(copy, "fifth", 5);
    check_copies(path, "fifth");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* It stays where it is until the region is closed. */
static void a_view_outlives_its_file(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region), *other = sample_reader(region);
    mms_view view;

    publish_text(writer, "first");
    view = check_holds(reader, "first");
    remove_data(path, 0);
    publish_text(writer, "second");
    check_reads(other, "second");
    check_memory(view.data, "first", 5);
    check_ok(mms_release(reader));
    publish_text(writer, "third");
    check_reads(other, "third");
    check_reads(reader, "third");
    check_ok(mms_reader_close(reader));
    check_ok(mms_reader_close(other));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* A process that may write the directory but not the state cannot empty it. */
static void a_removal_by_hand_is_reported(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    char name[600];
    mms_reader *reader = sample_reader(region);
    mms_view view;

    publish_text(writer, "text");
    remove_data(path, 0);
    snprintf(name, sizeof name, "%s_state", path);
    check_true(unlink(name) == 0);
    check_code(mms_read(reader, &view), MMS_E_GONE);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void a_removed_schema_is_gone(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    size_t size = 77;

    check_code(mms_read_schema(region, NULL, 0, &size, NULL, NULL), MMS_E_EMPTY);
    publish_text(writer, "text");
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
    check_code(mms_read_schema(region, NULL, 0, &size, NULL, NULL), MMS_E_GONE);
    check_equal(size, 77);
    check_ok(mms_region_close(region));
}

/* ---- Files of somebody else ---- */

static void give_away(const char *prefix, const char *suffix)
{
    char name[600];

    snprintf(name, sizeof name, "%s%s", prefix, suffix);
    check_true(chown(name, 4711, (gid_t)-1) == 0);
}

/* Asked twice. By a bare name that is the scratch directory's own, so the files are next to it. */
static void a_strangers_data_file_is_refused_each_time(void **state)
{
    const char *path = scratch_path(state, "");
    char prefix[512];
    mms_writer *writer;

    if (geteuid() != 0)
        skip_because("only root can give a file away");
    snprintf(prefix, sizeof prefix, "%.*s", (int)strlen(path) - 1, path);
    check_ok(mms_writer_open(crate_path(strrchr(prefix, '/') + 1), NULL, &writer));
    publish_text(writer, "first");
    publish_text(writer, "second");
    check_ok(mms_writer_close(writer));
    give_away(prefix, "_data_0");
    check_ok(mms_writer_open(crate_path(strrchr(prefix, '/') + 1), NULL, &writer));
    for (int i = 0; i < 2; i++)
        check_code(mms_write(writer, "third", 5, NULL), -EPERM);
    check_detail_mentions("4711");
    check_ok(mms_writer_close(writer));
    snprintf(prefix, sizeof prefix, "mmap-sync:%.*s", (int)strlen(path) - 1, path);
    check_ok(mms_remove(prefix));
}

/* ---- Repair beside a process whose first thread has ended ---- */

struct held {
    const char *path;
    int to_us, from_us;
};

static void *hold_in_thread(void *argument)
{
    struct held *held = argument;
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    char byte;

    check_ok(mms_region_open(held->path, &options, &region));
    check_ok(mms_reader_open(region, &reader));
    check_ok(mms_read(reader, &view));
    check_true(write(held->to_us, "!", 1) == 1);
    check_true(read(held->from_us, &byte, 1) == 1);
    check_ok(mms_release(reader)); /* it was not removed */
    _exit(0);
}

static void leave_it_to_a_thread(struct held *held)
{
    pthread_t thread;

    check_true(pthread_create(&thread, NULL, hold_in_thread, held) == 0);
    pthread_exit(NULL);
}

/* "Z" in the third field: its first thread has ended, but not the process. */
static void wait_until_first_thread_ended(pid_t child)
{
    char path[64], status = ' ';

    snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
    while (status != 'Z') {
        FILE *file = fopen(path, "re");

        check_true(file && fscanf(file, "%*d (%*[^)]) %c", &status) == 1);
        check_true(fclose(file) == 0);
    }
}

static void repair_sees_the_threads_of_a_process_without_its_first(void **state)
{
    struct held held = {.path = scratch_path(state, "value")};
    mms_writer *writer;
    mms_repair_report report;
    int to_us[2], to_it[2], status;
    pid_t child;
    char byte;

    skip_under_emulator("its own threads stand between");
    writer = mmap_sync_writer(held.path, MMS_NO_WAIT, false);
    publish_text(writer, "text");
    check_ok(mms_writer_close(writer));
    check_true(pipe(to_us) == 0 && pipe(to_it) == 0);
    child = fork();
    check_true(child >= 0);
    if (child == 0) {
        close(to_us[0]);
        close(to_it[1]); /* otherwise the end of the test would not be its end */
        held.to_us = to_us[1];
        held.from_us = to_it[0];
        leave_it_to_a_thread(&held);
    }
    close(to_us[1]); /* otherwise its end would not be ours */
    close(to_it[0]);
    check_true(read(to_us[0], &byte, 1) == 1);
    wait_until_first_thread_ended(child);
    check_code(mms_repair(held.path, 0, 0, &report), MMS_E_AGAIN);
    check_true(report.suspects >= 1);
    check_equal(report.after[0], 1);
    check_true(write(to_it[1], "!", 1) == 1);
    check_true(waitpid(child, &status, 0) == child);
    check_equal(status, 0);
    close(to_us[0]);
    close(to_it[1]);
}

/* ---- Calls that mean nothing there ---- */

/* Only handles limit their number, which are not freed one by one here. */
static void fill_process(void *argument)
{
    const char *path = argument;
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    mms_reader *reader, *last = NULL;
    int code;

    options.detached = true;
    check_ok(mms_region_open(path, &options, &region));
    while ((code = mms_reader_open(region, &reader)) == 0)
        last = reader;
    check_equal((uint64_t)(int64_t)code, (uint64_t)(int64_t)MMS_E_FULL);
    check_true(reader == NULL);
    check_true(strstr(mms_last_error(), "max_readers") == NULL);
    check_detail_mentions("close some");
    check_ok(mms_reader_close(last));
    check_ok(mms_reader_open(region, &reader));
}

static void a_full_process_gets_advice(void **state)
{
    const char *path = scratch_path(state, "value");

    check_ok(mms_writer_close(mmap_sync_writer(path, MMS_NO_WAIT, false)));
    in_child(fill_process, (void *)(uintptr_t)path);
}

static void readers_of_nothing_cannot_be_listed(void **state)
{
    const char *path = scratch_path(state, "value");
    char name[600];
    size_t count = 77;

    snprintf(name, sizeof name, "mmap-sync:%s", path);
    check_code(mms_inspect_readers(name, NULL, 0, &count), -ENOENT);
    check_equal(count, 77);
    check_ok(mms_writer_close(mmap_sync_writer(path, MMS_NO_WAIT, false)));
    check_ok(mms_inspect_readers(name, NULL, 0, &count));
    check_equal(count, 0);
}

static void a_hasher_is_of_no_use_to_a_region(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_mmap_sync_region_options mmap_sync = MMS_MMAP_SYNC_REGION_OPTIONS_INIT;
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;

    sample_closed_region(path, "value");
    options.mmap_sync = &mmap_sync;
    check_ok(mms_region_open(path, &options, &region)); /* nothing is asked for */
    check_ok(mms_region_close(region));
    mmap_sync.other_hasher = true;
    check_code(mms_region_open(path, &options, &region), MMS_E_INVALID);
    check_detail_mentions("options.mmap_sync->other_hasher");
}

static void a_type_is_taken_and_not_stored_and_a_tag_is_refused(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    uint64_t type_id[2] = {1, 2};
    void *buffer;

    check_ok(mms_write_begin(writer, 4, &buffer, NULL));
    memcpy(buffer, "text", 4);
    check_ok(mms_write_set_type(writer, type_id, "struct A;", 9));
    check_code(mms_write_set_tag(writer, 1), MMS_E_INVALID);
    check_detail_mentions("no room for a tag");
    check_ok(mms_write_set_tag(writer, 0));
    check_ok(mms_write_commit(writer, 4, NULL));
    check_holds(reader, "text");
    check_ok(mms_view_type(reader, type_id));
    check_equal(type_id[0] | type_id[1], 0);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void a_write_that_is_not_begun_gives_no_buffer(void **state)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;
    void *buffer = &buffer;

    options.max_size = 1000;
    writer = sample_writer_with(crate_path(scratch_path(state, "value")), options);
    check_code(mms_write_begin(writer, 1001, &buffer, NULL), MMS_E_TOO_BIG);
    check_true(buffer == &buffer);
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_data_file_that_was_removed_is_recreated_and_found),
        scratch_test(a_view_outlives_its_file),
        scratch_test(a_removal_by_hand_is_reported),
        scratch_test(a_removed_schema_is_gone),
        scratch_test(a_strangers_data_file_is_refused_each_time),
        scratch_test(repair_sees_the_threads_of_a_process_without_its_first),
        scratch_test(a_full_process_gets_advice),
        scratch_test(readers_of_nothing_cannot_be_listed),
        scratch_test(a_hasher_is_of_no_use_to_a_region),
        scratch_test(a_type_is_taken_and_not_stored_and_a_tag_is_refused),
        scratch_test(a_write_that_is_not_begun_gives_no_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
