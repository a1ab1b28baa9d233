/* SPDX-License-Identifier: Apache-2.0 */
/* Updates of the files of mmap-sync: the value is copied as a whole, and changes are not known. */
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void files_of_mmap_sync_are_copied_as_a_whole(void **state)
{
    char path[512];
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    uint64_t first;
    size_t size, count;
    void *buffer;

    snprintf(path, sizeof path, "mmap-sync:%s", scratch_path(state, "prefix"));
    check_ok(mms_writer_open(path, NULL, &writer));
    check_ok(mms_write_update(writer, 3, &buffer, &size, NULL));
    check_equal(size, 0);
    check_ok(mms_write_patch(writer, 0, "abc", 3));
    check_ok(mms_write_commit(writer, 3, NULL));
    check_ok(mms_region_open(path, NULL, &region));
    check_ok(mms_reader_open(region, &reader));
    check_ok(mms_read(reader, &view));
    first = view.generation;
    check_ok(mms_release(reader));
    check_ok(mms_write_update(writer, 6, &buffer, &size, NULL));
    check_equal(size, 3);
    check_memory(buffer, "abc", 3);
    check_code(mms_write_touch(writer, 6, 1), MMS_E_INVALID);
    check_ok(mms_write_patch(writer, 3, "def", 3));
    check_ok(mms_write_commit(writer, 6, NULL));
    check_reads(reader, "abcdef");
    check_holds(reader, "abcdef");
    check_code(mms_changes(reader, first, NULL, 0, &count), MMS_E_FORGOTTEN);
    check_ok(mms_changes(reader, check_holds(reader, "abcdef").generation, NULL, 0, &count));
    check_equal(count, 0);
    check_ok(mms_write_begin(writer, 3, &buffer, NULL));
    check_code(mms_write_touch(writer, 0, 1), MMS_E_INVALID);
    check_ok(mms_write_abort(writer));
    check_ok(mms_reader_close(reader));
    check_ok(mms_region_close(region));
    check_ok(mms_writer_close(writer));
}

static void update_of_what_is_empty_or_cannot_be_read_of_mmap_sync(void **state)
{
    char path[512];
    mms_writer *writer;
    size_t size;
    void *buffer;

    snprintf(path, sizeof path, "mmap-sync:%s", scratch_path(state, "prefix"));
    check_ok(mms_writer_open(path, NULL, &writer));
    check_ok(mms_write(writer, NULL, 0, NULL));
    check_ok(mms_write_update(writer, 3, &buffer, &size, NULL));
    check_equal(size, 0);
    check_ok(mms_write_patch(writer, 0, "abc", 3));
    check_ok(mms_write_commit(writer, 3, NULL));
    check_copies(path, "abc");
    scratch_delete(scratch_path(state, "prefix_data_0"));
    scratch_delete(scratch_path(state, "prefix_data_1"));
    check_code(mms_write_update(writer, 3, &buffer, &size, NULL), -ENOENT);
    check_detail_mentions("prefix_data_");
    check_code(mms_write_commit(writer, 3, NULL), MMS_E_INVALID); /* no update was begun */
    check_ok(mms_write(writer, "new", 3, NULL));
    check_copies(path, "new");
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(files_of_mmap_sync_are_copied_as_a_whole),
        scratch_test(update_of_what_is_empty_or_cannot_be_read_of_mmap_sync),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
