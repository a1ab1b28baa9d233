/* SPDX-License-Identifier: Apache-2.0 */
/* The fields stored with a value: type id, tag, checksum, time. */
#include "base/checksum.h"
#include "os/clock.h"
#include "sample.h"
#include "scratch.h"

static mms_writer *typed_writer(const char *path, uint64_t type)
{
    mms_writer_options options = sample_options();

    options.type_id[0] = type;
    options.type_id[1] = type ? 99 : 0;
    return sample_writer_with(path, options);
}

static mms_region *typed_region(const char *path, uint64_t type)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;

    options.type_id[0] = type;
    options.type_id[1] = type ? 99 : 0;
    check_ok(mms_region_open(path, &options, &region));
    return region;
}

static void publish_typed(const char *path, uint64_t type, const char *text)
{
    mms_writer *writer = typed_writer(path, type);

    publish_text(writer, text);
    check_ok(mms_writer_close(writer));
}

static void value_of_another_type_is_refused_and_the_right_one_read(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    char buffer[16];
    size_t size;

    publish_typed(path, 7, "seven");
    region = typed_region(path, 8);
    reader = sample_reader(region);
    check_code(mms_read(reader, &view), MMS_E_TYPE);
    check_code(mms_read_copy(region, buffer, sizeof buffer, &size, NULL), MMS_E_TYPE);
    check_code(mms_release(reader), MMS_E_NO_VIEW);
    publish_typed(path, 8, "eight");
    check_ok(mms_read_copy(region, buffer, sizeof buffer, &size, NULL));
    check_memory(buffer, "eight", 5);
    check_reads(reader, "eight");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void type_that_differs_in_its_second_half_is_another(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    char buffer[16];

    publish_typed(path, 7, "seven");
    options.type_id[0] = 7;
    options.type_id[1] = 98;
    check_ok(mms_region_open(path, &options, &region));
    reader = sample_reader(region);
    check_code(mms_read(reader, &view), MMS_E_TYPE);
    check_code(mms_read_copy(region, buffer, sizeof buffer, NULL, NULL), MMS_E_TYPE);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void type_that_changes_under_a_view_ends_it_and_comes_back(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    publish_typed(path, 7, "seven");
    region = typed_region(path, 7);
    reader = sample_reader(region);
    check_holds(reader, "seven");
    publish_typed(path, 8, "eight");
    check_code(mms_refresh(reader, &view), MMS_E_TYPE);
    check_code(mms_release(reader), MMS_E_NO_VIEW);
    for (int i = 0; i < 3; i++)
        check_code(mms_read(reader, &view), MMS_E_TYPE);
    publish_typed(path, 7, "again");
    check_true(check_holds(reader, "again").changed);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void reader_refused_for_type_holds_no_slot(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = typed_writer(path, 7);
    mms_region *region = typed_region(path, 8);
    mms_reader *reader = sample_reader(region);
    mms_reader_info info;
    mms_view view;
    size_t count;

    for (int i = 0; i < 20; i++) {
        publish_text(writer, "seven");
        check_code(mms_read(reader, &view), MMS_E_TYPE);
        check_ok(mms_inspect_readers(path, &info, 1, &count));
        check_true(count == 1 && !info.pinned);
    }
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void reader_without_a_type_takes_every_value(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;

    publish_typed(path, 7, "typed");
    region = typed_region(path, 0);
    reader = sample_reader(region);
    check_reads(reader, "typed");
    publish_typed(path, 0, "untyped");
    check_reads(reader, "untyped");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void untyped_value_is_refused_where_a_type_is_wanted(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    publish_typed(path, 0, "untyped");
    region = typed_region(path, 7);
    reader = sample_reader(region);
    check_code(mms_read(reader, &view), MMS_E_TYPE);
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void tag_type_and_time_are_stored_with_each_value(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    uint64_t before = mms__read_clock(CLOCK_REALTIME_COARSE);
    mms_writer *writer;
    mms_info info;

    options.tag = UINT64_C(0xfeedfacecafebeef);
    options.type_id[0] = 1;
    options.type_id[1] = 2;
    writer = sample_writer_with(path, options);
    publish_text(writer, "tagged");
    check_ok(mms_inspect(path, &info));
    check_equal(info.tag, UINT64_C(0xfeedfacecafebeef));
    check_equal(info.type_id[0], 1);
    check_equal(info.type_id[1], 2);
    check_true(info.publish_time_ns >= before && info.publish_time_ns <= mms__read_clock(CLOCK_REALTIME));
    check_true(!info.has_checksum);
    check_ok(mms_writer_close(writer));
    sample_closed_region(path, "untagged");
    check_ok(mms_inspect(path, &info));
    check_true(info.tag == 0 && info.type_id[0] == 0 && info.type_id[1] == 0);
}

static uint64_t later_tick(uint64_t than)
{
    uint64_t now;

    do
        now = mms__read_clock(CLOCK_REALTIME_COARSE);
    while (now <= than);
    return now;
}

/* Writes do not read the clock each time. One step of it is longer than a writer trusts what it
   has read. */
static void time_of_a_writer_goes_on(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_info info;

    for (int i = 0; i < 3; i++) {
        uint64_t tick;

        publish_text(writer, "earlier");
        tick = later_tick(mms__read_clock(CLOCK_REALTIME_COARSE));
        (void)later_tick(tick);
        publish_text(writer, "later");
        check_ok(mms_inspect(path, &info));
        check_true(info.publish_time_ns >= tick);
    }
    check_ok(mms_writer_close(writer));
}

static void checksum_is_that_of_the_value_and_only_where_asked_for(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer_options options = sample_options();
    mms_writer *writer;
    mms_info info;
    void *buffer;

    options.checksum = true;
    writer = sample_writer_with(path, options);
    publish_text(writer, "summed");
    check_ok(mms_inspect(path, &info));
    check_true(info.has_checksum);
    check_equal(info.checksum, mms__checksum("summed", 6));
    check_ok(mms_write_begin(writer, 100, &buffer, NULL));
    __builtin_memcpy(buffer, "in place", 8);
    check_ok(mms_write_commit(writer, 8, NULL));
    check_ok(mms_inspect(path, &info));
    check_equal(info.checksum, mms__checksum("in place", 8));
    check_ok(mms_write(writer, NULL, 0, NULL));
    check_ok(mms_verify(path, NULL, NULL));
    check_ok(mms_writer_close(writer));
    sample_closed_region(path, "unsummed");
    check_ok(mms_inspect(path, &info));
    check_true(!info.has_checksum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(value_of_another_type_is_refused_and_the_right_one_read),
        scratch_test(type_that_differs_in_its_second_half_is_another),
        scratch_test(type_that_changes_under_a_view_ends_it_and_comes_back),
        scratch_test(reader_refused_for_type_holds_no_slot),
        scratch_test(reader_without_a_type_takes_every_value),
        scratch_test(untyped_value_is_refused_where_a_type_is_wanted),
        scratch_test(tag_type_and_time_are_stored_with_each_value),
        scratch_test(time_of_a_writer_goes_on),
        scratch_test(checksum_is_that_of_the_value_and_only_where_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
