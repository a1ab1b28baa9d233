/* SPDX-License-Identifier: Apache-2.0 */
/* mms_write, and begin, grow, commit and abort: right and wrong orders, limits, receipts. */
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SIZE = 64 << 10 };

static void largest_value_fits_and_one_byte_more_does_not(void **state)
{
    mms_writer *writer = sample_writer(scratch_path(state, "region"));
    mms_region *region = sample_region(scratch_path(state, "region"));
    mms_reader *reader = sample_reader(region);
    unsigned char *bytes = malloc(MAX_SIZE + 1);
    mms_view view;

    memset(bytes, 7, MAX_SIZE + 1);
    check_ok(mms_write(writer, bytes, MAX_SIZE, NULL));
    check_code(mms_write(writer, bytes, MAX_SIZE + 1, NULL), MMS_E_TOO_BIG);
    check_detail_mentions("65537");
    check_detail_mentions("65536");
    check_ok(mms_read(reader, &view));
    check_equal(view.size, MAX_SIZE);
    check_memory(view.data, bytes, MAX_SIZE);
    check_code(mms_write(writer, bytes, SIZE_MAX, NULL), MMS_E_TOO_BIG);
    free(bytes);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void nothing_is_seen_before_commit(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    void *buffer;

    publish_text(writer, "old");
    check_ok(mms_write_begin(writer, 100, &buffer, NULL));
    memcpy(buffer, "new value", 9);
    check_copies(path, "old");
    check_ok(mms_write_commit(writer, 9, NULL));
    check_copies(path, "new value");
    check_ok(mms_writer_close(writer));
}

static void aborted_write_publishes_nothing_and_the_next_one_works(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    void *buffer;

    publish_text(writer, "old");
    for (int i = 0; i < 20; i++) {
        check_ok(mms_write_begin(writer, 100, &buffer, NULL));
        memset(buffer, 'x', 100);
        check_ok(mms_write_abort(writer));
        check_copies(path, "old");
    }
    publish_text(writer, "new");
    check_copies(path, "new");
    check_ok(mms_writer_close(writer));
}

static void close_aborts_what_was_begun(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    void *buffer;

    publish_text(writer, "old");
    check_ok(mms_write_begin(writer, 100, &buffer, NULL));
    memset(buffer, 'x', 100);
    check_ok(mms_writer_close(writer));
    check_copies(path, "old");
    writer = sample_writer(path);
    publish_text(writer, "new");
    check_copies(path, "new");
    check_ok(mms_writer_close(writer));
}

static void growing_keeps_what_is_written(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    char expected[MAX_SIZE];
    void *buffer;
    mms_receipt receipt;
    size_t size = 1;

    memset(expected, 'a', sizeof expected);
    check_ok(mms_write_begin(writer, 1, &buffer, NULL));
    memset(buffer, 'a', 1);
    for (; size < MAX_SIZE; size *= 2) {
        check_ok(mms_write_grow(writer, 2 * size, &buffer));
        memset((char *)buffer + size, 'a', size);
    }
    check_memory(buffer, expected, MAX_SIZE);
    check_ok(mms_write_commit(writer, MAX_SIZE, &receipt));
    check_equal(receipt.size, MAX_SIZE);
    check_ok(mms_writer_close(writer));
}

static void growing_to_less_takes_nothing_away(void **state)
{
    mms_writer *writer = sample_writer(scratch_path(state, "region"));
    void *buffer;

    check_ok(mms_write_begin(writer, 1000, &buffer, NULL));
    check_ok(mms_write_grow(writer, 10, &buffer));
    check_ok(mms_write_grow(writer, 10, NULL));
    check_ok(mms_write_commit(writer, 1000, NULL));
    check_ok(mms_writer_close(writer));
}

static void failed_grow_leaves_the_write_going_on(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    void *buffer;

    check_ok(mms_write_begin(writer, 10, &buffer, NULL));
    memcpy(buffer, "kept", 4);
    check_code(mms_write_grow(writer, MAX_SIZE + 1, &buffer), MMS_E_TOO_BIG);
    check_code(mms_write_commit(writer, 11, NULL), MMS_E_INVALID); /* nothing has grown */
    check_ok(mms_write_commit(writer, 4, NULL));
    check_copies(path, "kept");
    check_ok(mms_writer_close(writer));
}

static void commit_over_the_capacity_is_refused_and_may_be_tried_again(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    void *buffer;

    publish_text(writer, "old");
    check_ok(mms_write_begin(writer, 4, &buffer, NULL));
    memcpy(buffer, "next", 4);
    check_code(mms_write_commit(writer, 5, NULL), MMS_E_INVALID);
    check_detail_mentions("grow");
    check_copies(path, "old");
    check_ok(mms_write_commit(writer, 4, NULL));
    check_copies(path, "next");
    check_ok(mms_writer_close(writer));
}

static void every_wrong_order_is_refused_and_changes_nothing(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    void *buffer, *other;

    publish_text(writer, "old");
    check_code(mms_write_commit(writer, 0, NULL), MMS_E_INVALID);
    check_code(mms_write_abort(writer), MMS_E_INVALID);
    check_code(mms_write_grow(writer, 10, &buffer), MMS_E_INVALID);
    check_detail_mentions("no write");
    check_ok(mms_write_begin(writer, 10, &buffer, NULL));
    check_code(mms_write_begin(writer, 10, &other, NULL), MMS_E_INVALID);
    check_code(mms_write(writer, "x", 1, NULL), MMS_E_INVALID);
    check_detail_mentions("commit or abort");
    check_copies(path, "old");
    memcpy(buffer, "new", 3);
    check_ok(mms_write_commit(writer, 3, NULL));
    check_code(mms_write_commit(writer, 3, NULL), MMS_E_INVALID);
    check_code(mms_write_abort(writer), MMS_E_INVALID);
    check_copies(path, "new");
    check_ok(mms_writer_close(writer));
}

static void begin_over_the_limit_begins_nothing(void **state)
{
    mms_writer *writer = sample_writer(scratch_path(state, "region"));
    void *buffer = &writer;

    check_code(mms_write_begin(writer, MAX_SIZE + 1, &buffer, NULL), MMS_E_TOO_BIG);
    check_true(buffer == &writer);
    check_code(mms_write_abort(writer), MMS_E_INVALID);
    check_ok(mms_writer_close(writer));
}

static void capacity_0_may_be_grown_or_committed(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    void *buffer = NULL;

    check_ok(mms_write_begin(writer, 0, &buffer, NULL));
    check_true(buffer != NULL && (uintptr_t)buffer % 64 == 0);
    check_ok(mms_write_commit(writer, 0, NULL));
    check_copies(path, "");
    check_ok(mms_write_begin(writer, 0, &buffer, NULL));
    check_ok(mms_write_grow(writer, 5, &buffer));
    memcpy(buffer, "grown", 5);
    check_ok(mms_write_commit(writer, 5, NULL));
    check_copies(path, "grown");
    check_ok(mms_writer_close(writer));
}

static void receipt_says_what_was_written(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_receipt begun, committed, receipt;
    mms_info info;
    void *buffer;

    check_ok(mms_write(writer, "12345", 5, &receipt));
    check_ok(mms_inspect(path, &info));
    check_equal(receipt.size, 5);
    check_equal(receipt.generation, info.generation);
    check_equal(receipt.slot, info.slot);
    check_true(receipt.blockers == 0 && receipt.evicted == 0 && receipt.blocker_pid[0] == 0);
    check_ok(mms_write_begin(writer, 9, &buffer, &begun));
    check_ok(mms_write_commit(writer, 7, &committed));
    check_equal(committed.generation, begun.generation);
    check_equal(committed.slot, begun.slot);
    check_equal(committed.size, 7);
    check_ok(mms_writer_close(writer));
}

static void second_writer_is_busy_until_the_first_closes(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path), *second = writer;
    mms_writer_options options = sample_options();

    check_code(mms_writer_open(path, &options, &second), MMS_E_BUSY);
    check_true(second == NULL);
    publish_text(writer, "goes on");
    check_ok(mms_writer_close(writer));
    second = sample_writer(path);
    check_copies(path, "goes on");
    check_ok(mms_writer_close(second));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(largest_value_fits_and_one_byte_more_does_not),
        scratch_test(nothing_is_seen_before_commit),
        scratch_test(aborted_write_publishes_nothing_and_the_next_one_works),
        scratch_test(close_aborts_what_was_begun),
        scratch_test(growing_keeps_what_is_written),
        scratch_test_on_disk(growing_keeps_what_is_written),
        scratch_test(growing_to_less_takes_nothing_away),
        scratch_test(failed_grow_leaves_the_write_going_on),
        scratch_test(commit_over_the_capacity_is_refused_and_may_be_tried_again),
        scratch_test(every_wrong_order_is_refused_and_changes_nothing),
        scratch_test(begin_over_the_limit_begins_nothing),
        scratch_test(capacity_0_may_be_grown_or_committed),
        scratch_test(receipt_says_what_was_written),
        scratch_test(second_writer_is_busy_until_the_first_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
