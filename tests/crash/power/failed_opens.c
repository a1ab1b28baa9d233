/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a durable region: what is synced, and syncs and reads that fail. Nothing is given up for an error that may pass,
   and none is passed over (D1 to D4). */
#include "disk.h"
#include "recorder.h"
#include "region/layout.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <mmsync/durable.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- Syncs ---- */

/* An open: of the newest anchor, of three files, of the two directories, and of the data. */
static void open_that_cannot_sync_fails(void **state)
{
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = durable_options();
    mms_writer *writer = sample_writer_with(path, options);

    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    for (unsigned nth = 1; nth <= 7; nth++) {
        disk_fail_sync(nth, EIO);
        check_code(mms_writer_open(path, &options, &writer), -EIO);
        check_detail_mentions("to the disk");
        check_true(!strstr(mms_last_error(), "Close it"));
        check_equal(disk_syncs(), nth);
        disk_fail_sync(0, 0);
        check_copies(path, "value");
        check_ok(mms_writer_close(sample_writer_with(path, options)));
    }
}

/* Or it would be durable under no name. */
static void all_names_are_synced_before_the_first_commit_returns(void **state)
{
    const char *path = scratch_path(state, "region");
    char name[600], parent[600];
    mms_writer *writer;

    disk_forget_syncs();
    writer = sample_writer_with(path, durable_options());
    publish_text(writer, "value");
    for (int file = 0; file < DISK_CHANGES; file++) {
        snprintf(name, sizeof name, "%s/%s", path, disk_names[file]);
        check_true(disk_was_synced(name));
    }
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(path, '/') - path), path);
    check_true(disk_was_synced(path));
    check_true(disk_was_synced(parent));
    check_ok(mms_writer_close(writer));
}

/* As after a copy by hand. */
static void all_files_are_synced_when_a_writer_opens(void **state)
{
    const char *path = scratch_path(state, "region");
    char name[600];
    mms_writer *writer = sample_writer_with(path, durable_options());

    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    disk_forget_syncs();
    writer = sample_writer_with(path, durable_options());
    for (int file = 0; file < DISK_CHANGES; file++) {
        snprintf(name, sizeof name, "%s/%s", path, disk_names[file]);
        check_true(disk_was_synced(name));
    }
    check_ok(mms_writer_close(writer));
}

/* The pages of a copy may be lost, though it looks whole: the next writer stores them once more, elsewhere. */
static void value_whose_sync_failed_at_an_open_is_copied(void **state)
{
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = durable_options();
    mms_writer *writer = sample_writer_with(path, options);
    mms_info before, after;

    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    check_ok(mms_inspect(path, &before));
    disk_fail_sync(7, EIO);
    check_code(mms_writer_open(path, &options, &writer), -EIO);
    check_detail_mentions("`data`");
    disk_fail_sync(0, 0);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_ok(mms_inspect(path, &after));
    check_copies(path, "value");
    check_true(after.slot != before.slot && after.durable_generation == after.generation);
}

/* False: there were fewer than `nth` syncs, and it has succeeded. */
static bool open_with_failed_sync(const char *path, const mms_writer_options *options, unsigned nth,
                                  mms_writer **writer)
{
    unsigned syncs;
    int code;

    disk_fail_sync(nth, EIO);
    code = mms_writer_open(path, options, writer);
    syncs = disk_syncs();
    disk_fail_sync(0, 0);
    if (syncs < nth) {
        check_ok(code);
        return false;
    }
    check_code(code, -EIO);
    check_true(!strstr(mms_last_error(), ".mmsync-") && strstr(mms_last_error(), path));
    return true;
}

/* One that fails once, while a region is built or takes the place of another, and is never asked for again. */
static void no_failed_sync_is_passed_over(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;

    for (unsigned nth = 1; open_with_failed_sync(path, &options, nth, &writer); nth++)
        (void)mms_remove(path);
    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    options.replace = true;
    options.max_size += 4096;
    for (unsigned nth = 1; open_with_failed_sync(path, &options, nth, &writer); nth++) {
        check_copies(path, "value");
        options.max_size += 4096;
    }
    check_copies(path, "value");
    check_ok(mms_writer_close(writer));
}

static char leftover[700], parent_of_leftover[600];
static unsigned looks;

/* Its name may be that of the region after a power cut now, so it must be as it was. */
static void check_leftover(void)
{
    uint64_t word;

    if (looks++ > 0)
        return;
    load_bytes(leftover, "control", offsetof(struct mms__control, current), &word, sizeof word);
    check_true(word != 0 && word != UINT64_MAX);
}

static void exchange_is_synced_before_the_old_region_is_swept(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;

    snprintf(parent_of_leftover, sizeof parent_of_leftover, "%.*s", (int)(strrchr(path, '/') - path), path);
    snprintf(leftover, sizeof leftover, "%s/.region.mmsync-0123456789abcdef", parent_of_leftover);
    writer = sample_writer_with(scratch_path(state, "old"), options);
    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    writer = sample_writer_with(path, options);
    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    check_ok(rename(scratch_path(state, "old"), leftover));
    disk_fail_sync(1, EIO);
    (void)mms_writer_open(path, &options, &writer);
    disk_fail_sync(0, 0);
    check_ok(access(leftover, F_OK));
    check_ok(mms_writer_close(writer));
    looks = 0;
    disk_forget_syncs();
    disk_before_syncs(check_leftover);
    writer = sample_writer_with(path, options);
    disk_before_syncs(NULL);
    check_true(access(leftover, F_OK) != 0 && disk_was_synced(parent_of_leftover));
    check_ok(mms_writer_close(writer));
}

/* ---- Reads ---- */

/* The next try may succeed: so nothing is given up for it. */
static void read_that_fails_loses_nothing(void **state)
{
    static const int errors[] = {ENOMEM, EIO};
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;

    options.checksum = true;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        bool failed = true;

        writer = sample_writer_with(path, options);
        publish_text(writer, "older");
        publish_text(writer, "newer");
        check_ok(mms_writer_close(writer));
        for (unsigned nth = 1; failed; nth++) {
            int code;

            pretend_reboot(path);
            disk_fail_read(nth, errors[i]);
            code = mms_writer_open(path, &options, &writer);
            failed = disk_read_failed();
            disk_fail_read(0, 0);
            if (failed)
                check_code(code, -errors[i]);
            else
                check_ok(mms_writer_close(writer));
        }
        check_copies(path, "newer");
    }
}

/* The newest of two values is damaged. */
static void make_damaged(const char *path, const mms_writer_options *options)
{
    mms_writer *writer = sample_writer_with(path, *options);
    mms_receipt receipt;
    size_t stride = (size_t)mms__native_writer_of(writer)->pool.header.stride;

    publish_text(writer, "older");
    check_ok(mms_write(writer, "newer", 5, &receipt));
    check_ok(mms_writer_close(writer));
    flip_bits(path, "data", receipt.slot * stride + 2, 1);
    pretend_reboot(path);
}

/* Neither a read nor a sync: the next writer does what is left to do. */
static void recovery_of_a_damaged_value_may_be_cut_short(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;
    bool failed = true;

    options.checksum = true;
    for (unsigned nth = 1; failed; nth++) {
        int code;

        make_damaged(path, &options);
        disk_fail_read(nth, EIO);
        code = mms_writer_open(path, &options, &writer);
        failed = disk_read_failed();
        check_code(code, failed ? -EIO : 0);
        disk_fail_read(0, 0);
        if (failed)
            writer = sample_writer_with(path, options);
        check_copies(path, "older");
        check_ok(mms_writer_close(writer));
    }
    make_damaged(path, &options);
    for (unsigned nth = 1; open_with_failed_sync(path, &options, nth, &writer); nth++) {
        check_ok(mms_writer_close(sample_writer_with(path, options)));
        check_copies(path, "older");
        make_damaged(path, &options);
    }
    check_copies(path, "older");
    check_ok(mms_writer_close(writer));
}

static struct {
    mms_reader *reader;
    mms_view view;
    unsigned syncs, at;
} late;

static void take_view(void)
{
    if (++late.syncs == late.at)
        check_ok(mms_read(late.reader, &late.view));
}

/* A reader that takes a boot for its own, and the writer does not. */
static void view_that_comes_during_a_recovery_is_left_alone(void **state)
{
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = durable_options();
    mms_writer *writer = sample_writer_with(path, options);
    mms_region *region;

    publish_text(writer, "value");
    check_ok(mms_writer_close(writer));
    region = sample_region(path);
    late.reader = sample_reader(region);
    late.syncs = 0;
    late.at = 7; /* the data, before the anchor */
    pretend_reboot(path);
    disk_before_syncs(take_view);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_AGAIN);
    disk_before_syncs(NULL);
    check_true(memcmp(late.view.data, "value", 5) == 0);
    check_ok(mms_release(late.reader));
    writer = sample_writer_with(path, options);
    check_reads(late.reader, "value");
    check_ok(mms_writer_close(writer));
    check_ok(mms_reader_close(late.reader));
    check_ok(mms_region_close(region));
}

/* To the kernel both look the same. */
static void bad_sector_is_no_full_disk(void **state)
{
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = durable_options();
    mms_writer *writer;
    bool told = false;
    int code = -EIO;

    check_ok(mms_writer_close(sample_writer_with(path, options)));
    disk_fail_populates(true);
    for (unsigned nth = 1; code == -EIO; nth++) {
        disk_fail_read(nth, EIO);
        code = mms_writer_open(path, &options, &writer);
        told = told || strstr(mms_last_error(), "the disk has failed there");
        disk_fail_read(0, 0);
    }
    disk_fail_populates(false);
    check_code(code, -ENOSPC);
    check_true(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test_on_disk(open_that_cannot_sync_fails),
        scratch_test_on_disk(all_names_are_synced_before_the_first_commit_returns),
        scratch_test_on_disk(all_files_are_synced_when_a_writer_opens),
        scratch_test_on_disk(value_whose_sync_failed_at_an_open_is_copied),
        scratch_test_on_disk(no_failed_sync_is_passed_over),
        scratch_test_on_disk(exchange_is_synced_before_the_old_region_is_swept),
        scratch_test_on_disk(read_that_fails_loses_nothing),
        scratch_test_on_disk(recovery_of_a_damaged_value_may_be_cut_short),
        scratch_test_on_disk(view_that_comes_during_a_recovery_is_left_alone),
        scratch_test_on_disk(bad_sector_is_no_full_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
