/* SPDX-License-Identifier: Apache-2.0 */
/* Every field that belongs to a value is in place when the value becomes current (G1, G6):
   writer.c is compiled here with a check from outside at the step that publishes. */
static void at_step(const char *name);

#define MMS__STEP(name) at_step(#name)
#include "region/writer.c"
#undef MMS__STEP
#define MMS__STEP(name) ((void)0)
#include "base/checksum.h"
#include "sample.h"
#include "scratch.h"
#include <string.h>

static const char *path; /* of the region; NULL: nobody looks */
static unsigned looks;
static uint64_t expected_type[2], expected_time;
static const char *expected_text;

static void look_at_schema(void)
{
    uint64_t type_id[2];
    mms_region *region;
    char schema[64];
    size_t size;

    check_ok(mms_region_open(path, NULL, &region));
    check_ok(mms_read_schema(region, schema, sizeof schema, &size, type_id, NULL));
    check_equal(size, strlen(expected_text));
    check_memory(schema, expected_text, size);
    check_equal(type_id[0], expected_type[0]);
    check_equal(type_id[1], expected_type[1]);
    check_ok(mms_region_close(region));
}

/* By now mms_changes says what has changed. */
static const char *updated; /* the region; NULL: nobody looks */
static mms_reader *reader;
static uint64_t before;

static void look_at_update(void)
{
    mms_range range;
    mms_view view;
    size_t count;

    looks++;
    check_ok(mms_read(reader, &view));
    check_ok(mms_changes(reader, before, &range, 1, &count));
    check_equal(count, 1);
    check_equal(range.offset, looks);
    check_equal(range.length, 1);
    before = view.generation;
    check_ok(mms_release(reader));
}

static void at_step(const char *name)
{
    mms_info info;

    if (updated && strcmp(name, "publish_current_stored") == 0)
        look_at_update();

    if (!path || strcmp(name, "publish_current_stored") != 0)
        return;
    looks++;
    check_ok(mms_inspect(path, &info));
    check_equal(info.size, strlen(expected_text));
    check_equal(info.type_id[0], expected_type[0]);
    check_equal(info.type_id[1], expected_type[1]);
    check_equal(info.tag, expected_type[0] + 1);
    check_true(info.has_checksum);
    check_equal(info.checksum, mms__checksum(expected_text, strlen(expected_text)));
    check_true(info.publish_time_ns >= expected_time);
    check_ok(mms_verify(path, NULL, NULL));
    check_copies(path, expected_text);
    look_at_schema();
}

/* The value and its schema have the same text. */
static void publish_described(mms_writer *writer, const char *text, uint64_t type)
{
    void *buffer;

    expected_text = text;
    expected_type[0] = type;
    expected_type[1] = type << 32;
    expected_time = mms__read_clock(CLOCK_REALTIME_COARSE);
    writer->options.tag = type + 1;
    check_ok(mms_write_begin(writer, strlen(text), &buffer, NULL));
    memcpy(buffer, text, strlen(text));
    check_ok(mms_write_set_type(writer, expected_type, text, strlen(text)));
    check_ok(mms_write_commit(writer, strlen(text), NULL));
}

static void everything_is_described_when_it_becomes_current(void **state)
{
    const char *const texts[] = {"one", "twenty-two", "three hundred and thirty-three", "4"};
    mms_writer_options options = sample_options();
    mms_writer *writer;

    options.checksum = true;
    path = NULL;
    looks = 0;
    writer = sample_writer_with(scratch_path(state, "region"), options);
    path = scratch_path(state, "region");
    for (uint64_t i = 0; i < 12; i++)
        publish_described(writer, texts[i % 4], 7 + i);
    check_equal(looks, 12);
    check_ok(mms_writer_close(writer));
    path = NULL;
}

static void an_update_is_noted_when_it_becomes_current(void **state)
{
    mms_writer *writer = sample_writer(scratch_path(state, "region"));
    mms_region *region = sample_region(scratch_path(state, "region"));
    size_t size;
    void *buffer;

    reader = sample_reader(region);
    before = publish_text(writer, "0123456789abcdef");
    looks = 0;
    updated = scratch_path(state, "region");
    for (size_t i = 1; i <= 12; i++) {
        check_ok(mms_write_update(writer, 0, &buffer, &size, NULL));
        check_ok(mms_write_patch(writer, i, "x", 1));
        check_ok(mms_write_commit(writer, size, NULL));
    }
    updated = NULL;
    check_equal(looks, 12);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

/* The flag that says whether there is a checksum, set and cleared. */
static void look_for_checksum(void **state, bool first)
{
    mms_writer_options options = sample_options();
    const char *where = scratch_path(state, first ? "with" : "without");
    mms_info info;

    options.checksum = first;
    check_ok(mms_writer_close(sample_writer_with(where, options)));
    for (int i = 0; i < 6; i++) {
        mms_writer *writer;

        options.checksum = (i % 2 == 0) == first;
        writer = sample_writer_with(where, options);
        publish_text(writer, "value");
        check_ok(mms_inspect(where, &info));
        check_equal(info.has_checksum, options.checksum);
        check_ok(mms_writer_close(writer));
    }
}

static void checksum_of_an_earlier_value_is_not_taken_for_this_one(void **state)
{
    look_for_checksum(state, true);
    look_for_checksum(state, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(everything_is_described_when_it_becomes_current),
        scratch_test(an_update_is_noted_when_it_becomes_current),
        scratch_test(checksum_of_an_earlier_value_is_not_taken_for_this_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
