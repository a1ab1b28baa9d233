/* SPDX-License-Identifier: Apache-2.0 */
/* Another geometry is refused, or with `replace` gives a new region that carries the value over
   (region/replace.c). */
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static mms_writer_options larger(void)
{
    mms_writer_options options = sample_options();

    options.max_size = 1 << 20;
    options.max_slots = 6;
    options.max_readers = 9;
    return options;
}

static void other_geometry_is_refused_and_the_region_stays(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = larger();
    mms_writer *writer;
    mms_info info;

    sample_closed_region(path, "value");
    check_code(mms_writer_open(path, &options, &writer), MMS_E_GEOMETRY);
    check_detail_mentions("replace");
    check_ok(mms_inspect(path, &info));
    check_equal(info.max_size, 64 << 10);
    check_copies(path, "value");
    check_ok(mms_writer_close(sample_writer(path))); /* the lock was released */
}

static void unsaid_geometry_is_that_of_the_region(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer;
    mms_info info;

    sample_closed_region(path, "value");
    check_ok(mms_writer_open(path, NULL, &writer));
    check_ok(mms_inspect(path, &info));
    check_equal(info.max_size, 64 << 10);
    check_ok(mms_writer_close(writer));
}

static void replacement_carries_value_and_generations(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = larger();
    uint64_t before = sample_closed_region(path, "carried"), carried;
    mms_writer *writer;
    mms_info old, new;

    check_ok(mms_inspect(path, &old));
    options.replace = true;
    writer = sample_writer_with(path, options);
    check_copies(path, "carried");
    check_ok(mms_inspect(path, &new));
    check_true(new.max_size == 1 << 20 && new.max_slots == 6 && new.max_readers == 9);
    check_true(memcmp(old.region_id, new.region_id, sizeof old.region_id) != 0);
    carried = new.generation;
    check_true(carried > before);
    check_true(publish_text(writer, "next") > carried);
    check_copies(path, "next");
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
}

static void what_was_said_about_the_value_is_carried_too(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_info old, new;

    options.type_id[0] = 11;
    options.type_id[1] = 12;
    options.tag = 13;
    options.checksum = true;
    writer = sample_writer_with(path, options);
    publish_text(writer, "described");
    check_ok(mms_writer_close(writer));
    check_ok(mms_inspect(path, &old));
    options = larger();
    options.replace = true;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_ok(mms_inspect(path, &new));
    check_true(new.type_id[0] == 11 && new.type_id[1] == 12 && new.tag == 13 && new.has_checksum);
    check_equal(new.checksum, old.checksum);
    check_equal(new.publish_time_ns, old.publish_time_ns);
    check_ok(mms_verify(path, NULL, NULL));
}

static void readers_of_the_old_region_find_it_gone(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = larger();
    mms_region *region;
    mms_reader *holding, *idle;
    mms_writer *writer;
    mms_view view;

    sample_closed_region(path, "old");
    region = sample_region(path);
    holding = sample_reader(region);
    idle = sample_reader(region);
    view = check_holds(holding, "old");
    check_reads(idle, "old");
    options.replace = true;
    writer = sample_writer_with(path, options);
    for (int i = 0; i < 20; i++)
        publish_text(writer, "new");
    check_memory(view.data, "old", 3);
    check_ok(mms_release(holding));
    check_code(mms_read(holding, &view), MMS_E_GONE);
    check_code(mms_read(idle, &view), MMS_E_GONE);
    check_ok(mms_reader_close(holding));
    check_ok(mms_reader_close(idle));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void geometry_that_is_not_named_is_kept(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    mms_info info;

    sample_closed_region(path, "value");
    options.max_slots = 9;
    options.replace = true;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_ok(mms_inspect(path, &info));
    check_true(info.max_slots == 9 && info.max_size == 64 << 10 && info.max_readers == 4);
    check_copies(path, "value");
}

static void same_geometry_is_not_replaced(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_info old, new;

    sample_closed_region(path, "value");
    check_ok(mms_inspect(path, &old));
    options.replace = true;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_ok(mms_inspect(path, &new));
    check_memory(old.region_id, new.region_id, sizeof old.region_id);
    check_equal(new.generation, old.generation);
}

static void empty_region_is_replaced_by_an_empty_one(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = larger();
    mms_info info;

    check_ok(mms_writer_close(sample_writer(path)));
    options.replace = true;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_ok(mms_inspect(path, &info));
    check_true(info.generation == 0 && info.max_slots == 6);
}

static void value_too_big_for_the_new_geometry_leaves_all_as_it_was(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    uint64_t generation = sample_closed_region(path, "eleven byte");
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    mms_writer *writer;
    mms_info old, new;

    check_ok(mms_inspect(path, &old));
    options.max_size = 10;
    options.replace = true;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_TOO_BIG);
    check_detail_mentions("11 bytes");
    check_detail_mentions("publish a smaller one first");
    check_ok(mms_inspect(path, &new));
    check_memory(old.region_id, new.region_id, sizeof old.region_id);
    check_equal(check_holds(reader, "eleven byte").generation, generation);
    check_ok(mms_release(reader));
    writer = sample_writer(path);
    publish_text(writer, "smaller");
    check_reads(reader, "smaller");
    check_ok(mms_writer_close(writer));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void impossible_geometry_leaves_all_as_it_was(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    sample_closed_region(path, "value");
    options.max_size = INT64_MAX / 4;
    options.max_slots = 32767;
    options.replace = true;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_INVALID);
    check_copies(path, "value");
    sample_closed_region(path, "goes on");
    check_copies(path, "goes on");
}

static void patch_descriptors(const char *path, size_t field, uint64_t value)
{
    for (unsigned slot = 0; slot < 4; slot++)
        patch_word(path, "control",
                   offsetof(struct mms__control, slots) + slot * sizeof(struct mms__descriptor) + field, value);
}

static void garbled_size_of_the_old_value_is_not_followed(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;

    sample_closed_region(path, "value");
    patch_descriptors(path, offsetof(struct mms__descriptor, size), UINT64_C(1) << 26);
    options.max_size = UINT64_C(1) << 27;
    options.replace = true;
    check_code(mms_writer_open(path, &options, &writer), MMS_E_CORRUPT);
}

/* The sizes of value and schema add up to numbers that wrap, to 0 and to others. */
static void garbled_size_of_the_schema_costs_the_schema_and_not_the_value(void **state)
{
    const uint64_t sizes[] = {UINT64_MAX, UINT64_MAX - 63, 0 - (uint64_t)64,  0 - (uint64_t)59,
                              INT64_MAX,  UINT32_MAX,      UINT64_C(1) << 32, 128 << 10};
    const char *path = scratch_path(state, "region");

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        mms_writer_options options = larger();
        mms_region *region;
        char schema[8];
        size_t size = 1;

        sample_closed_region(path, "value");
        patch_descriptors(path, offsetof(struct mms__descriptor, schema_size), sizes[i]);
        check_code(mms_verify(path, NULL, NULL), MMS_E_CORRUPT);
        options.replace = true;
        check_ok(mms_writer_close(sample_writer_with(path, options)));
        check_copies(path, "value");
        check_ok(mms_verify(path, NULL, NULL));
        region = sample_region(path);
        check_ok(mms_read_schema(region, schema, sizeof schema, &size, NULL, NULL));
        check_equal(size, 0);
        check_ok(mms_region_close(region));
        check_ok(mms_remove(path));
    }
}

static void schema_is_carried_with_its_value(void **state)
{
    const char *path = scratch_path(state, "region"), *text = "struct S { a: u64 }";
    mms_writer_options options = sample_options();
    uint64_t type[2] = {1, 2}, found[2];
    mms_region *region;
    mms_writer *writer = sample_writer(path);
    char schema[64];
    size_t size;
    void *buffer;

    check_ok(mms_write_begin(writer, 100, &buffer, NULL));
    memset(buffer, 'v', 100);
    check_ok(mms_write_set_type(writer, type, text, strlen(text)));
    check_ok(mms_write_commit(writer, 100, NULL));
    check_ok(mms_writer_close(writer));
    options.max_slots = 7;
    options.replace = true;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    region = sample_region(path);
    check_ok(mms_read_schema(region, schema, sizeof schema, &size, found, NULL));
    check_true(size == strlen(text) && memcmp(schema, text, size) == 0 && found[0] == 1 && found[1] == 2);
    check_ok(mms_region_close(region));
}

static void schema_without_room_in_the_new_geometry_is_left_out(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    uint64_t type[2] = {1, 2}, found[2];
    mms_region *region;
    mms_writer *writer = sample_writer(path);
    char *text = malloc(50000);
    size_t size = 1;
    void *buffer;

    memset(text, 's', 50000);
    check_ok(mms_write_begin(writer, 5, &buffer, NULL));
    memcpy(buffer, "value", 5);
    check_ok(mms_write_set_type(writer, type, text, 50000));
    check_ok(mms_write_commit(writer, 5, NULL));
    check_ok(mms_writer_close(writer));
    check_ok(mms_verify(path, NULL, NULL));
    options.max_size = 4096;
    options.replace = true;
    check_ok(mms_writer_close(sample_writer_with(path, options)));
    check_copies(path, "value");
    check_ok(mms_verify(path, NULL, NULL));
    region = sample_region(path);
    check_ok(mms_read_schema(region, NULL, 0, &size, found, NULL));
    check_true(size == 0 && found[0] == 1 && found[1] == 2);
    check_ok(mms_region_close(region));
    free(text);
}

static void value_in_a_slot_of_another_generation_is_not_carried(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = larger();

    sample_closed_region(path, "value");
    patch_descriptors(path, offsetof(struct mms__descriptor, generation), 4711);
    options.replace = true;
    check_code(mms_writer_open(path, &options, &(mms_writer *){NULL}), MMS_E_CORRUPT);
    check_detail_mentions("mmsync verify");
}

static void region_whose_control_has_another_name_is_not_replaced(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = larger();

    sample_closed_region(path, "value");
    check_true(link(scratch_path(state, "region/control"), scratch_path(state, "other")) == 0);
    options.replace = true;
    check_code(mms_writer_open(path, &options, &(mms_writer *){NULL}), -EMLINK);
    check_detail_mentions("replacing");
    check_copies(path, "value");
}

static void replaced_writer_grows_and_keeps_its_lock(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = larger();
    mms_writer *writer;
    void *buffer;

    sample_closed_region(path, "value");
    options.replace = true;
    writer = sample_writer_with(path, options);
    for (int i = 0; i < 10; i++) {
        check_ok(mms_write_begin(writer, 1 << 20, &buffer, NULL));
        memset(buffer, i, 1 << 20);
        check_ok(mms_write_commit(writer, 1 << 20, NULL));
    }
    check_code(mms_writer_open(path, &options, &(mms_writer *){NULL}), MMS_E_BUSY);
    check_ok(mms_writer_close(writer));
    check_ok(mms_remove(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(other_geometry_is_refused_and_the_region_stays),
        scratch_test(unsaid_geometry_is_that_of_the_region),
        scratch_test(replacement_carries_value_and_generations),
        scratch_test_on_disk(replacement_carries_value_and_generations),
        scratch_test(what_was_said_about_the_value_is_carried_too),
        scratch_test(readers_of_the_old_region_find_it_gone),
        scratch_test(geometry_that_is_not_named_is_kept),
        scratch_test(same_geometry_is_not_replaced),
        scratch_test(empty_region_is_replaced_by_an_empty_one),
        scratch_test(value_too_big_for_the_new_geometry_leaves_all_as_it_was),
        scratch_test(impossible_geometry_leaves_all_as_it_was),
        scratch_test(garbled_size_of_the_old_value_is_not_followed),
        scratch_test(garbled_size_of_the_schema_costs_the_schema_and_not_the_value),
        scratch_test(schema_is_carried_with_its_value),
        scratch_test(schema_without_room_in_the_new_geometry_is_left_out),
        scratch_test(value_in_a_slot_of_another_generation_is_not_carried),
        scratch_test(region_whose_control_has_another_name_is_not_replaced),
        scratch_test(replaced_writer_grows_and_keeps_its_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
