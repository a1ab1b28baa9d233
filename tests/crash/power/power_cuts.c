/* SPDX-License-Identifier: Apache-2.0 */
/* Durable regions (D1 to D4): all that a writer writes and syncs is recorded, and the power fails at every step of it, with
   what is not synced there, missing or torn; and syncs fail. */
#include "disk.h"
#include "pattern.h"
#include "region/layout.h"
#include "region/writer.h"
#include "replay.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <mmsync/durable.h>
#include <mmsync/history.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VALUES_MOST = 64, SIZE_MOST = 12 << 10 };

static struct {
    struct replay_value values[VALUES_MOST];
    unsigned char bytes[VALUES_MOST][SIZE_MOST];
    uint64_t count;
    mms_writer *writer;
} past;

static mms_writer_options durable_options(void)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.max_size = SIZE_MOST;
    options.max_slots = 6;
    options.max_readers = 4;
    options.changes_size = 4096;
    options.lock_wait_ms = MMS_NO_WAIT;
    options.grace_ms = MMS_NO_WAIT;
    options.durable = MMS_DURABLE_COMMIT;
    return options;
}

/* ---- What is recorded ---- */

static struct replay_value *next_value(void)
{
    check_true(past.count + 1 < VALUES_MOST);
    past.count++;
    past.values[past.count].bytes = past.bytes[past.count];
    return &past.values[past.count];
}

/* The commit of the value that next_value has described begins. */
static void begun(void)
{
    disk_note(DISK_BEGUN, past.count);
}

static void returned(const mms_receipt *receipt)
{
    past.values[past.count].generation = receipt->generation;
    disk_note(DISK_RETURNED, past.count);
}

static void publish(size_t size)
{
    struct replay_value *value = next_value();
    mms_receipt receipt;

    pattern_fill(past.bytes[past.count], size, PATTERN_FREE_SEED | past.count);
    value->size = size;
    begun();
    check_ok(mms_write(past.writer, value->bytes, size, &receipt));
    returned(&receipt);
}

/* In place, with some bytes of each page stored and touched. */
static void change(size_t at, size_t length)
{
    const struct replay_value *old = &past.values[past.count];
    struct replay_value *value = next_value();
    size_t size;
    void *buffer;
    mms_receipt receipt;

    memcpy(past.bytes[past.count], old->bytes, old->size);
    value->size = old->size;
    pattern_fill(past.bytes[past.count] + at, length, PATTERN_FREE_SEED | (1000 + past.count));
    begun();
    check_ok(mms_write_update(past.writer, 0, &buffer, &size, NULL));
    check_equal(size, value->size);
    check_ok(mms_write_patch(past.writer, at, past.bytes[past.count] + at, length));
    check_ok(mms_write_commit(past.writer, size, &receipt));
    returned(&receipt);
}

static void abandon(void)
{
    void *buffer;

    check_ok(mms_write_begin(past.writer, SIZE_MOST, &buffer, NULL));
    memset(buffer, 0xee, SIZE_MOST);
    check_ok(mms_write_abort(past.writer));
}

/* To the value that is so many publishes old. */
static void go_back(unsigned by)
{
    const struct replay_value *old = &past.values[past.count - by];
    struct replay_value *value = next_value();
    mms_receipt receipt;

    memcpy(past.bytes[past.count], old->bytes, old->size);
    value->size = old->size;
    begun();
    check_ok(mms_write_rollback(past.writer, old->generation, &receipt));
    returned(&receipt);
}

static void reopen(const char *path, mms_writer_options options)
{
    check_ok(mms_writer_close(past.writer));
    past.writer = sample_writer_with(path, options);
}

/* A region that has been on the disk for a while, with no value. */
static const char *set_up(void **state, mms_writer_options options)
{
    const char *path = scratch_path(state, "region");

    memset(&past, 0, sizeof past);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    disk_record(path);
    past.writer = sample_writer_with(path, options);
    return path;
}

static unsigned states(void)
{
    const char *given = getenv("MMSYNC_POWER_CUTS"); /* script/power-cuts */

    return given ? (unsigned)atoi(given) : 4;
}

static void fail_the_power_of(void **state, struct replay replay)
{
    struct disk_log log;

    check_ok(mms_writer_close(past.writer));
    log = disk_stop();
    replay.log = &log;
    replay.values = past.values;
    if (replay.states == 0)
        replay.states = states();
    replay.random = 88172645463325252u;
    replay.path = scratch_path(state, "after");
    replay_cuts(&replay);
    print_message("%llu cuts, %llu states, %llu after a second cut\n", (unsigned long long)replay.cuts,
                  (unsigned long long)replay.tried, (unsigned long long)replay.again);
    disk_free(&log);
}

static void fail_the_power(void **state)
{
    fail_the_power_of(state, (struct replay){.nested = true});
}

/* ---- Tests ---- */

static void whole_values_survive(void **state)
{
    (void)set_up(state, durable_options());
    publish(36);
    publish(SIZE_MOST);
    abandon();
    publish(5000);
    publish(0);
    for (int i = 0; i < 4; i++)
        publish(SIZE_MOST - (size_t)i);
    fail_the_power(state);
}

static void updates_survive(void **state)
{
    const char *path = set_up(state, durable_options());

    publish(SIZE_MOST);
    for (size_t i = 0; i < 4; i++)
        change(3000 * i, 40);
    abandon();
    change(4090, 20);
    reopen(path, durable_options());
    change(8000, 100);
    change(100, 8200);
    fail_the_power(state);
}

static void values_that_were_gone_back_to_survive(void **state)
{
    mms_writer_options options = durable_options();

    options.keep = 2;
    (void)set_up(state, options);
    for (size_t i = 0; i < 3; i++)
        publish(5000 + i);
    go_back(1);
    go_back(3);
    publish(9000);
    go_back(1);
    fail_the_power(state);
}

static void next_writers_keep_what_the_last_one_has_left(void **state)
{
    const char *path = set_up(state, durable_options());
    mms_writer_options options = durable_options();

    publish(6000);
    reopen(path, options);
    publish(7000);
    options.durable = 0; /* the region stays as it is */
    reopen(path, options);
    publish(8000);
    options.checksum = true;
    reopen(path, options);
    publish(9000);
    publish(9001);
    fail_the_power(state);
}

static void publish_unsynced(size_t size)
{
    struct replay_value *value = next_value();
    mms_receipt receipt;

    value->size = size;
    pattern_fill(past.bytes[past.count], value->size, PATTERN_FREE_SEED | past.count);
    begun();
    check_ok(mms_write(past.writer, value->bytes, value->size, &receipt));
    value->generation = receipt.generation;
}

/* Commits do not wait; the last sync is what counts. */
static void what_was_synced_survives(void **state)
{
    mms_writer_options options = durable_options();
    const char *path;
    uint64_t synced = 0;

    options.durable = MMS_DURABLE_SYNC;
    path = set_up(state, options);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 3 + 9 * (round == 2); i++)
            publish_unsynced(4000 + 3000u * (unsigned)(i % 3));
        if (round == 1)
            reopen(path, options);
        check_ok(mms_sync(past.writer));
        check_ok(mms_sync(past.writer));
        synced = past.count;
        disk_note(DISK_RETURNED, synced);
    }
    options.durable = 0; /* makes the last one durable when it opens */
    reopen(path, options);
    fail_the_power(state);
}

static void reboot(const char *path)
{
    patch_word(path, "control", offsetof(struct mms__control, boot_id), UINT64_C(0x1234567890abcdef));
}

/* The newest value is damaged, and power fails while the one before it is brought back. */
static void loss_is_told_of_after_a_cut_too(void **state)
{
    mms_writer_options options = durable_options();
    const char *path = scratch_path(state, "region");
    struct disk_log log;
    mms_receipt receipt;
    size_t stride;

    options.checksum = true;
    (void)set_up(state, options);
    publish(5000);
    check_ok(mms_write(past.writer, "newer", 5, &receipt));
    stride = (size_t)mms__native_writer_of(past.writer)->pool.header.stride;
    check_ok(mms_writer_close(past.writer));
    log = disk_stop();
    disk_free(&log);
    flip_bits(path, "data", receipt.slot * stride + 2, 1);
    reboot(path);
    past.values[1].generation = receipt.generation;
    disk_record(path);
    past.writer = sample_writer_with(path, options);
    /* many, as few cuts can tear the new anchor */
    fail_the_power_of(state, (struct replay){.promised = 1, .begun = 1, .lost = receipt.generation, .states = 32});
}

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

/* ---- Syncs that fail ---- */

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

/* The disk never gets what was written before, and the next writer must not count on it. */
static void what_comes_after_a_failed_sync_survives(void **state)
{
    for (unsigned nth = 1; nth <= 2; nth++) {
        const char *path = set_up(state, durable_options());

        publish(7000);
        publish(8000);
        (void)next_value();
        begun();
        disk_fail_sync(nth, EIO);
        check_code(mms_write(past.writer, past.bytes[0], 100, NULL), -EIO);
        disk_fail_sync(0, 0);
        past.values[past.count].size = 100;
        reopen(path, durable_options());
        publish(9000);
        change(4000, 200);
        publish(9001);
        fail_the_power(state);
        scratch_delete(path);
    }
}

/* The same for mms_sync: all values since the last one may be missing. */
static void what_comes_after_a_failed_mms_sync_survives(void **state)
{
    mms_writer_options options = durable_options();

    options.durable = MMS_DURABLE_SYNC;
    for (unsigned nth = 1; nth <= 2; nth++) {
        const char *path = set_up(state, options);

        publish_unsynced(7000);
        check_ok(mms_sync(past.writer));
        disk_note(DISK_RETURNED, past.count);
        publish_unsynced(8000);
        publish_unsynced(8001);
        disk_fail_sync(nth, EIO);
        check_code(mms_sync(past.writer), -EIO);
        disk_fail_sync(0, 0);
        reopen(path, options);
        check_ok(mms_sync(past.writer));
        disk_note(DISK_RETURNED, past.count);
        reopen(path, durable_options());
        change(4000, 200);
        publish(9001);
        fail_the_power(state);
        scratch_delete(path);
    }
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

/* The kernel takes its pages for written, and they are not: so the next writer stores them once more, elsewhere. */
static void value_that_was_not_synced_is_copied(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_past_value past_values[8];
    mms_info before, after;
    mms_writer *writer;
    size_t count;

    options.durable = MMS_DURABLE_SYNC;
    writer = sample_writer_with(path, options);
    publish_text(writer, "synced");
    check_ok(mms_sync(writer));
    publish_text(writer, "older");
    publish_text(writer, "last");
    check_ok(mms_inspect(path, &before));
    disk_fail_syncs(1, EIO);
    check_code(mms_sync(writer), -EIO);
    check_refuses(writer, path, EIO);
    check_ok(mms_writer_close(writer));
    disk_fail_syncs(0, 0);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_ok(mms_inspect(path, &after));
    check_copies(path, "last");
    check_true(after.generation > before.generation && after.slot != before.slot);
    check_equal(after.durable_generation, after.generation);
    check_ok(mms_history(path, past_values, 8, &count));
    check_equal(count, 1); /* of no other slot it is known that its pages are on the disk */
}

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

    snprintf(parent_of_leftover, sizeof parent_of_leftover, "%.*s", (int)(strrchr(path, '/') - path), path);
    snprintf(leftover, sizeof leftover, "%s/.region.mmsync-0123456789abcdef", parent_of_leftover);
    past.writer = sample_writer_with(scratch_path(state, "old"), options);
    publish_text(past.writer, "value");
    check_ok(mms_writer_close(past.writer));
    past.writer = sample_writer_with(path, options);
    publish_text(past.writer, "value");
    check_ok(mms_writer_close(past.writer));
    check_ok(rename(scratch_path(state, "old"), leftover));
    disk_fail_sync(1, EIO);
    (void)mms_writer_open(path, &options, &past.writer);
    disk_fail_sync(0, 0);
    check_ok(access(leftover, F_OK));
    check_ok(mms_writer_close(past.writer));
    looks = 0;
    disk_forget_syncs();
    disk_before_syncs(check_leftover);
    past.writer = sample_writer_with(path, options);
    disk_before_syncs(NULL);
    check_true(access(leftover, F_OK) != 0 && disk_was_synced(parent_of_leftover));
    check_ok(mms_writer_close(past.writer));
}

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

            reboot(path);
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
    reboot(path);
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
    reboot(path);
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
        scratch_test_on_disk(whole_values_survive),
        scratch_test_on_disk(updates_survive),
        scratch_test_on_disk(values_that_were_gone_back_to_survive),
        scratch_test_on_disk(next_writers_keep_what_the_last_one_has_left),
        scratch_test_on_disk(what_was_synced_survives),
        scratch_test_on_disk(loss_is_told_of_after_a_cut_too),
        scratch_test_on_disk(readers_see_a_value_once_it_is_durable),
        scratch_test_on_disk(writer_whose_sync_failed_publishes_nothing_more),
        scratch_test_on_disk(what_comes_after_a_failed_sync_survives),
        scratch_test_on_disk(what_comes_after_a_failed_mms_sync_survives),
        scratch_test_on_disk(build_is_refused_and_can_be_aborted),
        scratch_test_on_disk(value_that_was_not_synced_is_copied),
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
