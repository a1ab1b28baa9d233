/* SPDX-License-Identifier: Apache-2.0 */
/* Durable regions (mmsync/durable.h): what may be asked for where, what a reboot leaves, and damage that the blocks in
   `durable` and checksums show. (crash/power_cuts cuts the power.) */
#include "region/anchor.h"
#include "region/boot.h"
#include "region/layout.h"
#include "region/writer.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <mmsync/durable.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static mms_writer_options durable_options(void)
{
    mms_writer_options options = sample_options();

    options.max_slots = 5;
    options.durable = MMS_DURABLE_COMMIT;
    return options;
}

static void reboot(const char *path)
{
    patch_word(path, "control", offsetof(struct mms__control, boot_id), UINT64_C(0x1234567890abcdef));
}

static void publish_and_close(const char *path, mms_writer_options options, const char *text)
{
    mms_writer *writer = sample_writer_with(path, options);

    publish_text(writer, text);
    check_ok(mms_writer_close(writer));
}

static uint64_t durable_generation(const char *path)
{
    mms_info info;

    check_ok(mms_inspect(path, &info));
    check_true(info.durable);
    return info.durable_generation;
}

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
    reboot(path);
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
    reboot(path);
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
    reboot(path);
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
    reboot(path);
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
    reboot(path);
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
    reboot(path);
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
    reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "synced");
}

/* ---- After a reboot ---- */

static void readers_are_told_what_to_do(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_writer *writer;
    mms_view view;

    publish_and_close(path, durable_options(), "value");
    reboot(path);
    region = sample_region(path);
    reader = sample_reader(region);
    check_code(mms_read(reader, &view), MMS_E_EMPTY);
    check_detail_mentions("mmsync recover");
    writer = sample_writer_with(path, durable_options());
    check_ok(mms_wait(reader, 0, MMS_FOREVER));
    check_reads(reader, "value");
    check_ok(mms_writer_close(writer));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void value_comes_back_as_it_was(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = durable_options();
    const uint64_t type_id[2] = {3, 4};
    mms_writer *writer;
    mms_info before, after;
    char schema[64];
    size_t size;
    mms_region *region;
    void *buffer;

    options.checksum = true;
    options.tag = 77;
    writer = sample_writer_with(path, options);
    check_ok(mms_write_begin(writer, 100, &buffer, NULL));
    memset(buffer, 'v', 100);
    check_ok(mms_write_set_type(writer, type_id, "struct V;", 9));
    check_ok(mms_write_commit(writer, 100, NULL));
    check_ok(mms_writer_close(writer));
    check_ok(mms_inspect(path, &before));
    reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_ok(mms_inspect(path, &after));
    check_ok(mms_verify(path, NULL, NULL));
    check_equal(after.size, before.size);
    check_equal(after.type_id[0], 3);
    check_equal(after.type_id[1], 4);
    check_equal(after.tag, 77);
    check_equal(after.checksum, before.checksum);
    check_equal(after.publish_time_ns, before.publish_time_ns);
    check_true(after.generation > before.generation + (UINT64_C(1) << 31));
    check_equal(after.durable_generation, after.generation);
    region = sample_region(path);
    check_ok(mms_read_schema(region, schema, sizeof schema, &size, NULL, NULL));
    check_true(size == 9 && memcmp(schema, "struct V;", 9) == 0);
    check_ok(mms_region_close(region));
}

static void garbage_in_control_is_not_believed(void **state)
{
    const char *path = scratch_path(state, "region");
    unsigned char garbage[512 + 5 * 128 - 128];

    memset(garbage, 0x11, sizeof garbage); /* `current` and all behind it: as pages that were never written may be */
    publish_and_close(path, durable_options(), "value");
    patch_bytes(path, "control", 256, garbage, 128);
    patch_bytes(path, "control", 512, garbage, 5 * 128);
    patch_word(path, "control", offsetof(struct mms__control, current), UINT64_C(9) << 16 | 4);
    patch_word(path, "control", offsetof(struct mms__control, slots_used), 0);
    reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_copies(path, "value");
    check_ok(mms_verify(path, NULL, NULL));
}

/* The anchor tells of them, too. */
static void generations_grow_if_control_was_lost(void **state)
{
    static const unsigned char lost[512 + 5 * 128];
    const char *path = scratch_path(state, "region");
    size_t boot = offsetof(struct mms__control, boot_id);
    uint64_t before;

    publish_and_close(path, durable_options(), "value");
    reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    before = durable_generation(path);
    patch_bytes(path, "control", boot + 16, lost, sizeof lost - boot - 16);
    patch_word(path, "control", offsetof(struct mms__control, current), 0);
    reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_copies(path, "value");
    check_true(durable_generation(path) > before);
}

static void room_of_other_slots_is_given_back(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer_with(path, durable_options());

    for (int i = 0; i < 5; i++)
        publish_size(writer, 60000);
    publish_text(writer, "small");
    check_ok(mms_writer_close(writer));
    reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_copies(path, "small");
    check_true(file_blocks(path, "data") <= 8192);
}

/* ---- The same boot, and the file system mounted again ---- */

static unsigned newest_place(const char *path)
{
    struct mms__anchor anchors[2];

    for (unsigned i = 0; i < 2; i++)
        load_bytes(path, "durable", mms__anchor_at(i), &anchors[i], sizeof anchors[i]);
    return anchors[1].sequence > anchors[0].sequence;
}

enum { CONTROL_SIZE = 512 + 5 * 128 };

/* Publish so many values more; or, the last one, leave it as a file system does that the disk has failed: `control` never got
   there again, and the anchors did. Returns the last generation. */
static uint64_t publish_and_lose_control(const char *path, int before, int after)
{
    unsigned char control[CONTROL_SIZE];
    mms_writer *writer = sample_writer_with(path, durable_options());
    uint64_t last = 0;

    for (int i = 0; i < before; i++)
        publish_text(writer, "older");
    load_bytes(path, "control", 0, control, sizeof control);
    for (int i = 0; i < after; i++)
        last = publish_text(writer, i + 1 < after ? "other" : "last");
    check_ok(mms_writer_close(writer));
    patch_bytes(path, "control", 0, control, sizeof control);
    return last;
}

static void check_last_comes_back(const char *path, uint64_t last)
{
    mms_info info;

    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_copies(path, "last");
    check_ok(mms_inspect(path, &info));
    check_true(info.generation > last);
    check_ok(mms_verify(path, NULL, NULL));
    reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_copies(path, "last");
}

static void control_that_is_older_than_the_anchors_does_not_count(void **state)
{
    const char *path = scratch_path(state, "region");

    for (int after = 1; after < 9; after++)
        check_last_comes_back(path, publish_and_lose_control(path, 2, after));
}

static void flip_older_anchor(const char *path)
{
    flip_bits(path, "durable", mms__anchor_at(1 - newest_place(path)) + 3000, 1);
}

/* mms_inspect tells of what is there all the same. */
static void one_anchor_is_enough_for_that(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t last = publish_and_lose_control(path, 2, 5);

    check_equal(durable_generation(path), last);
    flip_older_anchor(path);
    check_equal(durable_generation(path), last);
    check_last_comes_back(path, last);
}

static void control_without_any_value_does_not_count_either(void **state)
{
    const char *path = scratch_path(state, "region");

    check_last_comes_back(path, publish_and_lose_control(path, 0, 1));
    check_ok(mms_remove(path));
    check_last_comes_back(path, publish_and_lose_control(path, 0, 3));
}

/* ---- Boots that are not known ---- */

static void what_cannot_be_known_asks_for_a_reboot(void **state)
{
    static const uint32_t masked = MMS__BOOT_ID_MASKED;
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = durable_options();
    mms_writer *writer;

    publish_and_close(path, options, "value");
    reboot(path);
    patch_bytes(path, "control", offsetof(struct mms__control, boot_id_kind), &masked, sizeof masked);
    patch_word(path, "control", offsetof(struct mms__control, boot_began_ns), 0);
    check_code(mms_writer_open(path, &options, &writer), -ESTALE);
    check_detail_mentions("reboot");
}

/* ---- Readers that are there from before ---- */

/* A reboot that was none: two containers with boot ids of their own, say. */
static void views_from_before_are_left_alone(void **state)
{
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = durable_options();
    mms_region *region;
    mms_reader *reader;
    mms_writer *writer;
    mms_view view;
    uint64_t before;

    publish_and_close(path, options, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    view = check_holds(reader, "value");
    before = durable_generation(path);
    reboot(path);
    check_code(mms_writer_open(path, &options, &writer), MMS_E_AGAIN);
    check_detail_mentions("end that process");
    check_equal(durable_generation(path), before);
    check_true(memcmp(view.data, "value", 5) == 0);
    check_ok(mms_release(reader));
    writer = sample_writer_with(path, options);
    check_reads(reader, "value");
    check_ok(mms_writer_close(writer));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

/* ---- Damage ---- */

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
    flip_bits(path, "durable", mms__anchor_at(newest_place(path)) + 3000, 1);
    reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_copies(path, "older");
    check_equal(durable_lost(path), 0); /* so does each power cut in a commit leave one */
}

/* Whole, but of another region, or of none that there is; or not whole, with nonsense for what was lost. */
static void store_wrong_anchor(const char *path, const struct mms__header *header, unsigned kind)
{
    struct mms__header region = *header;
    struct mms__anchor anchor;
    unsigned place = newest_place(path);

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
        reboot(path);
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
    reboot(path);
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
    reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "older");
    check_equal(durable_lost(path), receipt.generation);
    publish_and_close(path, options, "newest");
    reboot(path);
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
    options.durable = MMS_DURABLE_SYNC;
    writer = sample_writer_with(path, options);
    check_code(mms_sync(writer), MMS_E_CORRUPT);
    publish_text(writer, "another");
    check_ok(mms_sync(writer));
    check_ok(mms_writer_close(writer));
    reboot(path);
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
    reboot(path);
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
    reboot(path);
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
    reboot(path);
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
    reboot(path);
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
        scratch_test_on_disk(readers_are_told_what_to_do),
        scratch_test_on_disk(value_comes_back_as_it_was),
        scratch_test_on_disk(garbage_in_control_is_not_believed),
        scratch_test_on_disk(generations_grow_if_control_was_lost),
        scratch_test_on_disk(room_of_other_slots_is_given_back),
        scratch_test_on_disk(control_that_is_older_than_the_anchors_does_not_count),
        scratch_test_on_disk(one_anchor_is_enough_for_that),
        scratch_test_on_disk(control_without_any_value_does_not_count_either),
        scratch_test_on_disk(what_cannot_be_known_asks_for_a_reboot),
        scratch_test_on_disk(views_from_before_are_left_alone),
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
