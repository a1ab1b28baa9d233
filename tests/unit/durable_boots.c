/* SPDX-License-Identifier: Apache-2.0 */
/* Durable regions after a reboot, or after the file system was mounted again: which value comes back, what of `control` is
   believed, and what becomes of the views that readers still have (D1, D2). */
#include "durable_sample.h"
#include "region/boot.h"
#include "region/layout.h"
#include "scratch.h"
#include <errno.h>
#include <string.h>

/* ---- After a reboot ---- */

static void readers_are_told_what_to_do(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_writer *writer;
    mms_view view;

    publish_and_close(path, durable_options(), "value");
    pretend_reboot(path);
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
    pretend_reboot(path);
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
    pretend_reboot(path);
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
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    before = durable_generation(path);
    patch_bytes(path, "control", boot + 16, lost, sizeof lost - boot - 16);
    patch_word(path, "control", offsetof(struct mms__control, current), 0);
    pretend_reboot(path);
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
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, durable_options())));
    check_copies(path, "small");
    check_true(file_blocks(path, "data") <= 8192);
}

/* ---- The same boot, and the file system mounted again ---- */

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
    mms_writer_options options = durable_options();
    mms_info info;

    options.max_slots = options.max_readers = 0; /* as the region has them */
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "last");
    check_ok(mms_inspect(path, &info));
    check_true(info.generation > last);
    check_ok(mms_verify(path, NULL, NULL));
    pretend_reboot(path);
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "last");
}

static void control_that_is_older_than_the_anchors_does_not_count(void **state)
{
    const char *path = scratch_path(state, "region");

    for (int after = 1; after < 9; after++)
        check_last_comes_back(path, publish_and_lose_control(path, 2, after));
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

static void change_byte(mms_writer *writer, size_t at)
{
    void *buffer;
    size_t size;

    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_patch(writer, at, "b", 1));
    check_ok(mms_write_commit(writer, size, NULL));
}

/* `control` is as it was before that write, and the value's slot is not: an update that takes what `control` says of it for
   true would publish the bytes that were written there. */
static void slot_that_was_written_to_since_is_not_trusted(void **state)
{
    static char value[300000], found[sizeof value];
    const char *path = scratch_path(state, "region");
    unsigned char control[CONTROL_SIZE];
    mms_writer_options options = durable_options();
    mms_writer *writer;
    mms_region *region;
    size_t size;
    void *buffer;

    options.max_size = sizeof value;
    writer = sample_writer_with(path, options);
    memset(value, 'a', sizeof value);
    check_ok(mms_write(writer, value, sizeof value, NULL));
    for (size_t at = 0; at < 9; at++)
        change_byte(writer, at);
    load_bytes(path, "control", 0, control, sizeof control);
    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    memset(buffer, 'c', size);
    check_ok(mms_write_abort(writer));
    check_ok(mms_writer_close(writer));
    patch_bytes(path, "control", 0, control, sizeof control);
    writer = sample_writer_with(path, options);
    for (size_t at = 9; at < 18; at++)
        change_byte(writer, at);
    memset(value, 'b', 18);
    region = sample_region(path);
    check_ok(mms_read_copy(region, found, sizeof found, &size, NULL));
    check_equal(size, sizeof value);
    check_true(memcmp(found, value, sizeof value) == 0);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* `control` is longer than a page, and not the one with `current`, but those with the descriptors got to the disk. Returns the
   last generation. */
static uint64_t publish_and_lose_current(const char *path, int before, int after, mms_receipt *last_before)
{
    mms_writer *writer = sample_writer_with(path, durable_options());
    uint64_t current, last = 0;

    for (int i = 0; i < before; i++)
        check_ok(mms_write(writer, "older", 5, last_before));
    load_bytes(path, "control", offsetof(struct mms__control, current), &current, sizeof current);
    for (int i = 0; i < after; i++)
        last = publish_text(writer, i + 1 < after ? "other" : "last");
    check_ok(mms_writer_close(writer));
    patch_word(path, "control", offsetof(struct mms__control, current), current);
    return last;
}

static void current_that_is_older_than_both_anchors_does_not_count(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_receipt unused;

    for (int after = 2; after < 9; after++)
        check_last_comes_back(path, publish_and_lose_current(path, 2, after, &unused));
}

/* One publish behind, as a commit that was cut short leaves it: only the older anchor can say that it was. */
static void current_that_no_anchor_names_does_not_count(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_receipt unused;

    for (int before = 0; before < 3; before++) { /* 0: what the older anchor named was that there was no value yet */
        uint64_t last = publish_and_lose_current(path, before, 1, &unused);

        flip_older_anchor(path);
        check_last_comes_back(path, last);
        check_ok(mms_remove(path));
    }
}

static void current_whose_descriptor_is_not_there_does_not_count(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_receipt older;
    uint64_t last = publish_and_lose_current(path, 2, 1, &older);

    patch_word(path, "control",
               offsetof(struct mms__control, slots) + older.slot * sizeof(struct mms__descriptor) +
                   offsetof(struct mms__descriptor, generation),
               older.generation - 1);
    check_last_comes_back(path, last);
}

/* `control` is longer than a page, and only the one with `current` got to the disk. */
static void descriptors_that_are_older_than_the_anchors_do_not_count(void **state)
{
    enum { SLOTS = 40, FIRST = 512, SIZE = 128 };
    const char *path = scratch_path(state, "region");
    static unsigned char old[SLOTS * SIZE];
    mms_writer_options options = durable_options();
    mms_writer *writer;
    uint64_t last;

    options.max_slots = SLOTS;
    writer = sample_writer_with(path, options);
    publish_text(writer, "older");
    load_bytes(path, "control", FIRST, old, sizeof old);
    publish_text(writer, "other");
    last = publish_text(writer, "last");
    check_ok(mms_writer_close(writer));
    patch_bytes(path, "control", FIRST, old, sizeof old);
    check_last_comes_back(path, last);
}

/* The other way around: `current`, and how many slots there are, is from before a commit that took a slot for the first time,
   and the descriptor of that is on another page. */
static void a_slot_that_only_an_anchor_knows_is_not_given_out(void **state)
{
    enum { SLOTS = 40, FIRST_PAGE = 4096, USED = 28 };
    const char *path = scratch_path(state, "region");
    static unsigned char old[FIRST_PAGE];
    mms_writer_options options = durable_options();
    mms_region *region;
    mms_reader *readers[USED];
    mms_writer *writer;
    mms_receipt receipt;

    options.max_slots = SLOTS;
    options.max_readers = SLOTS;
    writer = sample_writer_with(path, options);
    region = NULL;
    for (int i = 0; i < USED; i++) {
        publish_text(writer, "older");
        region = region ? region : sample_region(path);
        readers[i] = sample_reader(region);
        (void)check_holds(readers[i], "older");
    }
    load_bytes(path, "control", 0, old, sizeof old);
    check_ok(mms_write(writer, "last", 4, &receipt));
    check_equal(receipt.slot, USED);
    for (int i = 0; i < USED; i++)
        check_ok(mms_reader_close(readers[i]));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
    patch_bytes(path, "control", 0, old, sizeof old);
    check_last_comes_back(path, receipt.generation);
}

/* ---- Boots that are not known ---- */

static void what_cannot_be_known_asks_for_a_reboot(void **state)
{
    static const uint32_t masked = MMS__BOOT_ID_MASKED;
    const char *path = scratch_path(state, "region");
    const mms_writer_options options = durable_options();
    mms_writer *writer;

    publish_and_close(path, options, "value");
    pretend_reboot(path);
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
    pretend_reboot(path);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test_on_disk(readers_are_told_what_to_do),
        scratch_test_on_disk(value_comes_back_as_it_was),
        scratch_test_on_disk(garbage_in_control_is_not_believed),
        scratch_test_on_disk(generations_grow_if_control_was_lost),
        scratch_test_on_disk(room_of_other_slots_is_given_back),
        scratch_test_on_disk(control_that_is_older_than_the_anchors_does_not_count),
        scratch_test_on_disk(one_anchor_is_enough_for_that),
        scratch_test_on_disk(control_without_any_value_does_not_count_either),
        scratch_test_on_disk(current_that_is_older_than_both_anchors_does_not_count),
        scratch_test_on_disk(current_that_no_anchor_names_does_not_count),
        scratch_test_on_disk(current_whose_descriptor_is_not_there_does_not_count),
        scratch_test_on_disk(descriptors_that_are_older_than_the_anchors_do_not_count),
        scratch_test_on_disk(a_slot_that_only_an_anchor_knows_is_not_given_out),
        scratch_test_on_disk(slot_that_was_written_to_since_is_not_trusted),
        scratch_test_on_disk(what_cannot_be_known_asks_for_a_reboot),
        scratch_test_on_disk(views_from_before_are_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
