/* SPDX-License-Identifier: Apache-2.0 */
/* What was published with the value of a view (mms_view_describe). */
#include "region/layout.h"
#include "sample.h"
#include "scratch.h"
#include <string.h>

static const uint64_t type_of_text[2] = {1, 2};

/* `text` and everything that can go with it. */
static void publish_with_all(mms_writer *writer, const char *text, const char *schema)
{
    void *buffer;

    check_ok(mms_write_begin(writer, strlen(text), &buffer, NULL));
    memcpy(buffer, text, strlen(text));
    check_ok(mms_write_set_type(writer, type_of_text, schema, strlen(schema)));
    check_ok(mms_write_commit(writer, strlen(text), NULL));
}

static mms_writer *open_tagged(const char *path)
{
    mms_writer_options options = sample_options();

    options.tag = 42;
    options.checksum = true;
    return sample_writer_with(path, options);
}

static void a_view_is_described_whatever_is_published_after_it(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = open_tagged(path);
    mms_region *region;
    mms_reader *reader;
    mms_view_info info, again;
    mms_info now;
    mms_view view;

    publish_with_all(writer, "value", "schema");
    region = sample_region(path);
    reader = sample_reader(region);
    check_ok(mms_read(reader, &view));
    check_ok(mms_view_describe(reader, &info));
    check_ok(mms_inspect(path, &now));
    check_memory(info.type_id, type_of_text, sizeof type_of_text);
    check_equal(info.tag, 42);
    check_true(info.has_checksum && info.checksum == now.checksum);
    check_equal(info.publish_time_ns, now.publish_time_ns);
    check_equal(info.schema_size, 6);
    check_memory(info.schema, "schema", 6);
    publish_text(writer, "other");
    check_ok(mms_view_describe(reader, &again));
    check_memory(&info, &again, sizeof info);
    check_ok(mms_refresh(reader, &view));
    check_ok(mms_view_describe(reader, &info));
    check_true(info.schema == NULL && info.schema_size == 0 && info.type_id[0] == 0);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static uint64_t tag_in_view(mms_reader *reader)
{
    mms_view_info info;
    mms_view view;

    check_ok(mms_read(reader, &view));
    check_ok(mms_view_describe(reader, &info));
    return info.tag;
}

/* Like the type, and unlike the option: neither an abort nor a commit hands it on. */
static void a_tag_is_that_of_one_write(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = open_tagged(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);
    void *buffer;
    size_t size;

    check_ok(mms_write_begin(writer, 0, &buffer, NULL));
    check_ok(mms_write_set_tag(writer, 1));
    check_ok(mms_write_set_tag(writer, UINT64_MAX));
    check_ok(mms_write_commit(writer, 0, NULL));
    check_equal(tag_in_view(reader), UINT64_MAX);
    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_commit(writer, size, NULL));
    check_equal(tag_in_view(reader), 42);
    check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_set_tag(writer, 0));
    check_ok(mms_write_commit(writer, size, NULL));
    check_equal(tag_in_view(reader), 0);
    check_ok(mms_write_begin(writer, 0, &buffer, NULL));
    check_ok(mms_write_set_tag(writer, 7));
    check_ok(mms_write_abort(writer));
    check_ok(mms_write_begin(writer, 0, &buffer, NULL));
    check_ok(mms_write_commit(writer, 0, NULL));
    check_equal(tag_in_view(reader), 42);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void a_schema_that_cannot_fit_the_slot_is_ignored(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = open_tagged(path);
    mms_region *region;
    mms_reader *reader;
    mms_view_info info;
    mms_view view;
    mms_info now;

    publish_with_all(writer, "value", "schema");
    check_ok(mms_inspect(path, &now));
    check_ok(mms_writer_close(writer));
    patch_word(path, "control",
               offsetof(struct mms__control, slots) + now.slot * sizeof(struct mms__descriptor) +
                   offsetof(struct mms__descriptor, schema_size),
               UINT64_MAX - 32);
    region = sample_region(path);
    reader = sample_reader(region);
    check_ok(mms_read(reader, &view));
    check_ok(mms_view_describe(reader, &info));
    check_true(info.schema == NULL && info.schema_size == 0);
    check_equal(info.tag, 42);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_view_is_described_whatever_is_published_after_it),
        scratch_test(a_tag_is_that_of_one_write),
        scratch_test(a_schema_that_cannot_fit_the_slot_is_ignored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
