/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: waits */
/* The lock and the descriptors of the files of mmap-sync, which a host program may close
   (src/mmap_sync). */
#include "forked.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void the_write_lock_is_the_crates(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, 0, false), *second;
    mms_mmap_sync_writer_options mmap_sync = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    char name[600];
    int fd;

    snprintf(name, sizeof name, "%s_state", path);
    fd = open(name, O_RDWR | O_CLOEXEC);
    check_true(flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK);
    options.mmap_sync = &mmap_sync;
    options.lock_wait_ms = MMS_NO_WAIT;
    check_code(mms_writer_open(path, &options, &second), MMS_E_BUSY);
    check_code(mms_remove(path), MMS_E_BUSY);
    mmap_sync.unlocked = true;
    second = sample_writer_with(path, options);
    publish_text(second, "from an unlocked one");
    check_ok(mms_writer_close(second));
    check_ok(mms_writer_close(writer));
    check_true(flock(fd, LOCK_EX | LOCK_NB) == 0);
    mmap_sync.unlocked = false;
    check_code(mms_writer_open(path, &options, &second), MMS_E_BUSY);
    close(fd);
    check_ok(mms_remove(path));
}

static void closed_and_removed(void *argument)
{
    const char *path = argument;
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    uint64_t generation;
    mms_view view;

    for (int fd = 3; fd < 64; fd++)
        close(fd);
    check_code(mms_read(reader, &view), MMS_E_EMPTY); /* the files are there */
    generation = publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    check_code(mms_wait(reader, generation, 1), MMS_E_TIMEOUT);
    check_ok(mms_remove(path));
    check_code(mms_wait(reader, generation, MMS_FOREVER), MMS_E_GONE);
    check_code(mms_read(reader, &view), MMS_E_GONE);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

/* What cannot be checked has not been removed. */
static void closed_and_hidden(void *argument)
{
    char parent[600], aside[610];
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(argument, '/') - (char *)argument), (char *)argument);
    snprintf(aside, sizeof aside, "%s.aside", parent);
    check_true(mkdir(parent, 0755) == 0);
    check_ok(mms_writer_close(mmap_sync_writer(argument, MMS_NO_WAIT, false)));
    region = sample_region(argument);
    reader = sample_reader(region);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    check_true(rename(parent, aside) == 0);
    fclose(fopen(parent, "we"));
    check_code(mms_read(reader, &view), MMS_E_EMPTY);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_true(unlink(parent) == 0);
    scratch_delete(aside);
}

static void hidden_files_are_not_removed_ones(void **state)
{
    in_child(closed_and_hidden, (void *)(uintptr_t)scratch_path(state, "directory/value"));
}

static void removal_is_noticed_without_descriptors(void **state)
{
    in_child(closed_and_removed, (void *)(uintptr_t)scratch_path(state, "value"));
}

static void close_descriptors(void *argument)
{
    const char *path = argument;
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false), *second;
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    publish_text(writer, "before");
    check_reads(reader, "before");
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    publish_text(writer, "after, and longer");
    check_reads(reader, "after, and longer");
    options.lock_wait_ms = MMS_NO_WAIT;
    check_code(mms_writer_open(path, &options, &second), MMS_E_BUSY); /* the map keeps the lock */
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void the_host_may_close_descriptors(void **state)
{
    in_child(close_descriptors, (void *)(uintptr_t)scratch_path(state, "value"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(the_write_lock_is_the_crates),
        scratch_test(the_host_may_close_descriptors),
        scratch_test(hidden_files_are_not_removed_ones),
        scratch_test(removal_is_noticed_without_descriptors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
