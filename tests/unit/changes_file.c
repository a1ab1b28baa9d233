/* SPDX-License-Identifier: Apache-2.0 */
/* The file `changes`, missing, damaged or obstructed: what an update does about it, what
   mms_changes says, and who owns it (region/changes_file.c, region/changed.c). */
#include "forked.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    const char *path, *file;
    uint64_t first;
};

static void update(mms_writer *writer, const char *text)
{
    size_t size;
    void *buffer;

    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, 0, text, strlen(text)));
    check_ok(mms_write_commit(writer, size, NULL));
}

/* A region with a value and an update of it; its writer is gone. */
static struct fixture set_up(void **state)
{
    struct fixture fixture = {.path = scratch_path(state, "region"), .file = scratch_path(state, "region/changes")};
    mms_writer *writer = sample_writer(fixture.path);

    fixture.first = publish_text(writer, "0123456789");
    update(writer, "x");
    check_ok(mms_writer_close(writer));
    return fixture;
}

/* Asks as a reader for the first time: it has nothing mapped. */
static void check_asked(const struct fixture *fixture, int code, const char *detail)
{
    mms_region *region = sample_region(fixture->path);
    mms_reader *reader = sample_reader(region);
    size_t count = 77;

    check_ok(mms_read(reader, &(mms_view){0}));
    check_code(mms_changes(reader, fixture->first, NULL, 0, &count), code);
    if (code != 0) {
        check_detail_mentions(detail);
        check_equal(count, 77);
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

/* The next writer recreates it, and goes on. */
static void check_made_anew(const struct fixture *fixture)
{
    mms_writer *writer = sample_writer(fixture->path);
    struct stat status;

    update(writer, "ab");
    check_copies(fixture->path, "ab23456789");
    check_ok(mms_verify(fixture->path, NULL, NULL));
    check_true(lstat(fixture->file, &status) == 0 && S_ISREG(status.st_mode));
    check_equal(status.st_size, sizeof(struct mms__changes) + (64 << 10));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(fixture->path));
}

static void a_file_that_is_missing_is_nothing_known(void **state)
{
    struct fixture fixture = set_up(state);

    check_asked(&fixture, 0, NULL);
    check_true(unlink(fixture.file) == 0);
    check_asked(&fixture, MMS_E_FORGOTTEN, "is not known");
    check_made_anew(&fixture);
}

static void a_file_that_was_not_filled_is_nothing_known(void **state)
{
    static const struct mms__header nothing;
    struct fixture fixture = set_up(state);

    patch_bytes(fixture.path, "changes", 0, &nothing, sizeof nothing);
    check_asked(&fixture, MMS_E_FORGOTTEN, "is not known");
    check_made_anew(&fixture);
    fixture = set_up(state);
    check_true(truncate(fixture.file, 0) == 0);
    check_asked(&fixture, MMS_E_FORGOTTEN, "is not known");
    check_made_anew(&fixture);
}

static void a_file_of_a_wrong_size_is_damaged(void **state)
{
    const uint64_t sizes[] = {0, 2048, (64 << 10) + 4096, 32 << 10, 128 << 10};
    struct fixture fixture;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        fixture = set_up(state);
        patch_word(fixture.path, "changes", offsetof(struct mms__changes, ring_size), sizes[i]);
        check_asked(&fixture, MMS_E_CORRUPT, "/changes is damaged");
        check_made_anew(&fixture);
    }
    fixture = set_up(state);
    check_true(truncate(fixture.file, 100) == 0);
    check_asked(&fixture, MMS_E_CORRUPT, "/changes is damaged");
    check_made_anew(&fixture);
}

/* No link is followed: what it points to stays. */
static void a_link_in_its_place_is_damaged(void **state)
{
    struct fixture fixture = set_up(state);
    const char *moved = scratch_path(state, "moved");
    char bytes[8];

    check_true(rename(fixture.file, moved) == 0 && symlink(moved, fixture.file) == 0);
    check_asked(&fixture, MMS_E_CORRUPT, "/changes is damaged");
    check_made_anew(&fixture);
    load_bytes(scratch_path(state, "."), "moved", 0, bytes, sizeof bytes);
    check_memory(bytes, MMS__CHANGES_MAGIC, sizeof bytes);
}

/* A directory in its place is not removed: that is an error, but whole values can be published. */
static void a_directory_in_its_place_is_an_error(void **state)
{
    struct fixture fixture = set_up(state);
    mms_writer *writer = sample_writer(fixture.path);
    size_t size = 77;
    void *buffer;

    check_true(unlink(fixture.file) == 0 && mkdir(fixture.file, 0700) == 0);
    check_code(mms_write_update(writer, 0, &buffer, &size, NULL), -EISDIR);
    check_detail_mentions("making its file `changes`");
    check_equal(size, 77);
    publish_text(writer, "whole");
    check_copies(fixture.path, "whole");
    check_true(rmdir(fixture.file) == 0);
    update(writer, "W");
    check_copies(fixture.path, "Whole");
    check_ok(mms_writer_close(writer));
}

/* The directory has the region's name, but its files are not those of the writer's region. */
static void nothing_is_made_in_a_directory_without_the_data(void **state)
{
    struct fixture fixture = set_up(state);
    const char *data = scratch_path(state, "region/data"), *moved = scratch_path(state, "moved");
    mms_writer *writer = sample_writer(fixture.path);
    size_t size = 77;
    void *buffer;
    FILE *other;

    check_true(unlink(fixture.file) == 0 && rename(data, moved) == 0);
    check_code(mms_write_update(writer, 0, &buffer, &size, NULL), MMS_E_GONE);
    check_detail_mentions("open the writer again");
    other = fopen(data, "we");
    check_true(other && fclose(other) == 0);
    check_code(mms_write_update(writer, 0, &buffer, &size, NULL), MMS_E_GONE);
    check_detail_mentions("open the writer again");
    check_true(access(fixture.file, F_OK) != 0);
    check_equal(size, 77);
    check_true(rename(moved, data) == 0);
    update(writer, "xy");
    check_copies(fixture.path, "xy23456789");
    check_ok(mms_writer_close(writer));
}

static void check_owner(void **state, uid_t uid, gid_t gid)
{
    struct fixture fixture = set_up(state);
    mms_writer *writer;
    struct stat status;

    check_true(unlink(fixture.file) == 0);
    check_true(chown(scratch_path(state, "region/data"), uid, gid) == 0);
    check_true(chmod(scratch_path(state, "region/data"), 0604) == 0);
    writer = sample_writer(fixture.path);
    update(writer, "ab");
    check_true(stat(fixture.file, &status) == 0);
    check_equal(status.st_uid, uid);
    check_equal(status.st_gid, gid);
    check_equal(status.st_mode & 07777, 0604);
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(fixture.path));
}

static void it_belongs_to_whom_the_data_belongs(void **state)
{
    if (geteuid() != 0)
        skip_because("only root can give files to any user or group");
    check_owner(state, 0, 4711);
    check_owner(state, NOBODY, 0);
    check_owner(state, NOBODY, NOBODY);
}

/* ---- A value that grows ---- */

enum { LONG = 32 << 20 };

static uint64_t update_to(mms_writer *writer, size_t size, unsigned char byte)
{
    mms_receipt receipt;
    size_t old;
    void *buffer;

    check_ok(mms_write_update(writer, size, &buffer, &old, NULL));
    check_ok(mms_write_patch(writer, byte, &byte, 1));
    check_ok(mms_write_commit(writer, size, &receipt));
    return receipt.generation;
}

static mms_writer *long_writer(const char *path, uint64_t changes_size)
{
    mms_writer_options options = sample_options();

    options.max_size = LONG;
    options.changes_size = changes_size;
    return sample_writer_with(path, options);
}

/* A table begins as nothing. With the ring for that, a slot that a reader held for some hundred updates got all of the
   value again. What the old ring has, the new one has as well, and readers find it. */
static void the_ring_grows_with_the_value(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = long_writer(path, 0);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    uint64_t before = 0;
    mms_range ranges[8];
    size_t count;

    for (int i = 0; i < 20000; i++) /* so that its positions are above the size of the next one */
        before = update_to(writer, 4096, (unsigned char)i);
    check_equal(file_size(path, "changes"), sizeof(struct mms__changes) + (64 << 10));
    check_ok(mms_read(reader, &(mms_view){0}));
    check_ok(mms_changes(reader, before, ranges, 8, &count)); /* maps the old file */
    update_to(writer, LONG, 7);
    check_equal(file_size(path, "changes"), sizeof(struct mms__changes) + (512 << 10));
    update_to(writer, LONG, 9);
    check_ok(mms_read(reader, &(mms_view){0}));
    check_ok(mms_changes(reader, before - 100, ranges, 8, &count));
    check_true(count > 0 && ranges[0].offset == 0);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void a_ring_of_a_given_size_stays(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = long_writer(path, 4096);

    update_to(writer, 4096, 1);
    update_to(writer, LONG, 2);
    update_to(writer, LONG, 3);
    check_equal(file_size(path, "changes"), sizeof(struct mms__changes) + 4096);
    check_ok(mms_writer_close(writer));
}

/* Somebody deletes the file while it should grow. */
static void a_ring_that_is_lost_as_it_grows_is_made(void **state)
{
    const char *path = scratch_path(state, "region"), *file = scratch_path(state, "region/changes");
    mms_writer *writer = long_writer(path, 0);
    size_t old;
    void *buffer;

    update_to(writer, 4096, 1);
    check_ok(mms_write_update(writer, LONG, &buffer, &old, NULL));
    check_true(unlink(file) == 0);
    check_ok(mms_write_commit(writer, LONG, NULL));
    update_to(writer, LONG, 2);
    check_equal(file_size(path, "changes"), sizeof(struct mms__changes) + (512 << 10));
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

static void make_empty_file(const char *path)
{
    FILE *file = fopen(path, "we");

    check_true(file != NULL);
    check_true(fclose(file) == 0);
}

/* A writer that died has left a half-made file, or somebody has put a directory there. */
static void what_has_the_temporary_name_is_swept_or_told(void **state)
{
    struct fixture fixture = set_up(state);
    const char *temporary = scratch_path(state, "region/changes.new");
    mms_writer *writer = sample_writer(fixture.path);
    size_t size;
    void *buffer;

    make_empty_file(temporary);
    check_ok(mms_verify(fixture.path, NULL, NULL));
    update(writer, "y");
    check_true(access(temporary, F_OK) != 0);
    check_ok(mms_writer_close(writer));
    make_empty_file(temporary);
    check_true(unlink(fixture.file) == 0);
    check_made_anew(&fixture);
    fixture = set_up(state);
    check_true(unlink(fixture.file) == 0 && mkdir(temporary, 0700) == 0);
    writer = sample_writer(fixture.path);
    check_code(mms_write_update(writer, 0, &buffer, &size, NULL), -EISDIR);
    check_detail_mentions("`changes.new`");
    check_true(rmdir(temporary) == 0);
    update(writer, "z");
    make_empty_file(temporary);
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(fixture.path));
}

/* Whole values, until no slot has one that an update made. */
static void publish_over_all_updates(mms_writer *writer, mms_reader *reader, const char *path)
{
    bool is_left = true;

    while (is_left) {
        publish_text(writer, "0123456789");
        check_reads(reader, "0123456789"); /* it keeps another slot then */
        is_left = false;
        for (unsigned i = 0; i < sample_options().max_slots; i++) {
            uint64_t at;

            load_bytes(path, "control", mms__control_size(i) + offsetof(struct mms__descriptor, changes_at), &at,
                       sizeof at);
            is_left |= at != 0;
        }
    }
}

/* Its writer has gone, and all values since are whole, so nothing but `control` says which positions were used. A reader that
   has the old file mapped finds the new one, and no position comes again. `forgetful`: `control` does not say it either, as
   with a writer of an older version. */
static void check_lost_between_writers(void **state, bool forgetful)
{
    const uint64_t nothing = 0;
    struct fixture fixture = set_up(state);
    mms_writer *writer = sample_writer(fixture.path);
    mms_region *region = sample_region(fixture.path);
    mms_reader *reader = sample_reader(region);
    uint64_t used, tail, before;
    mms_range range;
    size_t count;

    for (int i = 0; i < 5000; i++)
        update(writer, "x");
    before = mms_generation(region);
    check_ok(mms_read(reader, &(mms_view){0}));
    check_ok(mms_changes(reader, before - 1, NULL, 0, &count)); /* maps the file */
    check_ok(mms_release(reader));
    load_bytes(fixture.path, "changes", offsetof(struct mms__changes, head), &used, sizeof used);
    publish_over_all_updates(writer, reader, fixture.path);
    check_ok(mms_writer_close(writer));
    check_true(unlink(fixture.file) == 0);
    if (forgetful)
        patch_bytes(fixture.path, "control", offsetof(struct mms__control, changes_end), &nothing, sizeof nothing);
    writer = sample_writer(fixture.path);
    for (int i = 0; i < 5; i++) {
        before = mms_generation(region);
        update(writer, "xy");
        check_ok(mms_read(reader, &(mms_view){0}));
        check_ok(mms_changes(reader, before, &range, 1, &count));
        check_true(count == 1 && range.offset == 0 && range.length == 2);
        check_ok(mms_release(reader));
    }
    load_bytes(fixture.path, "changes", offsetof(struct mms__changes, tail), &tail, sizeof tail);
    check_true(forgetful || tail >= used);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(fixture.path));
}

static void a_file_lost_between_writers_is_found_again(void **state)
{
    check_lost_between_writers(state, false);
    check_lost_between_writers(state, true);
}

/* The file is deleted under it: what it has mapped is good for what is in there, and damage in there is no worse than a
   file that is missing. */
static void a_reader_keeps_a_file_that_is_deleted(void **state)
{
    struct fixture fixture = set_up(state);
    mms_region *region = sample_region(fixture.path);
    mms_reader *reader = sample_reader(region);
    uint64_t newest = mms_generation(region);
    size_t count;

    check_ok(mms_read(reader, &(mms_view){0}));
    check_ok(mms_changes(reader, newest - 1, NULL, 0, &count));
    patch_word(fixture.path, "changes", offsetof(struct mms__changes, ring), newest + 1); /* of the only record */
    check_code(mms_changes(reader, newest - 1, NULL, 0, &count), MMS_E_CORRUPT);
    check_true(unlink(fixture.file) == 0);
    check_code(mms_changes(reader, newest - 1, NULL, 0, &count), MMS_E_FORGOTTEN);
    check_ok(mms_release(reader));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_made_anew(&fixture);
    fixture = set_up(state);
    region = sample_region(fixture.path);
    reader = sample_reader(region);
    newest = mms_generation(region);
    check_ok(mms_read(reader, &(mms_view){0}));
    check_ok(mms_changes(reader, newest - 1, NULL, 0, &count));
    check_true(unlink(fixture.file) == 0);
    check_code(mms_changes(reader, 0, NULL, 0, &count), MMS_E_FORGOTTEN);
    check_ok(mms_changes(reader, newest - 1, NULL, 0, &count));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_made_anew(&fixture);
}

/* What stands in an old file where a newer one has a record is none, however it looks. */
static void what_is_past_the_head_is_no_record(void **state)
{
    struct fixture fixture = set_up(state);
    uint64_t head;

    load_bytes(fixture.path, "changes", offsetof(struct mms__changes, head), &head, sizeof head);
    patch_word(fixture.path, "changes", offsetof(struct mms__changes, head), head - 64);
    check_asked(&fixture, MMS_E_CORRUPT, "/changes is damaged");
    check_made_anew(&fixture);
}

/* No update fails for that. */
static void a_ring_without_room_to_grow_stays(void **state)
{
    const char *path = scratch_path(state, "region");
    const struct rlimit low = {300 << 10, RLIM_INFINITY}, high = {RLIM_INFINITY, RLIM_INFINITY};
    mms_writer *writer = long_writer(path, 0);
    size_t old;
    void *buffer;

    update_to(writer, 4096, 1);
    check_ok(mms_write_update(writer, LONG, &buffer, &old, NULL));
    check_true(setrlimit(RLIMIT_FSIZE, &low) == 0);
    check_ok(mms_write_commit(writer, LONG, NULL));
    check_true(setrlimit(RLIMIT_FSIZE, &high) == 0);
    check_equal(file_size(path, "changes"), sizeof(struct mms__changes) + (64 << 10));
    update_to(writer, LONG, 2);
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_file_that_is_missing_is_nothing_known),
        scratch_test(a_file_that_was_not_filled_is_nothing_known),
        scratch_test(a_file_of_a_wrong_size_is_damaged),
        scratch_test(a_link_in_its_place_is_damaged),
        scratch_test(a_directory_in_its_place_is_an_error),
        scratch_test(nothing_is_made_in_a_directory_without_the_data),
        scratch_test(it_belongs_to_whom_the_data_belongs),
        scratch_test(the_ring_grows_with_the_value),
        scratch_test(a_ring_of_a_given_size_stays),
        scratch_test(a_ring_that_is_lost_as_it_grows_is_made),
        scratch_test(what_has_the_temporary_name_is_swept_or_told),
        scratch_test(a_file_lost_between_writers_is_found_again),
        scratch_test(a_reader_keeps_a_file_that_is_deleted),
        scratch_test(what_is_past_the_head_is_no_record),
        scratch_test(a_ring_without_room_to_grow_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
