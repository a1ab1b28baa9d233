/* SPDX-License-Identifier: Apache-2.0 */
/* Durable regions that are damaged: torn or wrong blocks in `durable`, and data that the disk has lost, are noticed and told
   of; the older value comes back, or none and an error (D1 to D3). */
#include "durable_sample.h"
#include "region/anchor.h"
#include "region/layout.h"
#include "region/writer.h"
#include "scratch.h"
#include <errno.h>
#include <mmsync/history.h>
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

enum { WRONG_ANCHORS = 6 };

/* Whole, but of another region, or of none that there is; or not whole, with nonsense for what was lost. */
static void store_wrong_anchor(const char *path, const struct mms__header *header, unsigned kind)
{
    struct mms__header region = *header;
    struct mms__anchor anchor;
    unsigned place = newest_anchor(path);

    load_bytes(path, "durable", mms__anchor_at(place), &anchor, sizeof anchor);
    region.region_id[0] ^= kind == 0;
    anchor.slot = kind == 1 ? region.max_slots : anchor.slot;
    anchor.generation = kind == 2 ? MMS__GENERATION_MAX + 1 : anchor.generation;
    anchor.size = kind == 3 ? region.max_size + 1 : anchor.size;
    anchor.schema_size = kind == 4 ? region.stride : anchor.schema_size;
    mms__anchor_seal(&anchor, &region);
    anchor.lost = kind == 5 ? UINT64_MAX : anchor.lost;
    patch_bytes(path, "durable", mms__anchor_at(place), &anchor, sizeof anchor);
}

static void anchor_that_does_not_fit_is_none(void **state)
{
    const char *path = scratch_path(state, "region");
    struct mms__header header;

    for (unsigned kind = 0; kind < WRONG_ANCHORS; kind++) {
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

static void count_finding(void *context, const char *finding)
{
    check_true(strstr(finding, "another region") != NULL);
    ++*(unsigned *)context;
}

/* Its blocks are whole, and say what is whole in that one. */
static void file_of_another_region_is_not_believed(void **state)
{
    static unsigned char bytes[64 << 10];
    const char *path = scratch_path(state, "region"), *other = scratch_path(state, "other");
    const mms_writer_options options = durable_options();
    unsigned findings = 0;
    mms_writer *writer;
    size_t size;

    publish_and_close(path, options, "value");
    publish_and_close(other, options, "other");
    size = (size_t)file_size(other, "durable");
    check_true(size <= sizeof bytes);
    load_bytes(other, "durable", 0, bytes, size);
    patch_bytes(path, "durable", 0, bytes, size);
    check_code(mms_verify(path, count_finding, &findings), MMS_E_CORRUPT);
    check_equal(findings, 1);
    pretend_reboot(path);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_CORRUPT);
    check_detail_mentions("durable belongs to another region");
    check_detail_mentions("remove the region");
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

/* A writer that keeps `control` mapped has checked it when it was opened, and not since. */
static void current_that_names_no_slot_is_not_synced(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;

    options.durable = MMS_DURABLE_SYNC;
    publish_and_close(path, options, "value");
    writer = sample_writer_with(path, options);
    patch_word(path, "control", offsetof(struct mms__control, current), UINT64_C(9) << 16 | options.max_slots);
    check_code(mms_sync(writer), MMS_E_CORRUPT);
    check_detail_mentions("names no slot");
    publish_text(writer, "another"); /* as it says */
    check_ok(mms_sync(writer));
    check_ok(mms_writer_close(writer));
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "another");
}

static size_t field_of(unsigned slot, size_t field)
{
    return offsetof(struct mms__control, slots) + slot * sizeof(struct mms__descriptor) + field;
}

#define FIELD(slot, field) field_of((slot), offsetof(struct mms__descriptor, field))

/* A writer whose sync failed leaves a floor, so that the next one copies the value. */
static void value_of_a_wrong_size_is_not_copied(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    mms_writer *writer;
    mms_receipt receipt;

    options.durable = MMS_DURABLE_SYNC;
    writer = sample_writer_with(path, options);
    check_ok(mms_write(writer, "value", 5, &receipt));
    check_ok(mms_writer_close(writer));
    patch_word(path, "control", offsetof(struct mms__control, floor), receipt.generation);
    patch_word(path, "control", FIELD(receipt.slot, size), options.max_size + 1);
    options.durable = MMS_DURABLE_COMMIT;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_CORRUPT);
    check_detail_mentions("there is no room");
    patch_word(path, "control", FIELD(receipt.slot, size), 5);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "value");
}

/* The bytes of one of them are not those that the anchor names. */
static void second_slot_of_a_generation_is_not_trusted(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer_with(path, durable_options());
    mms_receipt older = {.slot = 0}, newest;
    unsigned wrong = 0;

    for (int i = 0; i < 20 && older.slot <= wrong; i++) {
        publish_text(writer, "wrong");
        check_ok(mms_write(writer, "older", 5, &older));
        check_ok(mms_write(writer, "newest", 6, &newest));
        wrong = newest.slot == 0; /* the lowest one but that of the newest: it would be found first */
    }
    check_true(older.slot > wrong);
    check_ok(mms_writer_close(writer));
    patch_word(path, "control", FIELD(wrong, generation), older.generation);
    patch_word(path, "control", FIELD(wrong, published), older.generation);
    writer = sample_writer_with(path, durable_options());
    check_ok(mms_write_rollback(writer, older.generation, NULL));
    check_copies(path, "older");
    check_ok(mms_writer_close(writer));
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
        scratch_test_on_disk(file_of_another_region_is_not_believed),
        scratch_test_on_disk(checksum_finds_data_that_the_disk_has_lost),
        scratch_test_on_disk(damaged_value_of_another_writer_is_not_synced),
        scratch_test_on_disk(current_that_names_no_slot_is_not_synced),
        scratch_test_on_disk(value_of_a_wrong_size_is_not_copied),
        scratch_test_on_disk(second_slot_of_a_generation_is_not_trusted),
        scratch_test_on_disk(only_value_that_is_damaged_is_told_of),
        scratch_test_on_disk(damaged_value_beside_a_torn_anchor_is_told_of),
        scratch_test_on_disk(last_generations_are_not_given_out),
        scratch_test_on_disk(limit_on_file_sizes_is_told_of),
        scratch_test_on_disk(open_that_fails_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
