/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/push_state.h"

/* The chunks that the record there changes. */
static bool mark_dirty(struct push *push, uint64_t old_size, uint64_t size, struct log_place place)
{
    if (!dirty_resize(&push->dirty, (size_t)count_chunks(size)))
        return false;
    for (size_t i = 0; i < push->ranges.count; i++) {
        const mms_range *range = &push->ranges.list[i];

        for (uint64_t chunk = range->offset / CHUNK_SIZE; chunk * CHUNK_SIZE < range->offset + range->length; chunk++)
            dirty_add(&push->dirty, (size_t)chunk, place);
    }
    /* A chunk at an end has other leaves when the end moves. */
    if (old_size != size && size > 0) {
        dirty_add(&push->dirty, (size_t)((size - 1) / CHUNK_SIZE), place);
        if (old_size > 0 && old_size < size)
            dirty_add(&push->dirty, (size_t)((old_size - 1) / CHUNK_SIZE), place);
    }
    return true;
}

static enum push_result append_part(struct push *push, struct record *record)
{
    if (!record_encode(record, push->source.view.data, &push->codec, &push->message))
        return push_fail(push, PUSH_FAILED, "out of memory for a message");
    push->log_bytes += push->message.size;
    return push_from_append(
        push, append(&push->appender, push->connection.log_subject, NULL, push->message.data, push->message.size));
}

/* All parts; does not wait. */
static enum push_result append_parts(struct push *push, struct record *record)
{
    struct range_cursor cursor = {.index = 0};
    enum push_result result;
    bool done = false;

    for (record->part = 0; !done; record->part++) {
        if (!ranges_take(&push->ranges, &cursor, RECORD_BODY_MOST, &push->part, &done))
            return push_fail(push, PUSH_FAILED, "out of memory for a list of changes");
        record->ranges = push->part.list;
        record->range_count = push->part.count;
        if (done)
            record->flags |= RECORD_LAST;
        if (done && record->schema_hash != push->schema_hash)
            record->flags |= RECORD_SCHEMA;
        result = append_part(push, record);
        if (result)
            return result;
    }
    return PUSH_OK;
}

enum push_result push_change(struct push *push)
{
    const struct log_place place = {.sequence = push->log_last + 1, .bytes = push->log_bytes};
    const uint64_t old_size = push->tree.size, sent = push->appender.bytes;
    struct record record = {.kind = RECORD_CHANGE, .since = push->pushed};
    enum push_result result = source_compare(push);

    if (result)
        return result;
    source_describe(push, &record);
    if (!mark_dirty(push, old_size, record.size, place))
        return push_fail(push, PUSH_FAILED, "out of memory for a list of chunks");
    append_begin(&push->appender, LOG_STREAM, push->log_last);
    result = append_parts(push, &record);
    if (!result)
        result = push_from_append(push, append_finish(&push->appender));
    if (result)
        return result;
    push->log_last = append_last(&push->appender);
    push->pushed = record.generation;
    push->schema_hash = record.schema_hash;
    push->last_whole = place;
    report_push(push, range_list_bytes(&push->ranges), push->appender.bytes - sent);
    return PUSH_OK;
}
