/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/message.h"
#include "relay/push_state.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The region ---- */

/* The call found that it was removed, or has not been made yet. */
static bool is_missing(int code)
{
    return code == -ENOENT || code == MMS_E_GONE || code == MMS_E_NOT_REGION;
}

static enum push_result fail_source(struct push *push, int code)
{
    if (is_missing(code))
        return push_fail(push, PUSH_GONE, "there is no region %s", push->source.path);
    return push_fail(push, PUSH_FAILED, "%s", mms_last_error());
}

static int learn_identity(struct push_source *source)
{
    mms_info info;
    int code = mms_inspect(source->path, &info);

    if (code)
        return code;
    memcpy(source->region_id, info.region_id, sizeof source->region_id);
    source->max_size = info.max_size;
    source->max_slots = info.max_slots;
    source->max_readers = info.max_readers;
    return 0;
}

enum push_result source_open(struct push *push)
{
    struct push_source *source = &push->source;
    uint64_t before[2];
    int code = mms_region_open(source->path, &source->options, &source->region);

    memcpy(before, source->region_id, sizeof before);
    if (!code)
        code = mms_reader_open(source->region, &source->reader);
    if (!code)
        code = learn_identity(source);
    if (!code) /* it may be that of a region which replaced this one just now */
        code = mms_region_check(source->region);
    if (!code && memcmp(before, source->region_id, sizeof before) != 0) {
        push->tree_of = 0; /* another region counts anew */
        push->begun = false;
    }
    if (!code)
        return PUSH_OK;
    source_close(push);
    return fail_source(push, code);
}

void source_close(struct push *push)
{
    struct push_source *source = &push->source;

    mms_reader_close(source->reader);
    mms_region_close(source->region);
    source->reader = NULL;
    source->region = NULL;
    source->view = (mms_view){.data = NULL};
}

enum push_result source_hold(struct push *push)
{
    struct push_source *source = &push->source;
    int code = mms_read(source->reader, &source->view);

    if (!code)
        code = mms_view_describe(source->reader, &source->info);
    if (code == MMS_E_EMPTY)
        return push_fail(push, PUSH_EMPTY, "%s", last_error());
    return code ? fail_source(push, code) : PUSH_OK;
}

void source_release(struct push *push)
{
    (void)mms_release(push->source.reader);
    push->source.view = (mms_view){.data = NULL};
}

enum push_result source_wait(struct push *push, uint64_t seen, int ms)
{
    int code = mms_wait(push->source.reader, seen, ms);

    if (code == MMS_E_TIMEOUT)
        code = mms_region_check(push->source.region); /* rm -rf tells nobody */
    else if (!code)
        return PUSH_OK;
    if (!code || code == -EINTR)
        return PUSH_AGAIN;
    return fail_source(push, code);
}

/* ---- What differs ---- */

static enum push_result no_memory(struct push *push)
{
    push->tree_of = 0;
    return push_fail(push, PUSH_FAILED, "out of memory for the hashes of %s", push->source.path);
}

/* The ranges that the region noted; MMS_E_FORGOTTEN if it has not. */
static int noted_changes(struct push *push)
{
    struct range_list *ranges = &push->ranges;
    size_t count = 0;
    int code = mms_changes(push->source.reader, push->tree_of, NULL, 0, &count);

    if (!code && !range_list_reserve(ranges, count))
        return -ENOMEM;
    if (!code)
        code = mms_changes(push->source.reader, push->tree_of, ranges->list, ranges->capacity, &count);
    ranges->count = code || count > ranges->capacity ? 0 : count;
    return code && code != -ENOMEM ? MMS_E_FORGOTTEN : code;
}

static bool keep_leaves(struct push *push)
{
    const size_t count = (size_t)count_blocks(push->tree.size);

    if (count > push->old_capacity) {
        struct hash *leaves = realloc(push->old_leaves, count * sizeof *leaves);

        if (!leaves)
            return false;
        push->old_leaves = leaves;
        push->old_capacity = count;
    }
    if (count > 0)
        memcpy(push->old_leaves, tree_leaves(&push->tree), count * sizeof *push->old_leaves);
    return true;
}

/* Reads all of the value. */
static bool compare_blocks(struct push *push)
{
    const mms_view *view = &push->source.view;
    const uint64_t old_size = push->tree.size;

    if (!keep_leaves(push))
        return false;
    tree_mark_all(&push->tree);
    return tree_update(&push->tree, view->data, view->size) == 0 &&
           ranges_of_difference(push->old_leaves, old_size, tree_leaves(&push->tree), view->size, &push->ranges);
}

enum push_result source_compare(struct push *push)
{
    const mms_view *view = &push->source.view;
    int code;

    push->ranges.count = 0;
    if (push->tree_of == view->generation)
        return PUSH_OK;
    code = push->tree_of ? noted_changes(push) : MMS_E_FORGOTTEN;
    if (code == -ENOMEM)
        return no_memory(push);
    if (code) {
        if (!compare_blocks(push))
            return no_memory(push);
    } else {
        for (size_t i = 0; i < push->ranges.count; i++)
            tree_mark(&push->tree, push->ranges.list[i].offset, push->ranges.list[i].length);
        if (tree_update(&push->tree, view->data, view->size) != 0)
            return no_memory(push);
    }
    push->tree_of = view->generation;
    return PUSH_OK;
}

/* ---- What a record says ---- */

/* Once for each text. Its size stands for it. */
static void report_long_schema(struct push *push)
{
    const size_t size = push->source.info.schema_size;

    if (size == push->source.long_schema)
        return;
    push->source.long_schema = size;
    note("the schema of %s has %zu bytes, and at most %d travel: followers show the value without it",
         push->source.path, size, (int)RECORD_SCHEMA_MOST);
}

void source_describe(struct push *push, struct record *record)
{
    const struct push_source *source = &push->source;
    const bool long_schema = source->info.schema && source->info.schema_size > RECORD_SCHEMA_MOST;

    if (long_schema)
        report_long_schema(push);
    record->epoch = push->epochs[0];
    record->generation = source->view.generation;
    record->size = source->view.size;
    record->root = tree_root(&push->tree);
    memcpy(record->type_id, source->info.type_id, sizeof record->type_id);
    record->tag = source->info.tag;
    record->publish_time_ns = source->info.publish_time_ns;
    record->byte_order = native_byte_order();
    record->schema = source->info.schema;
    record->schema_size = source->info.schema && !long_schema ? source->info.schema_size : 0;
    record->schema_hash = hash_schema(record->schema, record->schema_size);
    record->origin = (struct record_origin){
        .pusher = push->pusher,
        .region_id = {source->region_id[0], source->region_id[1]},
        .max_size = source->max_size,
        .max_slots = source->max_slots,
        .max_readers = source->max_readers,
        .pid = (uint32_t)getpid(),
        .started_ns = push->started_ns,
        .host = push->host,
        .path = source->path,
    };
}
