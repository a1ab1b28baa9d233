/* SPDX-License-Identifier: Apache-2.0 */
/* Durable regions that are damaged: torn or wrong blocks in `durable`, and data that the disk has lost, are noticed and told
   of; the older value comes back, or none and an error (D1 to D3). */
#include "durable_sample.h"
#include "region/anchor.h"
#include "region/layout.h"
#include "region/writer.h"
#include "scratch.h"
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

static uint64_t durable_lost(const char *path)
{
    mms_info info;

    check_ok(mms_inspect(path, &info));
    return info.durable_lost;
}

static void block_that_is_torn_is_no_anchor(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer_with(path, durable_options());

    publish_text(writer, "older");
    publish_text(writer, "newer");
    check_ok(mms_writer_close(writer));
    flip_bits(path, "durable", mms__anchor_at(newest_anchor(path)) + 3000, 1);
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_copies(path, "older");
    check_equal(durable_lost(path), 0); /* so does each power cut in a commit leave one */
}

/* Whole, but of another region, or of none that there is; or not whole, with nonsense for what was lost. */
static void store_wrong_anchor(const char *path, const struct mms__header *header, unsigned kind)
{
    struct mms__header region = *header;
    struct mms__anchor anchor;
    unsigned place = newest_anchor(path);

    load_bytes(path, "durable", mms__anchor_at(place), &anchor, sizeof anchor);
    region.region_id[0] ^= kind == 0;
    anchor.slot = kind == 1 ? 5 : anchor.slot;
    mms__anchor_seal(&anchor, &region);
    anchor.lost = kind == 2 ? UINT64_MAX : anchor.lost;
    patch_bytes(path, "durable", mms__anchor_at(place), &anchor, sizeof anchor);
}

static void anchor_that_does_not_fit_is_none(void **state)
{
    const char *path = scratch_path(state, "region");
    struct mms__header header;

    for (unsigned kind = 0; kind < 3; kind++) {
        mms_writer *writer = sample_writer_with(path, durable_options());

        header = mms__native_writer_of(writer)->pool.header;
        publish_text(writer, "older");
        publish_text(writer, "newer");
        check_ok(mms_writer_close(writer));
        store_wrong_anchor(path, &header, kind);
        pretend_reboot(path);
        check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
        check_copies(path, "older");
        check_equal(durable_lost(path), 0);
    }
}

static void without_an_anchor_nothing_is_believed(void **state)
{
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = durable_options();
    mms_writer *writer;

    publish_and_close(path, options, "value");
    flip_bits(path, "durable", mms__anchor_at(0) + 30, 1);
    flip_bits(path, "durable", mms__anchor_at(1) + 30, 1);
    check_code(mms_verify(path, NULL, NULL), MMS_E_CORRUPT);
    pretend_reboot(path);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_CORRUPT);
    check_detail_mentions("durable");
    check_ok(mms_remove(path));
}

/* The slot of the older anchor is not used for anything else, however many values come before the next one. */
static void checksum_finds_data_that_the_disk_has_lost(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;
    mms_receipt receipt;
    size_t stride;
    void *buffer;

    options.checksum = true;
    writer = sample_writer_with(path, options);
    for (int i = 0; i < 20; i++) {
        check_ok(mms_write_begin(writer, 100, &buffer, NULL));
        memset(buffer, 0xee, 100);
        check_ok(mms_write_abort(writer));
        publish_text(writer, "other");
    }
    publish_text(writer, "older");
    check_ok(mms_write(writer, "newer", 5, &receipt));
    for (int i = 0; i < 5; i++) {
        check_ok(mms_write_begin(writer, 100, &buffer, NULL));
        memset(buffer, 0xee, 100);
        check_ok(mms_write_abort(writer));
    }
    stride = (size_t)mms__native_writer_of(writer)->pool.header.stride;
    check_ok(mms_writer_close(writer));
    flip_bits(path, "data", receipt.slot * stride + 2, 1);
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "older");
    check_equal(durable_lost(path), receipt.generation);
    publish_and_close(path, options, "newest");
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "newest");
    check_equal(durable_lost(path), receipt.generation);
}

/* The disk may have failed since, and then it is not what its writer has published. */
static void damaged_value_of_another_writer_is_not_synced(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;
    mms_receipt receipt;
    size_t stride;

    options.checksum = true;
    publish_and_close(path, options, "synced");
    options.durable = MMS_DURABLE_SYNC;
    writer = sample_writer_with(path, options);
    check_ok(mms_write(writer, "value", 5, &receipt));
    stride = (size_t)mms__native_writer_of(writer)->pool.header.stride;
    check_ok(mms_writer_close(writer));
    flip_bits(path, "data", receipt.slot * stride + 2, 1);
    options.durable = MMS_DURABLE_COMMIT;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_CORRUPT);
    check_detail_mentions("MMS_DURABLE_SYNC");
    check_detail_mentions("mmsync rm"); /* all that there is for the tool */
    options.durable = MMS_DURABLE_SYNC;
    writer = sample_writer_with(path, options);
    check_code(mms_sync(writer), MMS_E_CORRUPT);
    publish_text(writer, "another");
    check_ok(mms_sync(writer));
    check_ok(mms_writer_close(writer));
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "another");
}

/* What was promised is not nothing. */
static void only_value_that_is_damaged_is_told_of(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;

    options.checksum = true;
    publish_and_close(path, options, "value");
    flip_bits(path, "data", 2, 1);
    pretend_reboot(path);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_CORRUPT);
    check_detail_mentions("no other is there");
    check_ok(mms_remove(path));
}

static void damaged_value_beside_a_torn_anchor_is_told_of(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;

    options.checksum = true;
    publish_and_close(path, options, "value");
    flip_older_anchor(path);
    flip_bits(path, "data", 2, 1);
    pretend_reboot(path);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_CORRUPT);
    check_detail_mentions("no other is there");
}

static void last_generations_are_not_given_out(void **state)
{
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = durable_options();
    mms_writer *writer;

    publish_and_close(path, options, "value");
    patch_word(path, "control", offsetof(struct mms__control, floor), MMS__GENERATION_MAX - 9);
    pretend_reboot(path);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_EXHAUSTED);
}

/* The process may make files of this size, and `durable` is longer. */
static void limit_on_file_sizes_is_told_of(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer_with(path, durable_options());
    struct rlimit before, small;

    for (int i = 0; i < 10; i++)
        publish_text(writer, "value");
    check_true(getrlimit(RLIMIT_FSIZE, &before) == 0);
    small = (struct rlimit){4096, before.rlim_max};
    check_true(setrlimit(RLIMIT_FSIZE, &small) == 0);
    check_code(mms_write(writer, "more", 4, NULL), -EFBIG);
    check_true(setrlimit(RLIMIT_FSIZE, &before) == 0);
    check_detail_mentions("ulimit -f");
    check_ok(mms_writer_close(writer));
    check_copies(path, "value");
}

static uint64_t floor_of(const char *path)
{
    uint64_t floor;

    load_bytes(path, "control", offsetof(struct mms__control, floor), &floor, sizeof floor);
    return floor;
}

static void open_that_fails_changes_nothing(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;
    uint64_t floor, newest;
    size_t stride;

    options.checksum = true;
    writer = sample_writer_with(path, options);
    publish_text(writer, "older");
    publish_text(writer, "newer");
    stride = (size_t)mms__native_writer_of(writer)->pool.header.stride;
    check_ok(mms_writer_close(writer));
    for (size_t slot = 0; slot < 5; slot++)
        flip_bits(path, "data", slot * stride + 2, 1);
    pretend_reboot(path);
    floor = floor_of(path);
    newest = durable_generation(path);
    for (int i = 0; i < 3; i++) {
        check_code(mms_writer_open(path, &options, &writer), MMS_E_CORRUPT);
        check_detail_mentions("and of the one before");
    }
    check_equal(floor_of(path), floor);
    check_equal(durable_generation(path), newest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test_on_disk(block_that_is_torn_is_no_anchor),
        scratch_test_on_disk(anchor_that_does_not_fit_is_none),
        scratch_test_on_disk(without_an_anchor_nothing_is_believed),
        scratch_test_on_disk(checksum_finds_data_that_the_disk_has_lost),
        scratch_test_on_disk(damaged_value_of_another_writer_is_not_synced),
        scratch_test_on_disk(only_value_that_is_damaged_is_told_of),
        scratch_test_on_disk(damaged_value_beside_a_torn_anchor_is_told_of),
        scratch_test_on_disk(last_generations_are_not_given_out),
        scratch_test_on_disk(limit_on_file_sizes_is_told_of),
        scratch_test_on_disk(open_that_fails_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
