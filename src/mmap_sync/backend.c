/* SPDX-License-Identifier: Apache-2.0 */
#include "mmap_sync/backend.h"
#include "handle/reader.h"

/* ---- What needs no work for these files ---- */

static void closing(struct mms_writer *writer)
{
    (void)writer;
}

static void abort_write(struct mms_writer *writer)
{
    (void)writer; /* the buffer is kept for the next */
}

static void found_gone(struct mms_region *region)
{
    (void)region; /* nothing is read inline */
}

static bool is_removed(struct mms_region *region)
{
    (void)region; /* nothing but the names tells */
    return false;
}

static void reader_closed(struct mms_reader *reader)
{
    (void)reader; /* only its view was seen by others */
}

static void view_describe(const struct mms_reader *reader, mms_view_info *out)
{
    (void)reader, (void)out;
}

static void view_type(const struct mms_reader *reader, uint64_t type_id[2])
{
    (void)reader;
    type_id[0] = type_id[1] = 0;
}

static bool view_is_serialized(const struct mms_reader *reader, bool table)
{
    (void)reader, (void)table; /* nothing tells who wrote it */
    return false;
}

/* No more than all readers have. */
struct reader {
    struct mms_reader front;
} __attribute__((aligned(MMS__READER_ALIGNMENT)));

const struct mms__backend mms__mmap_sync = {
    .writer_new = mms__mmap_sync_writer_new,
    .writer_open = mms__mmap_sync_writer_open,
    .writer_closing = closing,
    .writer_free = mms__mmap_sync_writer_free,
    .write = mms__mmap_sync_write,
    .begin = mms__mmap_sync_begin,
    .grow = mms__mmap_sync_grow,
    .commit = mms__mmap_sync_commit,
    .abort = abort_write,
    .region_new = mms__mmap_sync_region_new,
    .region_open = mms__mmap_sync_region_open,
    .region_free = mms__mmap_sync_region_free,
    .leads_elsewhere = mms__mmap_sync_leads_elsewhere,
    .found_gone = found_gone,
    .is_removed = is_removed,
    .generation = mms__mmap_sync_generation,
    .copy = mms__mmap_sync_copy,
    .copy_schema = mms__mmap_sync_copy_schema,
    .wait = mms__mmap_sync_wait,
    .wait_begin = mms__mmap_sync_wait_begin,
    .wait_end = mms__mmap_sync_wait_end,
    .reader_size = sizeof(struct reader),
    .reader_open = mms__mmap_sync_reader_open,
    .reader_closed = reader_closed,
    .read = mms__mmap_sync_read,
    .end = mms__mmap_sync_end,
    .verify_view = mms__mmap_sync_verify_view,
    .view_describe = view_describe,
    .view_type = view_type,
    .view_is_serialized = view_is_serialized,
    .inspect = mms__mmap_sync_inspect,
    .inspect_readers = mms__mmap_sync_inspect_readers,
    .verify = mms__mmap_sync_verify,
    .remove = mms__mmap_sync_remove,
};
