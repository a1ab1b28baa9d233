/* SPDX-License-Identifier: Apache-2.0 */
/* mms_changes: which bytes it names, in which order, and what it refuses or has forgotten. */
#include "handles.h"
#include "sample.h"
#include "scratch.h"
#include <stdlib.h>
#include <string.h>

static void changes_are_merged_and_in_order(void **state)
{
    struct handles handles = open_handles(state);
    uint64_t first = publish_text(handles.writer, "0123456789"), second, third;
    size_t size;
    void *buffer;

    check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_patch(handles.writer, 8, "x", 1));
    check_ok(mms_write_patch(handles.writer, 2, "xx", 2));
    check_ok(mms_write_patch(handles.writer, 4, "x", 1));
    check_ok(mms_write_commit(handles.writer, size, NULL));
    check_holds(handles.reader, "01xxx567x9");
    check_string(changes_since(handles.reader, first), "2+3 8+1");
    second = mms_generation(handles.region);
    third = patch_text(handles.writer, 3, "yyyy");
    check_string(changes_since(handles.reader, first), "2+3 8+1"); /* of the held view */
    check_holds(handles.reader, "01xyyyy7x9");
    check_string(changes_since(handles.reader, first), "2+5 8+1");
    check_string(changes_since(handles.reader, second), "3+4");
    check_string(changes_since(handles.reader, third), "");
    close_handles(&handles);
}

static void bytes_past_the_smallest_size_have_changed(void **state)
{
    struct handles handles = open_handles(state);
    uint64_t first = publish_text(handles.writer, "0123456789"), second;
    size_t size;
    void *buffer;

    check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
    check_ok(mms_write_commit(handles.writer, 6, NULL));
    second = mms_generation(handles.region);
    check_holds(handles.reader, "012345");
    check_string(changes_since(handles.reader, first), "");
    patch_text(handles.writer, 6, "abcdefgh");
    check_holds(handles.reader, "012345abcdefgh");
    check_string(changes_since(handles.reader, first), "6+8");
    check_string(changes_since(handles.reader, second), "6+8");
    close_handles(&handles);
}

static void count_says_how_many_there_are(void **state)
{
    struct handles handles = open_handles(state);
    uint64_t first = publish_text(handles.writer, "0123456789");
    mms_range ranges[2] = {{77, 77}, {77, 77}};
    size_t count;

    patch_text(handles.writer, 1, "x");
    patch_text(handles.writer, 5, "x");
    check_holds(handles.reader, "0x234x6789");
    check_ok(mms_changes(handles.reader, first, NULL, 0, &count));
    check_equal(count, 2);
    check_ok(mms_changes(handles.reader, first, ranges, 1, &count));
    check_equal(count, 2);
    check_equal(ranges[0].offset, 1);
    check_equal(ranges[1].offset, 77);
    close_handles(&handles);
}

static void changes_refuse_what_makes_no_sense(void **state)
{
    struct handles handles = open_handles(state);
    size_t count = 0;

    check_code(mms_changes(NULL, 1, NULL, 0, &count), MMS_E_INVALID);
    check_code(mms_changes(handles.reader, 1, NULL, 0, &count), MMS_E_NO_VIEW);
    publish_text(handles.writer, "value");
    check_holds(handles.reader, "value");
    check_code(mms_changes(handles.reader, 1, NULL, 0, NULL), MMS_E_INVALID);
    check_code(mms_changes(handles.reader, 1, NULL, 1, &count), MMS_E_INVALID);
    check_code(mms_changes(handles.reader, UINT64_MAX, NULL, 0, &count), MMS_E_INVALID);
    check_detail_mentions("newer");
    close_handles(&handles);
}

/* ---- What is forgotten ---- */

static void a_whole_value_changes_everything(void **state)
{
    struct handles handles = open_handles(state);
    uint64_t first = publish_text(handles.writer, "0123456789"), second, third;
    size_t count = 77;

    second = patch_text(handles.writer, 0, "x");
    third = publish_text(handles.writer, "x123456789");
    patch_text(handles.writer, 1, "y");
    check_holds(handles.reader, "xy23456789");
    check_string(changes_since(handles.reader, third), "1+1");
    check_code(mms_changes(handles.reader, second, NULL, 0, &count), MMS_E_FORGOTTEN);
    check_code(mms_changes(handles.reader, first, NULL, 0, &count), MMS_E_FORGOTTEN);
    check_detail_mentions("as a whole");
    check_equal(count, 77);
    close_handles(&handles);
}

static void a_region_that_was_never_updated_knows_nothing(void **state)
{
    struct handles handles = open_handles(state);
    uint64_t first = publish_text(handles.writer, "one"), second = publish_text(handles.writer, "two");
    size_t count = 77;

    check_holds(handles.reader, "two");
    check_code(mms_changes(handles.reader, first, NULL, 0, &count), MMS_E_FORGOTTEN);
    check_ok(mms_changes(handles.reader, second, NULL, 0, &count));
    check_equal(count, 0);
    close_handles(&handles);
}

static void old_records_are_overwritten_and_said_to_be(void **state)
{
    mms_writer_options options = sample_options();
    struct handles handles;
    uint64_t first, at[200];
    size_t count;

    options.changes_size = 4096;
    handles = open_handles_with(state, options);
    first = publish_text(handles.writer, "0123456789");
    for (int i = 0; i < 200; i++)
        at[i] = patch_text(handles.writer, (size_t)(i % 10), "x");
    check_holds(handles.reader, "xxxxxxxxxx");
    check_code(mms_changes(handles.reader, first, NULL, 0, &count), MMS_E_FORGOTTEN);
    check_code(mms_changes(handles.reader, at[100], NULL, 0, &count), MMS_E_FORGOTTEN);
    check_string(changes_since(handles.reader, at[197]), "8+2");
    check_string(changes_since(handles.reader, at[150]), "0+10");
    close_handles(&handles);
}

/* A ring of 4 KiB takes at most 61 of 500 ranges: those nearest to each other are merged. */
static void too_many_ranges_become_coarser(void **state)
{
    mms_writer_options options = sample_options();
    struct handles handles;
    mms_range ranges[100];
    uint64_t first;
    size_t size, count;
    uint64_t bytes = 0;
    char *value = calloc(1, 64000);
    void *buffer;

    options.changes_size = 4096;
    handles = open_handles_with(state, options);
    check_ok(mms_write(handles.writer, value, 64000, NULL));
    first = mms_generation(handles.region);
    check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
    for (size_t i = 0; i < 500; i++)
        check_ok(mms_write_touch(handles.writer, (i / 10 * 10) * 128 + i % 10 * 2, 1));
    check_ok(mms_write_commit(handles.writer, size, NULL));
    check_ok(mms_read(handles.reader, &(mms_view){0}));
    check_ok(mms_changes(handles.reader, first, ranges, 100, &count));
    check_equal(count, 61);
    for (size_t i = 0; i < count; i++)
        bytes += ranges[i].length;
    check_equal(bytes, 500 + (500 - 61));
    check_ok(mms_write_update(handles.writer, 0, &buffer, &size, NULL));
    for (size_t i = 0; i < 500; i++)
        check_ok(mms_write_touch(handles.writer, i * 128, 1));
    check_ok(mms_write_commit(handles.writer, size, NULL));
    check_ok(mms_read(handles.reader, &(mms_view){0}));
    check_code(mms_changes(handles.reader, first, ranges, 100, &count),
               MMS_E_FORGOTTEN); /* it would be most of the value */
    free(value);
    close_handles(&handles);
}

/* By then its slot says where another value's record is. */
static void of_a_view_that_was_taken_away_nothing_is_said(void **state)
{
    mms_writer_options options = sample_options();
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;
    struct handles handles;
    mms_region *region;
    mms_reader *reader;
    uint64_t first;
    size_t count;

    options.on_grace = MMS_EVICT;
    options.max_slots = 2;
    reading.allow_evict = true;
    handles = open_handles_with(state, options);
    check_ok(mms_region_open(handles.path, &reading, &region));
    check_ok(mms_reader_open(region, &reader));
    first = publish_text(handles.writer, "0123456789");
    patch_text(handles.writer, 0, "x");
    check_holds(reader, "x123456789");
    check_string(changes_since(reader, first), "0+1");
    for (int i = 0; i < 4; i++)
        patch_text(handles.writer, 1, "y");
    check_code(mms_changes(reader, first, NULL, 0, &count), MMS_E_EVICTED);
    check_code(mms_release(reader), MMS_E_NO_VIEW);
    check_holds(reader, "xy23456789");
    check_string(changes_since(reader, first), "0+2");
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    close_handles(&handles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(changes_are_merged_and_in_order),
        scratch_test(bytes_past_the_smallest_size_have_changed),
        scratch_test(a_whole_value_changes_everything),
        scratch_test(a_region_that_was_never_updated_knows_nothing),
        scratch_test(count_says_how_many_there_are),
        scratch_test(changes_refuse_what_makes_no_sense),
        scratch_test(old_records_are_overwritten_and_said_to_be),
        scratch_test(too_many_ranges_become_coarser),
        scratch_test(of_a_view_that_was_taken_away_nothing_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
