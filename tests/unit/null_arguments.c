/* SPDX-License-Identifier: Apache-2.0 */
/* NULL where a call needs something gives MMS_E_INVALID with a detail; where NULL is allowed, it
   works. */
#include "mmap_sync_sample.h"
#include "sample.h"
#include "scratch.h"
#include <mmsync/durable.h>
#include <string.h>

static void writer_calls_refuse_null(void **state)
{
    mms_writer *writer = sample_writer(scratch_path(state, "region"));
    const uint64_t type[2] = {1, 2};
    void *buffer;

    check_code(mms_writer_open(scratch_path(state, "other"), NULL, NULL), MMS_E_INVALID);
    check_code(mms_writer_open(NULL, NULL, &(mms_writer *){NULL}), MMS_E_INVALID);
    check_code(mms_write(NULL, "x", 1, NULL), MMS_E_INVALID);
    check_code(mms_write(writer, NULL, 1, NULL), MMS_E_INVALID);
    check_detail_mentions("data is NULL");
    check_code(mms_write_begin(NULL, 1, &buffer, NULL), MMS_E_INVALID);
    check_code(mms_write_begin(writer, 1, NULL, NULL), MMS_E_INVALID);
    check_code(mms_write_grow(NULL, 1, &buffer), MMS_E_INVALID);
    check_code(mms_write_commit(NULL, 1, NULL), MMS_E_INVALID);
    check_code(mms_write_abort(NULL), MMS_E_INVALID);
    check_code(mms_writer_set_grace(NULL, 1), MMS_E_INVALID);
    check_code(mms_sync(NULL), MMS_E_INVALID);
    check_code(mms_write_set_type(NULL, type, "", 0), MMS_E_INVALID);
    check_code(mms_write_set_type(writer, type, "", 0), MMS_E_INVALID); /* no write was begun */
    check_code(mms_write_set_tag(NULL, 1), MMS_E_INVALID);
    check_code(mms_write_set_tag(writer, 1), MMS_E_INVALID);
    check_ok(mms_write_begin(writer, 1, &buffer, NULL));
    check_code(mms_write_set_type(writer, NULL, "", 0), MMS_E_INVALID);
    check_detail_mentions("type_id is NULL");
    check_code(mms_write_set_type(writer, type, NULL, 1), MMS_E_INVALID);
    check_detail_mentions("schema is NULL");
    check_ok(mms_write_set_type(writer, type, NULL, 0));
    check_ok(mms_write_abort(writer));
    publish_text(writer, "still works");
    check_ok(mms_writer_close(writer));
}

static void reader_calls_refuse_null(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_region *region;
    mms_reader *reader;
    uint64_t type[2];
    mms_view_info info;
    mms_view view;
    size_t size;
    char byte;

    sample_closed_region(path, "value");
    region = sample_region(path);
    reader = sample_reader(region);
    check_code(mms_region_open(path, NULL, NULL), MMS_E_INVALID);
    check_code(mms_region_open(NULL, NULL, &(mms_region *){NULL}), MMS_E_INVALID);
    check_code(mms_reader_open(NULL, &(mms_reader *){NULL}), MMS_E_INVALID);
    check_code(mms_reader_open(region, NULL), MMS_E_INVALID);
    check_code(mms_read(NULL, &view), MMS_E_INVALID);
    check_code(mms_refresh(NULL, &view), MMS_E_INVALID);
    check_code(mms_release(NULL), MMS_E_INVALID);
    check_code(mms_wait(NULL, 0, 0), MMS_E_INVALID);
    check_code(mms_wait(reader, 0, -2), MMS_E_INVALID);
    check_code(mms_region_wait(NULL, 0, 0), MMS_E_INVALID);
    check_code(mms_view_describe(NULL, &info), MMS_E_INVALID);
    check_code(mms_view_describe(reader, NULL), MMS_E_INVALID);
    check_code(mms_view_describe(reader, &info), MMS_E_NO_VIEW);
    check_code(mms_view_type(NULL, type), MMS_E_INVALID);
    check_code(mms_view_type(reader, NULL), MMS_E_INVALID);
    check_code(mms_view_type(reader, type), MMS_E_NO_VIEW);
    check_code(mms_read_schema(NULL, &byte, 1, &size, type, NULL), MMS_E_INVALID);
    check_detail_mentions("region is NULL");
    check_code(mms_read_schema(region, &byte, 1, NULL, type, NULL), MMS_E_INVALID);
    check_detail_mentions("size is NULL");
    check_code(mms_read_schema(region, NULL, 1, &size, type, NULL), MMS_E_INVALID);
    check_detail_mentions("buffer is NULL");
    check_ok(mms_read_schema(region, NULL, 0, &size, NULL, NULL));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
}

static void null_view_is_refused_in_every_state_and_changes_none(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    mms_region *region = sample_region(path);
    mms_reader *reader = sample_reader(region);

    check_code(mms_read(reader, NULL), MMS_E_INVALID);
    publish_text(writer, "value");
    check_code(mms_read(reader, NULL), MMS_E_INVALID);
    check_code(mms_release(reader), MMS_E_NO_VIEW);
    check_reads(reader, "value");
    check_code(mms_read(reader, NULL), MMS_E_INVALID);
    check_code(mms_refresh(reader, NULL), MMS_E_INVALID);
    check_code(mms_release(reader), MMS_E_NO_VIEW);
    check_holds(reader, "value");
    check_code(mms_read(reader, NULL), MMS_E_INVALID);
    check_code(mms_refresh(reader, NULL), MMS_E_INVALID);
    check_ok(mms_release(reader));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void looks_from_outside_refuse_null(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_inspector *inspector;
    mms_reader_info info;
    size_t count;

    sample_closed_region(path, "value");
    check_code(mms_inspect(path, NULL), MMS_E_INVALID);
    check_code(mms_inspect(NULL, &(mms_info){0}), MMS_E_INVALID);
    check_code(mms_inspector_open(path, NULL), MMS_E_INVALID);
    check_code(mms_inspector_open(NULL, &inspector), MMS_E_INVALID);
    check_ok(mms_inspector_open(path, &inspector));
    check_code(mms_inspector_look(inspector, NULL), MMS_E_INVALID);
    check_code(mms_inspector_look(NULL, &(mms_info){0}), MMS_E_INVALID);
    mms_inspector_close(inspector);
    mms_inspector_close(NULL);
    check_code(mms_inspect_readers(path, &info, 1, NULL), MMS_E_INVALID);
    check_code(mms_inspect_readers(path, NULL, 1, &count), MMS_E_INVALID);
    check_code(mms_inspect_readers(NULL, &info, 1, &count), MMS_E_INVALID);
    check_code(mms_verify(NULL, NULL, NULL), MMS_E_INVALID);
    check_code(mms_remove(NULL), MMS_E_INVALID);
}

static void null_handles_may_be_closed(void **state)
{
    (void)state;
    check_ok(mms_writer_close(NULL));
    check_ok(mms_region_close(NULL));
    check_ok(mms_reader_close(NULL));
    check_equal(mms_generation(NULL), 0);
    check_true(!mms_region_read_only(NULL));
    check_true(!mms_is_mmap_sync(NULL));
    check_true(!mms_mmap_sync_was_reset(NULL));
    check_code(mms_mmap_sync_inspect(NULL, NULL), MMS_E_INVALID);
    check_code(mms_mmap_sync_inspect(NULL, &(mms_mmap_sync_info){{0}, {0}}), MMS_E_INVALID);
    check_detail_mentions("path");
}

static void null_data_of_size_0_is_a_value(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);

    check_ok(mms_write(writer, NULL, 0, NULL));
    check_copies(path, "");
    check_ok(mms_writer_close(writer));
}

static void failed_open_stores_null(void **state)
{
    mms_writer_options bad = sample_options();
    mms_region_options bad_region = MMS_REGION_OPTIONS_INIT;
    mms_writer *writer = (mms_writer *)state;
    mms_region *region = (mms_region *)state;

    bad.max_slots = 1;
    check_code(mms_writer_open(scratch_path(state, "region"), &bad, &writer), MMS_E_INVALID);
    check_true(writer == NULL);
    check_true(mms_region_open(scratch_path(state, "region"), NULL, &region) < 0);
    check_true(region == NULL);
    sample_closed_region(scratch_path(state, "region"), "value");
    region = (mms_region *)state;
    bad_region.fence = (mms_fence)3;
    check_code(mms_region_open(scratch_path(state, "region"), &bad_region, &region), MMS_E_INVALID);
    check_true(region == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(writer_calls_refuse_null),
        scratch_test(reader_calls_refuse_null),
        scratch_test(null_view_is_refused_in_every_state_and_changes_none),
        scratch_test(looks_from_outside_refuse_null),
        scratch_test(null_handles_may_be_closed),
        scratch_test(null_data_of_size_0_is_a_value),
        scratch_test(failed_open_stores_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
