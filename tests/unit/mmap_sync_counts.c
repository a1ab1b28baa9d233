/* SPDX-License-Identifier: Apache-2.0 */
/* How views are counted in the files of mmap-sync, and what writers and other processes make of
   the counts (src/mmap_sync). */
#include "forked.h"
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <pthread.h>

/* What a view holds back, and how each policy deals with it. */
static void a_counted_file_is_not_written_unless_told_to(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_receipt receipt;
    mms_view view;
    mms_info info;

    publish_text(writer, "held");
    view = check_holds(reader, "held");
    publish_text(writer, "next");
    check_ok(mms_inspect(path, &info));
    check_equal(crate_count(path, 0), 1);
    check_equal(info.readers, 1);
    check_code(mms_write(writer, "third", 5, &receipt), MMS_E_AGAIN);
    check_detail_mentions("mmsync repair");
    check_equal(receipt.blockers, 1);
    check_memory(view.data, "held", 4);
    check_copies(path, "next"); /* which waits for nobody */
    check_ok(mms_writer_close(writer));
    writer = mmap_sync_writer(path, 10, true);
    check_ok(mms_write(writer, "third", 5, &receipt));
    check_true(mms_mmap_sync_was_reset(writer));
    check_code(mms_release(reader), MMS_E_EVICTED);
    check_ok(mms_inspect(path, &info));
    check_equal(crate_count(path, 0), 0); /* and not below */
    check_ok(mms_write(writer, "fourth", 6, &receipt));
    check_true(!mms_mmap_sync_was_reset(writer));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* A writer of the crate that has reset the count, at each stage that can be seen from outside. */
static void a_view_that_was_taken_away_is_reported(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    struct mms__mmap_sync_state *shared = mmap_sync_map(path);
    mms_view view;

    publish_text(writer, "held");
    check_holds(reader, "held");
    shared->readers[0] = 0; /* reset, and perhaps being overwritten */
    check_code(mms_release(reader), MMS_E_EVICTED);
    check_equal(shared->readers[0], 0);
    check_holds(reader, "held");
    shared->version = mms__mmap_sync_word(0, 4, 1); /* overwritten; the count is others' */
    shared->readers[0] = 5;
    check_code(mms_read(reader, &view), MMS_E_EVICTED);
    check_equal(shared->readers[0], 5);
    check_code(mms_release(reader), MMS_E_NO_VIEW);
    mmap_sync_unmap(shared);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* The limit of a format with counts, as docs/migrating.md says: a reader that was counted after
   the reset stands in for the one whose count was taken, until the writer stores the version. */
static void a_late_count_hides_a_reset_until_the_version_changes(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    struct mms__mmap_sync_state *shared = mmap_sync_map(path);

    publish_text(writer, "held");
    check_holds(reader, "held");
    shared->readers[0] = 0; /* reset */
    shared->readers[0]++;   /* a late reader */
    check_ok(mms_release(reader));
    check_equal(shared->readers[0], 0);
    check_holds(reader, "held");
    shared->readers[0] = 0;
    shared->readers[0]++;
    shared->version = mms__mmap_sync_word(0, 4, 1); /* the writer is through */
    check_code(mms_release(reader), MMS_E_EVICTED);
    mmap_sync_unmap(shared);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* A reader of the crate that leaves after the reset takes the count below 0. To add 1 to that would hide a reader. */
static void a_count_below_zero_hides_no_reader(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    struct mms__mmap_sync_state *shared = mmap_sync_map(path);

    publish_text(writer, "held");
    shared->readers[0] = UINT32_MAX;
    check_code(mms_verify(path, NULL, NULL), MMS_E_CORRUPT);
    check_holds(reader, "held");
    check_equal(shared->readers[0], 1);
    check_ok(mms_release(reader));
    shared->readers[1] = UINT32_MAX;
    check_code(mms_write(writer, "next", 4, NULL), MMS_E_AGAIN);
    check_detail_mentions("below 0");
    mmap_sync_unmap(shared);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void pinning_follows_a_version_that_moves(void **state)
{
    struct mms__mmap_sync_state shared = {.version = mms__mmap_sync_word(1, 8, 3)};

    (void)state;
    check_equal(mms__mmap_sync_pin(&shared), shared.version);
    check_equal(shared.readers[0], 0);
    check_equal(shared.readers[1], 1);
    check_true(mms__mmap_sync_unpin(&shared, shared.version));
    check_equal(shared.readers[1], 0);
    check_true(!mms__mmap_sync_unpin(&shared, shared.version)); /* nothing to take back */
    shared.version = 0;
    check_equal(mms__mmap_sync_pin(&shared), 0);
    check_equal(shared.readers[0] + shared.readers[1], 0);
}

struct handles {
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
};

static void use_in_child(void *argument)
{
    struct handles *handles = argument;
    mms_view view;
    char byte;

    check_code(mms_write(handles->writer, "child", 5, NULL), MMS_E_FORKED);
    check_code(mms_read(handles->reader, &view), MMS_E_FORKED);
    check_code(mms_read_copy(handles->region, &byte, 1, NULL, NULL), MMS_E_FORKED);
    check_code(mms_reader_close(handles->reader), MMS_E_FORKED);
    check_code(mms_region_close(handles->region), MMS_E_FORKED);
    check_code(mms_writer_close(handles->writer), MMS_E_FORKED);
}

static void a_forked_child_cannot_use_the_handles(void **state)
{
    const char *path = scratch_path(state, "value");
    struct handles handles = {mmap_sync_writer(path, MMS_NO_WAIT, false), NULL, NULL};
    mms_info info;

    publish_text(handles.writer, "held");
    handles.region = sample_region(path);
    handles.reader = sample_reader(handles.region);
    check_holds(handles.reader, "held");
    in_child(use_in_child, &handles);
    check_ok(mms_inspect(path, &info));
    check_equal(crate_count(path, 0), 1);
    check_ok(mms_release(handles.reader));
    publish_text(handles.writer, "the parent goes on");
    check_reads(handles.reader, "the parent goes on");
    check_ok(mms_reader_close(handles.reader));
    check_ok(mms_region_close(handles.region));
    check_ok(mms_writer_close(handles.writer));
}

static void *hold_and_end(void *region)
{
    check_holds(sample_reader(region), "held");
    return NULL;
}

static void a_thread_that_ended_is_no_longer_counted(void **state)
{
    const char *path = scratch_path(state, "value");
    mms_writer *writer = mmap_sync_writer(path, MMS_NO_WAIT, false);
    mms_region *region = sample_region(path);
    pthread_t thread;
    mms_info info;

    publish_text(writer, "held");
    check_true(pthread_create(&thread, NULL, hold_and_end, region) == 0);
    check_true(pthread_join(thread, NULL) == 0);
    check_ok(mms_inspect(path, &info));
    check_equal(crate_count(path, 0), 0);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_counted_file_is_not_written_unless_told_to),
        scratch_test(a_view_that_was_taken_away_is_reported),
        scratch_test(a_late_count_hides_a_reset_until_the_version_changes),
        scratch_test(a_count_below_zero_hides_no_reader),
        scratch_test(pinning_follows_a_version_that_moves),
        scratch_test(a_forked_child_cannot_use_the_handles),
        scratch_test(a_thread_that_ended_is_no_longer_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
