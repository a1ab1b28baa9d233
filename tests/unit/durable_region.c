/* SPDX-License-Identifier: Apache-2.0 */
/* Durable regions (mmsync/durable.h): what may be asked for where, and which values are durable when. (What comes back:
   durable_boots.c, durable_damage.c. crash/power_cuts cuts the power.) */
#include "durable_sample.h"
#include "region/writer.h"
#include "scratch.h"
#include <errno.h>
#include <stdio.h>

/* ---- What may be asked for ---- */

static void memory_is_refused_by_name(void **state)
{
    const mms_writer_options options = durable_options();
    mms_writer *writer;

    check_code(mms_writer_open(scratch_path(state, "region"), &options, &writer), MMS_E_FILESYSTEM);
    check_detail_mentions("tmpfs");
    check_code(mms_region_open(scratch_path(state, "region"), NULL, &(mms_region *){NULL}), -ENOENT);
}

static void few_slots_are_refused(void **state)
{
    mms_writer_options options = durable_options();
    mms_writer *writer;

    options.max_slots = 4;
    check_code(mms_writer_open(scratch_path(state, "region"), &options, &writer), MMS_E_INVALID);
    check_detail_mentions("5 or more");
    options.durable = 3;
    check_code(mms_writer_open(scratch_path(state, "region"), &options, &writer), MMS_E_INVALID);
    check_detail_mentions("options.durable is 3");
}

static void other_region_becomes_durable_by_replacement_alone(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;

    options.durable = 0;
    publish_and_close(path, options, "value");
    options.durable = MMS_DURABLE_COMMIT;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_GEOMETRY);
    check_detail_mentions("options.replace");
    options.replace = true;
    writer = sample_writer_with(path, options);
    check_copies(path, "value");
    check_true(durable_generation(path) > 0);
    check_ok(mms_writer_close(writer));
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_copies(path, "value");
}

static void region_stays_durable_when_it_is_replaced(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();

    publish_and_close(path, options, "value");
    options.durable = 0;
    options.max_slots = 7;
    options.replace = true;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "value");
}

/* The old region was the only one that had it on the disk. */
static void replacement_is_durable_though_its_writer_only_syncs_on_demand(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();

    publish_and_close(path, options, "value");
    options.durable = MMS_DURABLE_SYNC;
    options.max_slots = 7;
    options.replace = true;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "value");
}

static void sync_is_for_durable_regions(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    void *buffer;

    check_code(mms_sync(writer), MMS_E_INVALID);
    check_detail_mentions("not durable");
    check_ok(mms_writer_close(writer));
    writer = sample_writer_with(scratch_path(state, "durable"), durable_options());
    check_ok(mms_sync(writer)); /* nothing is there */
    check_ok(mms_write_begin(writer, 1, &buffer, NULL));
    check_code(mms_sync(writer), MMS_E_INVALID);
    check_ok(mms_write_abort(writer));
    check_ok(mms_writer_close(writer));
}

static void files_of_mmap_sync_are_not_durable(void **state)
{
    char path[512];
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_writer *writer;

    snprintf(path, sizeof path, "mmap-sync:%s", scratch_path(state, "crate"));
    options.durable = MMS_DURABLE_COMMIT;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_INVALID);
    check_detail_mentions("options.durable");
    check_ok(mms_writer_open(path, NULL, &writer));
    check_code(mms_sync(writer), MMS_E_INVALID);
    check_ok(mms_writer_close(writer));
}

/* ---- When ---- */

static void commits_are_durable_when_they_return(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer = sample_writer_with(path, options);
    uint64_t last;

    check_equal(durable_generation(path), 0);
    for (int i = 0; i < 10; i++) {
        last = publish_text(writer, "value");
        check_equal(durable_generation(path), last);
    }
    check_ok(mms_writer_close(writer));
    options.durable = 0;
    writer = sample_writer_with(path, options); /* the region decides */
    last = publish_text(writer, "later");
    check_equal(durable_generation(path), last);
    check_ok(mms_writer_close(writer));
}

static void commits_before_a_sync_are_not(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;
    uint64_t synced, last;

    options.durable = MMS_DURABLE_SYNC;
    writer = sample_writer_with(path, options);
    synced = publish_text(writer, "synced");
    check_ok(mms_sync(writer));
    check_equal(durable_generation(path), synced);
    for (int i = 0; i < 10; i++)
        last = publish_text(writer, "lost");
    check_equal(durable_generation(path), synced);
    check_true(mms__pool_invariant(&mms__native_writer_of(writer)->pool) == NULL);
    check_ok(mms_writer_close(writer));
    check_copies(path, "lost");
    pretend_reboot(path);
    writer = sample_writer_with(path, options);
    check_copies(path, "synced");
    check_true(publish_text(writer, "next") > last + (UINT64_C(1) << 31));
    check_ok(mms_writer_close(writer));
}

static void writer_that_waits_makes_the_last_value_durable_at_once(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();

    options.durable = MMS_DURABLE_SYNC;
    options.checksum = true;
    publish_and_close(path, options, "value");
    check_equal(durable_generation(path), 0);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_copies(path, "value");
}

/* It is older than all others, and no reader needs it; in the end all slots are in use. */
static void slot_of_what_was_synced_is_never_evicted(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;
    mms_writer_options options = durable_options();
    mms_reader *readers[4];
    mms_region *region;
    mms_writer *writer;
    mms_receipt receipt;
    mms_view view;

    options.durable = MMS_DURABLE_SYNC;
    options.on_grace = MMS_EVICT;
    reading.allow_evict = true;
    writer = sample_writer_with(path, options);
    publish_text(writer, "synced");
    check_ok(mms_sync(writer));
    check_ok(mms_region_open(path, &reading, &region));
    for (int i = 0; i < 4; i++) {
        readers[i] = sample_reader(region);
        check_ok(mms_read(readers[i], &view));
        publish_text(writer, "other");
    }
    check_ok(mms_write(writer, "evicts", 6, &receipt));
    check_equal(receipt.evicted, 1);
    check_ok(mms_release(readers[0]));
    for (int i = 0; i < 4; i++)
        (void)mms_reader_close(readers[i]);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "synced");
}

/* Where kept values give way, the oldest goes first. */
static void slot_of_what_was_synced_never_gives_way(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;

    options.durable = MMS_DURABLE_SYNC;
    options.keep = 9;
    writer = sample_writer_with(path, options);
    publish_text(writer, "synced");
    check_ok(mms_sync(writer));
    for (int i = 0; i < 9; i++)
        publish_text(writer, "other");
    check_ok(mms_writer_close(writer));
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "synced");
}

/* ---- Another file in its place ---- */

/* What was written to it would be found by nobody. */
static void file_that_was_replaced_by_hand_is_noticed(void **state)
{
    const char *path = scratch_path(state, "region"), *file = scratch_path(state, "region/durable");
    mms_writer *writer = sample_writer_with(path, durable_options());

    publish_text(writer, "value");
    check_true(rename(file, scratch_path(state, "region/durable.old")) == 0);
    fclose(fopen(file, "we"));
    mms__native_writer_of(writer)->looked_ns = 0; /* as in any write of the next tick of the clock */
    check_code(mms_write(writer, "lost", 4, NULL), MMS_E_GONE);
    check_detail_mentions("open the writer again");
    check_code(mms_sync(writer), MMS_E_GONE);
    check_ok(mms_writer_close(writer));
    check_copies(path, "value");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(memory_is_refused_by_name),
        scratch_test_on_disk(few_slots_are_refused),
        scratch_test_on_disk(other_region_becomes_durable_by_replacement_alone),
        scratch_test_on_disk(region_stays_durable_when_it_is_replaced),
        scratch_test_on_disk(replacement_is_durable_though_its_writer_only_syncs_on_demand),
        scratch_test_on_disk(sync_is_for_durable_regions),
        scratch_test_on_disk(files_of_mmap_sync_are_not_durable),
        scratch_test_on_disk(commits_are_durable_when_they_return),
        scratch_test_on_disk(commits_before_a_sync_are_not),
        scratch_test_on_disk(writer_that_waits_makes_the_last_value_durable_at_once),
        scratch_test_on_disk(slot_of_what_was_synced_is_never_evicted),
        scratch_test_on_disk(slot_of_what_was_synced_never_gives_way),
        scratch_test_on_disk(file_that_was_replaced_by_hand_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
