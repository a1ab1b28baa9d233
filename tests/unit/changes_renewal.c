/* SPDX-License-Identifier: Apache-2.0 */
/* The file `changes` over its life: it comes with the first update and goes with the region, begins
   anew with a new region or boot, and survives any damage of its records and positions. */
#include "handles.h"
#include "os/clock.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mode_t mode_of(const char *path, const char *name)
{
    char file[512];
    struct stat status;

    snprintf(file, sizeof file, "%s/%s", path, name);
    return stat(file, &status) == 0 ? status.st_mode & 07777 : 0;
}

static void the_file_comes_with_the_first_update_and_goes_with_the_region(void **state)
{
    mms_writer_options options = sample_options();
    struct handles handles;
    mms_info info;

    options.mode = 0604;
    handles = open_handles_with(state, options);
    publish_text(handles.writer, "value");
    check_equal(mode_of(handles.path, "changes"), 0);
    patch_text(handles.writer, 0, "V");
    check_equal(mode_of(handles.path, "changes"), 0604);
    check_equal(file_size(handles.path, "changes"), 256 + (64 << 10));
    check_true(file_blocks(handles.path, "changes") >= 64 << 10);
    check_ok(mms_inspect(handles.path, &info));
    check_equal(info.bytes_used, file_blocks(handles.path, "control") + file_blocks(handles.path, "readers") +
                                     file_blocks(handles.path, "data") + file_blocks(handles.path, "changes"));
    check_ok(mms_verify(handles.path, NULL, NULL));
    close_handles(&handles);
    check_ok(mms_remove(handles.path));
    check_true(access(handles.path, F_OK) != 0);
}

static void its_size_is_an_option(void **state)
{
    mms_writer_options options = sample_options();
    struct handles handles;

    options.changes_size = 5000;
    handles = open_handles_with(state, options);
    patch_text(handles.writer, 0, "V");
    check_equal(file_size(handles.path, "changes"), 256 + 8192);
    close_handles(&handles);
    options.changes_size = 100;
    check_code(mms_writer_open(handles.path, &options, &handles.writer), MMS_E_INVALID);
    check_detail_mentions("changes_size");
}

/* ---- A new region, a new boot, a new file ---- */

static void a_region_made_anew_begins_without(void **state)
{
    mms_writer_options options = sample_options();
    struct handles handles = open_handles(state);
    uint64_t first, second;
    size_t count;

    publish_text(handles.writer, "0123456789");
    first = patch_text(handles.writer, 0, "x");
    second = patch_text(handles.writer, 1, "x");
    close_handles(&handles);
    options.max_slots = 6;
    options.replace = true;
    handles = open_handles_with(state, options);
    check_equal(mode_of(handles.path, "changes"), 0);
    check_holds(handles.reader, "xx23456789");
    check_true(mms_generation(handles.region) > second);
    check_code(mms_changes(handles.reader, second, NULL, 0, &count), MMS_E_FORGOTTEN);
    second = mms_generation(handles.region);
    patch_text(handles.writer, 2, "x");
    check_holds(handles.reader, "xxx3456789");
    check_string(changes_since(handles.reader, second), "2+1");
    check_code(mms_changes(handles.reader, first, NULL, 0, &count), MMS_E_FORGOTTEN);
    close_handles(&handles);
}

/* The records on disk are from a boot of which nothing is known: the first update of the next one
   starts from nothing. */
static void another_boot_begins_anew(void **state)
{
    struct handles handles = open_handles(state);
    uint64_t old;
    size_t size, count;
    void *buffer;

    publish_text(handles.writer, "0123456789");
    patch_text(handles.writer, 0, "x");
    old = patch_text(handles.writer, 1, "x");
    close_handles(&handles);
    pretend_reboot(handles.path);
    handles = open_handles(state);
    check_ok(mms_write_update(handles.writer, 10, &buffer, &size, NULL));
    check_equal(size, 0);
    check_ok(mms_write_patch(handles.writer, 0, "of today", 8));
    check_ok(mms_write_commit(handles.writer, 8, NULL));
    check_holds(handles.reader, "of today");
    check_code(mms_changes(handles.reader, old, NULL, 0, &count), MMS_E_FORGOTTEN);
    check_string(changes_since(handles.reader, 0), "0+8");
    patch_text(handles.writer, 3, "T");
    check_holds(handles.reader, "of Today");
    check_string(changes_since(handles.reader, 0), "0+8");
    check_ok(mms_verify(handles.path, NULL, NULL));
    close_handles(&handles);
}

/* Deleted by hand, or left half made by a writer that died: the next update makes a new file, and
   readers that have the old one mapped find it. */
static void a_lost_file_is_made_anew(void **state)
{
    struct handles handles = open_handles(state);
    char file[512];
    uint64_t second;
    size_t count;

    snprintf(file, sizeof file, "%s/changes", handles.path);
    publish_text(handles.writer, "0123456789");
    patch_text(handles.writer, 0, "x");
    second = patch_text(handles.writer, 1, "x");
    check_holds(handles.reader, "xx23456789");
    check_string(changes_since(handles.reader, second), "");
    check_ok(mms_changes(handles.reader, second - 1, NULL, 0, &count));
    check_ok(mms_writer_close(handles.writer));
    check_true(unlink(file) == 0);
    handles.writer = sample_writer(handles.path);
    patch_text(handles.writer, 2, "x");
    check_holds(handles.reader, "xxx3456789");
    check_string(changes_since(handles.reader, second), "2+1");
    check_code(mms_changes(handles.reader, second - 1, NULL, 0, &count), MMS_E_FORGOTTEN);
    close_handles(&handles);
}

/* Wait until the writer's next call looks at the names again: once per step of the kernel's clock. */
static void wait_for_clock_step(void)
{
    uint64_t start = mms__time_coarse_ns();

    while (mms__time_coarse_ns() == start)
        continue;
}

/* Under a writer that has it mapped: nothing is forgotten. */
static void a_file_deleted_under_a_writer_is_made_anew(void **state)
{
    struct handles handles = open_handles(state);
    char file[512];
    uint64_t first, before;

    snprintf(file, sizeof file, "%s/changes", handles.path);
    first = publish_text(handles.writer, "0123456789");
    patch_text(handles.writer, 0, "x");
    check_true(unlink(file) == 0);
    wait_for_clock_step();
    patch_text(handles.writer, 1, "x");
    check_true(access(file, F_OK) == 0);
    before = patch_text(handles.writer, 2, "x");
    check_holds(handles.reader, "xxx3456789");
    check_string(changes_since(handles.reader, first), "0+3");
    patch_text(handles.writer, 3, "x");
    check_holds(handles.reader, "xxxx456789");
    check_string(changes_since(handles.reader, before), "3+1");
    check_ok(mms_verify(handles.path, NULL, NULL));
    close_handles(&handles);
}

/* As for a writer that has given up its rights since: it goes on with the file that it has. */
static void a_file_that_cannot_be_made_again_is_used_on(void **state)
{
    struct handles handles = open_handles(state);
    char file[512];

    snprintf(file, sizeof file, "%s/changes", handles.path);
    publish_text(handles.writer, "0123456789");
    patch_text(handles.writer, 0, "x");
    check_true(unlink(file) == 0);
    check_true(mkdir(file, 0700) == 0);
    for (size_t i = 1; i < 5; i++) {
        wait_for_clock_step();
        patch_text(handles.writer, i, "x");
    }
    check_holds(handles.reader, "xxxxx56789");
    check_true(rmdir(file) == 0);
    close_handles(&handles);
}

/* ---- Damage ---- */

static void a_damaged_file_is_found_and_made_anew(void **state)
{
    struct handles handles = open_handles(state);
    uint64_t first, second;
    size_t count;

    publish_text(handles.writer, "0123456789");
    first = patch_text(handles.writer, 0, "x");
    second = patch_text(handles.writer, 1, "x");
    check_ok(mms_writer_close(handles.writer));
    flip_bits(handles.path, "changes", 20, 1); /* the region's id in its header */
    check_code(mms_verify(handles.path, NULL, NULL), MMS_E_CORRUPT);
    check_holds(handles.reader, "xx23456789");
    check_code(mms_changes(handles.reader, first, NULL, 0, &count), MMS_E_CORRUPT);
    check_detail_mentions("changes");
    handles.writer = sample_writer(handles.path);
    patch_text(handles.writer, 2, "x");
    check_ok(mms_verify(handles.path, NULL, NULL));
    check_holds(handles.reader, "xxx3456789");
    check_string(changes_since(handles.reader, second), "2+1");
    close_handles(&handles);
}

/* Whatever the ring holds, the result is an error or too large a guess, nothing else. Then the
   catch-up copies everything. */
static void damaged_records_mislead_nobody(void **state)
{
    mms_writer_options options = sample_options();
    struct handles handles;
    uint64_t first;

    options.changes_size = 4096;
    handles = open_handles_with(state, options);
    first = publish_text(handles.writer, "0123456789");
    for (int i = 0; i < 5; i++)
        patch_text(handles.writer, (size_t)i, "x");
    check_holds(handles.reader, "xxxxx56789");
    for (size_t word = 0; word < 4096 / 8; word++) {
        uint64_t good, bad[] = {0, 1, UINT64_MAX, UINT64_C(1) << 62, UINT64_C(1) << 63};
        mms_range ranges[4];
        size_t count;

        load_bytes(handles.path, "changes", 256 + 8 * word, &good, sizeof good);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            int code;

            patch_word(handles.path, "changes", 256 + 8 * word, bad[i]);
            code = mms_changes(handles.reader, first, ranges, 4, &count);
            check_true(code == 0 || code == MMS_E_CORRUPT || code == MMS_E_FORGOTTEN);
            for (size_t k = 0; code == 0 && k < count && k < 4; k++)
                check_true(ranges[k].offset + ranges[k].length <= 10);
            code = mms_verify(handles.path, NULL, NULL);
            check_true(code == 0 || code == MMS_E_CORRUPT);
        }
        patch_word(handles.path, "changes", 256 + 8 * word, good);
    }
    close_handles(&handles);
}

/* head and tail as a lost page of a disk, or anybody, may leave them. */
static void impossible_positions_are_put_straight(void **state)
{
    const uint64_t bad[] = {0, 1, 17, 4096 + 8, UINT64_C(1) << 40, UINT64_MAX, UINT64_C(1) << 63};

    for (size_t i = 0; i < 2 * sizeof bad / sizeof *bad; i++) {
        mms_writer_options options = sample_options();
        struct handles handles;
        uint64_t last = 0;

        options.changes_size = 4096;
        handles = open_handles_with(state, options);
        publish_text(handles.writer, "0123456789");
        for (int k = 0; k < 100; k++)
            patch_text(handles.writer, (size_t)k % 10, "x");
        check_ok(mms_writer_close(handles.writer));
        patch_word(handles.path, "changes", 128 + i % 2 * 8, bad[i / 2]);
        handles.writer = sample_writer_with(handles.path, options);
        for (int k = 0; k < 100; k++) {
            last = mms_generation(handles.region);
            patch_text(handles.writer, (size_t)k % 10, (char[]){(char)('a' + k % 7), 0});
        }
        check_ok(mms_read(handles.reader, &(mms_view){0}));
        check_string(changes_since(handles.reader, last), "9+1");
        check_ok(mms_verify(handles.path, NULL, NULL));
        close_handles(&handles);
        check_ok(mms_remove(handles.path));
    }
}

/* Like a file from a backup: slots have positions that it has yet to reach. */
static void a_file_that_is_older_than_the_region_begins_anew(void **state)
{
    enum { FILE_SIZE = 256 + 4096 };
    mms_writer_options options = sample_options();
    struct handles handles;
    unsigned char old[FILE_SIZE];
    uint64_t last;

    options.changes_size = 4096;
    handles = open_handles_with(state, options);
    publish_text(handles.writer, "0123456789");
    patch_text(handles.writer, 0, "x");
    load_bytes(handles.path, "changes", 0, old, sizeof old);
    for (int k = 0; k < 100; k++)
        last = patch_text(handles.writer, (size_t)k % 10, "x");
    check_ok(mms_writer_close(handles.writer));
    patch_bytes(handles.path, "changes", 0, old, sizeof old);
    handles.writer = sample_writer_with(handles.path, options);
    patch_text(handles.writer, 3, "y");
    check_holds(handles.reader, "xxxyxxxxxx");
    check_string(changes_since(handles.reader, last), "3+1");
    check_code(mms_changes(handles.reader, last - 1, NULL, 0, &(size_t){0}), MMS_E_FORGOTTEN);
    check_ok(mms_verify(handles.path, NULL, NULL));
    close_handles(&handles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(the_file_comes_with_the_first_update_and_goes_with_the_region),
        scratch_test(its_size_is_an_option),
        scratch_test(a_region_made_anew_begins_without),
        scratch_test(a_lost_file_is_made_anew),
        scratch_test(a_file_deleted_under_a_writer_is_made_anew),
        scratch_test(a_file_that_cannot_be_made_again_is_used_on),
        scratch_test(a_damaged_file_is_found_and_made_anew),
        scratch_test(damaged_records_mislead_nobody),
        scratch_test(impossible_positions_are_put_straight),
        scratch_test(a_file_that_is_older_than_the_region_begins_anew),
        scratch_test_on_disk(another_boot_begins_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
