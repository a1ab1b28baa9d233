/* SPDX-License-Identifier: Apache-2.0 */
/* Readers and copies while the kernel refuses one thing that they need, or after the host has
   closed a file: the error names it, and nothing stale is read. */
#include "answers.h"
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>

/* On overlayfs others may have taken the line for free and claimed it: the owner, the claim or the
   process is another one then. */
static void reader_whose_line_has_another_signature_on_overlayfs_reads_no_more(void **state)
{
    static const size_t fields[] = {offsetof(struct mms__line, owner), offsetof(struct mms__line, claim),
                                    offsetof(struct mms__line, pid)};
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    sample_closed_region(path, "value");
    inject_filesystem(OVERLAYFS_SUPER_MAGIC);
    region = sample_region(path);
    reader = sample_reader(region);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        size_t offset = offsetof(struct mms__readers, lines) + fields[i];
        uint32_t own, other;

        check_reads(reader, "value");
        load_bytes(path, "readers", offset, &own, sizeof own);
        other = own + 1;
        patch_bytes(path, "readers", offset, &other, sizeof other);
        check_code(mms_read(reader, &view), MMS_E_GONE);
        check_detail_mentions("taken its place");
        patch_bytes(path, "readers", offset, &own, sizeof own);
    }
    check_reads(reader, "value");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    inject_filesystem(0);
}

/* The reader checks its lock when the value changes. */
static void reader_whose_host_closed_its_lock_on_overlayfs_reads_nothing_new(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    inject_filesystem(OVERLAYFS_SUPER_MAGIC);
    writer = sample_writer(path);
    publish_text(writer, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    check_reads(reader, "value");
    publish_text(writer, "next");
    check_reads(reader, "next");
    close_file_named(scratch_path(state, "region/readers"));
    check_reads(reader, "next");
    publish_text(writer, "last");
    check_code(mms_read(reader, &view), MMS_E_GONE);
    check_detail_mentions("open the region again");
    check_code(mms_reader_open(region, &(mms_reader *){NULL}), MMS_E_GONE);
    (void)mms_reader_close(reader);
    (void)mms_region_close(region);
    check_ok(mms_writer_close(writer));
    inject_filesystem(0);
}

/* The table is full, and the reader cannot look which owners are dead, or finds that there is
   nothing left to look at. */
static void full_table_that_cannot_be_swept_says_why(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_region *region;
    mms_reader *reader;

    options.max_readers = 1;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    region = sample_region(path);
    reader = sample_reader(region);
    for (unsigned nth = 1; nth <= 2; nth++) { /* the directory; its file */
        fail_from_here(INJECT_openat, nth, EIO, FOR_GOOD);
        check_code(mms_reader_open(region, &(mms_reader *){NULL}), -EIO);
        check_detail_mentions("cannot be looked at");
        fail_from_here(INJECT_openat, nth, ENOENT, FOR_GOOD);
        check_code(mms_reader_open(region, &(mms_reader *){NULL}), MMS_E_FULL);
        check_detail_mentions("close some");
        inject_disarm();
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_reader_close(sample_reader(region)));
    check_ok(mms_region_close(region));
}

/* The host has closed the descriptor, and the file is not there to be opened again. */
static void copy_that_finds_its_file_gone_says_so(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    char copy[8];
    size_t size;

    sample_closed_region(path, "value");
    region = sample_region(path);
    close_file_named(scratch_path(state, "region/data"));
    fail_from_here(INJECT_openat, 1, ENOENT, FOR_GOOD);
    check_code(mms_read_copy(region, copy, sizeof copy, &size, NULL), MMS_E_GONE);
    check_detail_mentions("its file `data` is not there");
    fail_from_here(INJECT_openat, 1, EMFILE, FOR_GOOD);
    check_code(mms_read_copy(region, copy, sizeof copy, &size, NULL), -EMFILE);
    check_detail_mentions("looking for its file `data`");
    inject_disarm();
    check_ok(mms_read_copy(region, copy, sizeof copy, &size, NULL));
    check_memory(copy, "value", 5);
    check_ok(mms_region_close(region));
}

/* A region that is opened to be copied from: the data is not mapped, but for a page that keeps its number. */
static void region_to_copy_from_that_cannot_be_opened_says_so(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    unsigned told = 0;
    int code = -1;

    options.read_only = true;
    sample_closed_region(path, "value");
    for (unsigned nth = 1; code != 0; nth++) {
        mms_region *region = NULL;

        fail_from_here(INJECT_mmap, nth, ENOMEM, 1);
        code = mms_region_open(path, &options, &region);
        told += code == -ENOMEM && strstr(mms_last_error(), "mapping a page of");
        inject_disarm();
        check_true((region != NULL) == (code == 0));
        check_ok(mms_region_close(region));
    }
    check_equal(told, 1);
    check_true(rename(scratch_path(state, "region/data"), scratch_path(state, "data")) == 0);
    check_code(mms_region_open(path, &options, &(mms_region *){NULL}), MMS_E_NOT_REGION);
    check_detail_mentions("`data`");
}

/* Users who may not read `readers` may inspect all else. An inspector tells them the same as mms_inspect when it is gone. */
static void table_that_may_not_be_read_is_missed_when_it_is_gone(void **state)
{
    const char *path = scratch_path(state, "region"), *aside = scratch_path(state, "aside");
    const char *table = scratch_path(state, "region/readers");
    unsigned unread = 0;
    mms_region *region;
    mms_reader *reader;

    sample_closed_region(path, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    for (unsigned nth = 1; nth < 20; nth++) {
        mms_inspector *inspector = NULL;
        mms_info info;
        int code;

        fail_from_here(INJECT_openat, nth, EACCES, 1);
        code = mms_inspector_open(path, &inspector);
        inject_disarm();
        if (code == 0 && mms_inspector_look(inspector, &info) == 0 && info.readers == 0) {
            unread++;
            check_true(rename(table, aside) == 0);
            check_code(mms_inspect(path, &info), MMS_E_NOT_REGION);
            check_code(mms_inspector_look(inspector, &info), MMS_E_NOT_REGION);
            check_detail_mentions("`readers`");
            check_true(rename(aside, table) == 0);
        }
        mms_inspector_close(inspector);
    }
    check_equal(unread, 1);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

/* A disk that can no longer be read, at each call that reads. */
static void check_all_reads_fail(const char *path, mms_region *region)
{
    char copy[64];
    size_t size;

    fail_from_here(INJECT_pread, 1, EIO, FOR_GOOD);
    check_code(mms_read_copy(region, copy, sizeof copy, &size, NULL), -EIO);
    check_detail_mentions("region/data");
    check_code(mms_read_schema(region, copy, sizeof copy, &size, NULL, NULL), -EIO);
    check_detail_mentions("region/data");
    check_code(mms_inspect(path, &(mms_info){0}), -EIO);
    inject_disarm();
    check_ok(mms_read_copy(region, copy, sizeof copy, &size, NULL));
}

static void value_that_cannot_be_read_is_reported(void **state)
{
    const char *path = scratch_path(state, "region"), schema[] = "struct S { a: u64 }";
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_region *region;
    void *buffer;

    options.checksum = true;
    writer = sample_writer_with(path, options);
    check_ok(mms_write_begin(writer, 8, &buffer, NULL));
    memset(buffer, 'v', 8);
    check_ok(mms_write_set_type(writer, (const uint64_t[2]){1, 2}, schema, strlen(schema)));
    check_ok(mms_write_commit(writer, 8, NULL));
    region = sample_region(path);
    check_all_reads_fail(path, region);
    fail_from_here(INJECT_pread, 3, EIO, 1); /* after the two headers */
    check_code(mms_verify(path, NULL, NULL), MMS_E_CORRUPT);
    inject_disarm();
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void a_wait_that_the_kernel_refuses_is_an_error(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    uint64_t first = publish_text(writer, "first");
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);

    fail_from_here(INJECT_futex_wait, 1, EPERM, FOR_GOOD);
    check_code(mms_wait(reader, first, 10000), -EPERM);
    check_detail_mentions("futex(2)");
    check_detail_mentions(path);
    inject_disarm();
    publish_text(writer, "next");
    check_ok(mms_wait(reader, first, MMS_FOREVER));
    check_reads(reader, "next");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        answers_test(reader_whose_line_has_another_signature_on_overlayfs_reads_no_more),
        answers_test(reader_whose_host_closed_its_lock_on_overlayfs_reads_nothing_new),
        answers_test(full_table_that_cannot_be_swept_says_why),
        answers_test(copy_that_finds_its_file_gone_says_so),
        answers_test(region_to_copy_from_that_cannot_be_opened_says_so),
        answers_test(table_that_may_not_be_read_is_missed_when_it_is_gone),
        answers_test(value_that_cannot_be_read_is_reported),
        answers_test(a_wait_that_the_kernel_refuses_is_an_error),
    };

    counts = inject_share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
