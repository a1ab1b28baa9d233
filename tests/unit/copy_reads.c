/* SPDX-License-Identifier: Apache-2.0 */
/* mms_read_copy: sizes, and what it does without any right to write (region/copy.c). */
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <string.h>

static mms_region *read_only_region(const char *path)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;

    options.read_only = true;
    check_ok(mms_region_open(path, &options, &region));
    check_true(mms_region_read_only(region));
    return region;
}

static void copy_gives_bytes_size_and_generation(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);
    char text[300], buffer[300];

    memset(text, 'q', sizeof text);
    for (size_t length = 0; length < sizeof text; length += 7) {
        mms_receipt receipt;
        uint64_t generation;
        size_t size;

        memset(buffer, 0, sizeof buffer);
        check_ok(mms_write(writer, text, length, &receipt));
        check_ok(mms_read_copy(region, buffer, sizeof buffer, &size, &generation));
        check_equal(size, length);
        check_equal(generation, receipt.generation);
        check_memory(buffer, text, length);
        check_equal(buffer[length], 0); /* not one byte more */
    }
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void too_small_a_buffer_is_told_the_size_and_left_alone(void **state)
{
    const char *path = scratch_path(state, "region");
    uint64_t published = sample_closed_region(path, "eleven byte"), generation = 0;
    mms_region *region = sample_region(path);
    char buffer[11] = {0};
    size_t size = 0;

    check_code(mms_read_copy(region, buffer, 10, &size, &generation), MMS_E_TOO_BIG);
    check_equal(size, 11);
    check_equal(generation, published);
    check_equal(buffer[0], 0);
    check_ok(mms_read_copy(region, buffer, size, NULL, NULL));
    check_memory(buffer, "eleven byte", 11);
    check_ok(mms_region_close(region));
}

static void no_buffer_asks_for_the_size(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    size_t size = 0;

    sample_closed_region(path, "value");
    region = sample_region(path);
    check_code(mms_read_copy(region, NULL, 0, &size, NULL), MMS_E_TOO_BIG);
    check_equal(size, 5);
    check_code(mms_read_copy(region, NULL, 5, &size, NULL), MMS_E_INVALID);
    check_code(mms_read_copy(NULL, &size, 5, &size, NULL), MMS_E_INVALID);
    check_ok(mms_region_close(region));
}

static void value_of_size_0_is_copied_into_nothing(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    size_t size = 1;

    sample_closed_region(path, "");
    region = sample_region(path);
    check_ok(mms_read_copy(region, NULL, 0, &size, NULL));
    check_equal(size, 0);
    check_ok(mms_region_close(region));
}

static void copying_takes_no_line_and_changes_no_file(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    char buffer[16];
    uint64_t digest;

    sample_closed_region(path, "value");
    digest = tree_digest(path);
    region = read_only_region(path);
    for (int i = 0; i < 10; i++)
        check_ok(mms_read_copy(region, buffer, sizeof buffer, NULL, NULL));
    check_equal(tree_digest(path), digest);
    check_ok(mms_region_close(region));
}

static void read_only_region_opens_no_readers(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;

    sample_closed_region(path, "value");
    region = read_only_region(path);
    check_code(mms_reader_open(region, &reader), MMS_E_READ_ONLY);
    check_detail_mentions("mms_read_copy");
    check_ok(mms_region_close(region));
}

static void copier_is_in_no_writers_way(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = read_only_region(path);
    char buffer[16];

    for (int i = 0; i < 100; i++) {
        publish_text(writer, i % 2 ? "odd" : "even");
        check_ok(mms_read_copy(region, buffer, sizeof buffer, NULL, NULL));
        check_memory(buffer, i % 2 ? "odd" : "even", 3);
    }
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void copy_that_never_succeeds_ends_in_again(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    char buffer[16];
    uint64_t word;

    sample_closed_region(path, "value");
    region = sample_region(path);
    /* `current` names a slot that does not exist: no try can succeed, as if the writer were faster
       each time. */
    load_bytes(path, "control", offsetof(struct mms__control, current), &word, sizeof word);
    patch_word(path, "control", offsetof(struct mms__control, current), word | 0xffff);
    check_code(mms_read_copy(region, buffer, sizeof buffer, NULL, NULL), MMS_E_AGAIN);
    check_ok(mms_region_close(region));
}

/* ---- The schema behind a typed value ---- */

static void publish_with_schema(mms_writer *writer, const char *schema)
{
    const uint64_t type[2] = {3, 4};
    void *buffer;

    check_ok(mms_write_begin(writer, 8, &buffer, NULL));
    memset(buffer, 'v', 8);
    check_ok(mms_write_set_type(writer, type, schema, strlen(schema)));
    check_ok(mms_write_commit(writer, 8, NULL));
}

static void schema_is_copied_with_its_size_type_and_generation(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = read_only_region(path);
    uint64_t type[2], generation;
    char buffer[32] = {0};
    size_t size;

    check_code(mms_read_schema(region, buffer, sizeof buffer, &size, type, &generation), MMS_E_EMPTY);
    publish_with_schema(writer, "struct S { a: u64 }");
    check_code(mms_read_schema(region, buffer, 18, &size, type, &generation), MMS_E_TOO_BIG);
    check_equal(size, 19);
    check_equal(buffer[0], 0);
    check_ok(mms_read_schema(region, buffer, sizeof buffer, &size, type, &generation));
    check_equal(size, 19);
    check_memory(buffer, "struct S { a: u64 }", 20);
    check_true(type[0] == 3 && type[1] == 4);
    check_equal(generation, mms_generation(region));
    publish_text(writer, "no schema");
    check_ok(mms_read_schema(region, buffer, sizeof buffer, &size, NULL, NULL));
    check_equal(size, 0);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void garbled_schema_is_never_copied(void **state)
{
    const char *path = scratch_path(state, "region");
    size_t slot = offsetof(struct mms__control, slots);
    mms_writer *writer = sample_writer(path);
    mms_region *region = read_only_region(path);
    char buffer[32];
    size_t size;

    publish_with_schema(writer, "struct S { a: u64 }");
    patch_word(path, "control", slot + offsetof(struct mms__descriptor, schema_size), UINT64_MAX);
    check_code(mms_read_schema(region, buffer, sizeof buffer, &size, NULL, NULL), MMS_E_AGAIN);
    patch_word(path, "control", slot + offsetof(struct mms__descriptor, schema_size), 19);
    patch_word(path, "control", slot + offsetof(struct mms__descriptor, size), UINT64_MAX - 4096);
    check_code(mms_read_schema(region, buffer, sizeof buffer, &size, NULL, NULL), MMS_E_AGAIN);
    patch_word(path, "control", slot + offsetof(struct mms__descriptor, size), (64 << 10) + 1); /* just over max_size */
    check_code(mms_read_schema(region, buffer, sizeof buffer, &size, NULL, NULL), MMS_E_AGAIN);
    patch_word(path, "control", slot + offsetof(struct mms__descriptor, size), 8);
    check_ok(mms_read_schema(region, buffer, sizeof buffer, &size, NULL, NULL));
    patch_word(path, "control", offsetof(struct mms__control, current), UINT64_C(1) << MMS__SLOT_BITS | 0x7fff);
    check_code(mms_read_schema(region, buffer, sizeof buffer, &size, NULL, NULL), MMS_E_AGAIN);
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void garbled_size_is_clamped_to_the_slot(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    static char buffer[65 << 10];
    size_t size;

    sample_closed_region(path, "value");
    patch_word(path, "control", offsetof(struct mms__control, slots) + offsetof(struct mms__descriptor, size),
               UINT64_MAX);
    region = sample_region(path);
    check_ok(mms_read_copy(region, buffer, sizeof buffer, &size, NULL));
    check_true(size <= 64 << 10);
    check_ok(mms_region_close(region));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(copy_gives_bytes_size_and_generation),
        scratch_test(too_small_a_buffer_is_told_the_size_and_left_alone),
        scratch_test(no_buffer_asks_for_the_size),
        scratch_test(value_of_size_0_is_copied_into_nothing),
        scratch_test(copying_takes_no_line_and_changes_no_file),
        scratch_test(read_only_region_opens_no_readers),
        scratch_test(copier_is_in_no_writers_way),
        scratch_test(copy_that_never_succeeds_ends_in_again),
        scratch_test(schema_is_copied_with_its_size_type_and_generation),
        scratch_test(garbled_schema_is_never_copied),
        scratch_test(garbled_size_is_clamped_to_the_slot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
