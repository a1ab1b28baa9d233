/* SPDX-License-Identifier: Apache-2.0 */
/* Durable regions (D1 to D4): all that a writer writes and syncs is recorded, and the power fails at every step of it, with
   what is not synced there, missing or torn; and after syncs that failed. */
#include "disk.h"
#include "recorder.h"
#include "region/writer.h"
#include "replay.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <mmsync/durable.h>

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

/* Commits do not wait; the last sync is what counts. */
static void what_was_synced_survives(void **state)
{
    mms_writer_options options = durable_options();
    const char *path;

    options.durable = MMS_DURABLE_SYNC;
    path = set_up(state, options);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 3 + 9 * (round == 2); i++)
            publish_unsynced(4000 + 3000u * (unsigned)(i % 3));
        if (round == 1)
            reopen(path, options);
        check_ok(mms_sync(past.writer));
        sync_values();
    }
    options.durable = 0; /* makes the last one durable when it opens */
    reopen(path, options);
    fail_the_power(state);
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
    pretend_reboot(path);
    past.values[1].generation = receipt.generation;
    disk_record(path);
    past.writer = sample_writer_with(path, options);
    /* many, as few cuts can tear the new anchor */
    fail_the_power_of(state, (struct replay){.promised = 1, .begun = 1, .lost = receipt.generation, .states = 32});
}

/* ---- Syncs that fail ---- */

/* The disk never gets what was written before, and the next writer must not count on it. */
static void what_comes_after_a_failed_sync_survives(void **state)
{
    for (unsigned nth = 1; nth <= 2; nth++) {
        const char *path = set_up(state, durable_options());

        publish(7000);
        publish(8000);
        disk_fail_sync(nth, EIO);
        publish_in_vain(100, -EIO);
        disk_fail_sync(0, 0);
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
        sync_values();
        publish_unsynced(8000);
        publish_unsynced(8001);
        disk_fail_sync(nth, EIO);
        check_code(mms_sync(past.writer), -EIO);
        disk_fail_sync(0, 0);
        reopen(path, options);
        sync_values();
        reopen(path, durable_options());
        change(4000, 200);
        publish(9001);
        fail_the_power(state);
        scratch_delete(path);
    }
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
        scratch_test_on_disk(what_comes_after_a_failed_sync_survives),
        scratch_test_on_disk(what_comes_after_a_failed_mms_sync_survives),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
