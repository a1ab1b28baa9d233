/* SPDX-License-Identifier: Apache-2.0 */
/* Commits of durable regions, and mms_sync, whose syncs fail; failed_opens.c has those of an open. Nothing that was promised
   is lost, nothing is promised that may be lost, and readers see no value before it is on the disk (D1 to D4). */
#include "disk.h"
#include "os/clock.h"
#include "recorder.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <mmsync/durable.h>
#include <mmsync/history.h>
#include <mmsync/table.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *watched;

static void check_old_value(void)
{
    check_copies(watched, "old");
}

/* D2: what readers see, no power cut can take. */
static void readers_see_a_value_once_it_is_durable(void **state)
{
    mms_writer *writer;

    watched = scratch_path(state, "region");
    writer = sample_writer_with(watched, durable_options());
    publish_text(writer, "old");
    disk_before_syncs(check_old_value);
    publish_text(writer, "new");
    disk_before_syncs(NULL);
    check_copies(watched, "new");
    check_ok(mms_writer_close(writer));
}

/* ---- A commit ---- */

static void check_refuses(mms_writer *writer, const char *path, int error)
{
    void *buffer;

    check_code(mms_write(writer, "refused", 7, NULL), -error);
    check_detail_mentions("Close the writer");
    check_code(mms_write_begin(writer, 7, &buffer, NULL), -error);
    check_code(mms_write_rollback(writer, 0, NULL), -error);
    check_code(mms_sync(writer), -error);
    check_copies(path, "last");
}

/* Sync number `nth` of a commit fails: that of the data, or that of the anchor. */
static void fail_commit(const char *path, unsigned nth, int error)
{
    mms_writer *writer = sample_writer_with(path, durable_options());
    mms_info info;

    publish_text(writer, "older");
    publish_text(writer, "last");
    disk_fail_syncs(nth, error);
    check_code(mms_write(writer, "lost", 4, NULL), -error);
    check_detail_mentions(nth == 1 ? "`data`" : "`durable`");
    check_ok(mms_inspect(path, &info));
    check_equal(info.durable_generation, info.generation); /* no more than is known */
    check_refuses(writer, path, error);
    disk_fail_syncs(0, 0);
    check_refuses(writer, path, error); /* a sync that succeeds now proves nothing */
    check_ok(mms_writer_close(writer));
    writer = sample_writer_with(path, durable_options());
    check_copies(path, "last");
    check_ok(mms_inspect(path, &info));
    check_equal(info.durable_generation, info.generation);
    publish_text(writer, "next");
    check_ok(mms_writer_close(writer));
    check_copies(path, "next");
    check_ok(mms_verify(path, NULL, NULL));
}

static void writer_whose_sync_failed_publishes_nothing_more(void **state)
{
    static const int errors[] = {EIO, ENOSPC, EDQUOT, EROFS};
    const char *path = scratch_path(state, "region");

    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        for (unsigned nth = 1; nth <= 2; nth++)
            fail_commit(path, nth, errors[i]);
}

static void build_is_refused_and_can_be_aborted(void **state)
{
    mms_writer *writer = sample_writer_with(scratch_path(state, "region"), durable_options());
    void *buffer;

    publish_text(writer, "last");
    check_ok(mms_write_begin(writer, 100, &buffer, NULL));
    disk_fail_syncs(1, EIO);
    check_code(mms_write_commit(writer, 100, NULL), -EIO);
    disk_fail_syncs(0, 0);
    check_code(mms_write_commit(writer, 100, NULL), -EIO);
    check_ok(mms_write_abort(writer));
    check_ok(mms_writer_close(writer));
    check_copies(scratch_path(state, "region"), "last");
}

static mms_table *begin_table(mms_writer *writer)
{
    const mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    check_ok(mms_table_begin(writer, &options, &table));
    return table;
}

static void check_table_has(const char *path, const char *key, const char *text)
{
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_table_view table;
    const void *value;
    mms_view view;
    size_t size;

    check_ok(mms_read(reader, &view));
    check_ok(mms_table_of(&view, &table));
    check_ok(mms_table_check(&table));
    value = mms_table_get(&table, key, strlen(key), &size);
    check_true(value && size == strlen(text));
    check_memory(value, text, size);
    check_ok(mms_release(reader));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

/* The anchor may be on the disk though its sync failed, so what it names must stay what was to be published. */
static void table_is_aborted_and_its_anchor_may_be_there(void **state)
{
    static const char filler[6000];
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer_with(path, durable_options());
    mms_table *table = begin_table(writer);

    check_ok(mms_table_put(table, "filler", 6, filler, sizeof filler));
    check_ok(mms_table_put(table, "key", 3, "old", 3));
    check_ok(mms_table_commit(table, NULL));
    table = begin_table(writer);
    check_ok(mms_table_put(table, "key", 3, "new", 3));
    disk_fail_syncs(2, EIO);
    check_code(mms_table_commit(table, NULL), -EIO);
    disk_fail_syncs(0, 0);
    check_ok(mms_table_abort(table));
    check_ok(mms_writer_close(writer));
    check_table_has(path, "key", "old");
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_table_has(path, "key", "new");
}

enum { EXPIRED = 40 };

/* Of a table, some of whose entries have expired since. */
static void make_expiring(mms_writer *writer)
{
    mms_table_options options = MMS_TABLE_OPTIONS_INIT;
    mms_table *table;

    options.expires_ns = mms__read_clock(CLOCK_REALTIME) + 20000000;
    check_ok(mms_table_begin(writer, &options, &table));
    for (uint32_t key = 0; key < EXPIRED; key++)
        check_ok(mms_table_put(table, &key, sizeof key, "short", 5));
    check_ok(mms_table_commit(table, NULL));
    usleep(40000);
}

/* Each commit removes some that have expired; one that must fail does not. */
static void table_stays_as_it_was_to_be_published(void **state)
{
    mms_writer *writer = sample_writer_with(scratch_path(state, "region"), durable_options());
    const struct mms__native_writer *own = mms__native_writer_of(writer);
    unsigned char *bytes;
    mms_table *table;
    size_t size;

    make_expiring(writer);
    size = own->pool.header.max_size;
    bytes = malloc(size);
    table = begin_table(writer);
    check_ok(mms_table_put(table, "long", 4, "value", 5));
    disk_fail_syncs(2, EIO);
    check_code(mms_table_commit(table, NULL), -EIO);
    memcpy(bytes, mms__writer_slot(own, own->slot), size);
    check_code(mms_table_commit(table, NULL), -EIO);
    check_ok(mms_table_abort(table));
    check_memory(mms__writer_slot(own, own->slot), bytes, size);
    disk_fail_syncs(0, 0);
    check_ok(mms_writer_close(writer));
    free(bytes);
}

/* ---- mms_sync ---- */

/* A writer whose last two values nobody has synced. */
static mms_writer *unsynced_writer(const char *path)
{
    mms_writer_options options = durable_options();
    mms_writer *writer;

    options.durable = MMS_DURABLE_SYNC;
    writer = sample_writer_with(path, options);
    publish_text(writer, "synced");
    check_ok(mms_sync(writer));
    publish_text(writer, "older");
    publish_text(writer, "last");
    return writer;
}

/* The kernel takes its pages for written, and they are not: so the next writer stores them once more, elsewhere. */
static void check_stored_anew(const char *path)
{
    mms_past_value past_values[8];
    mms_info before, after;
    size_t count;

    check_ok(mms_inspect(path, &before));
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_ok(mms_inspect(path, &after));
    check_copies(path, "last");
    check_true(after.generation > before.generation && after.slot != before.slot);
    check_equal(after.durable_generation, after.generation);
    check_ok(mms_history(path, past_values, 8, &count));
    check_equal(count, 1); /* of no other slot it is known that its pages are on the disk */
}

static void value_that_was_not_synced_is_copied(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = unsynced_writer(path);

    disk_fail_syncs(1, EIO);
    check_code(mms_sync(writer), -EIO);
    check_refuses(writer, path, EIO);
    check_ok(mms_writer_close(writer));
    disk_fail_syncs(0, 0);
    check_stored_anew(path);
}

static void die(void)
{
    raise(SIGKILL);
}

/* It may have been told of an error, which the kernel tells once, and nobody else knows of it. */
static void value_whose_writer_was_killed_in_its_sync_is_copied(void **state)
{
    const char *path = scratch_path(state, "region");
    int status;
    pid_t child = fork();

    check_true(child >= 0);
    if (child == 0) {
        mms_writer *writer = unsynced_writer(path);

        disk_before_syncs(die);
        (void)mms_sync(writer);
        _exit(1);
    }
    check_true(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    check_stored_anew(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test_on_disk(readers_see_a_value_once_it_is_durable),
        scratch_test_on_disk(writer_whose_sync_failed_publishes_nothing_more),
        scratch_test_on_disk(build_is_refused_and_can_be_aborted),
        scratch_test_on_disk(table_is_aborted_and_its_anchor_may_be_there),
        scratch_test_on_disk(table_stays_as_it_was_to_be_published),
        scratch_test_on_disk(value_that_was_not_synced_is_copied),
        scratch_test_on_disk(value_whose_writer_was_killed_in_its_sync_is_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
