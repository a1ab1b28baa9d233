/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/chunk.h"
#include "relay/push_state.h"
#include <string.h>

enum {
    LOG_LEAST = 64 << 20, /* how long a log may be from the oldest dirty chunk on, for any value */
    HEAD_STEPS = 8,       /* the head is rewritten when it has moved by such a part of that */
    REPLICATED_LOGS = 4,  /* a replicated log is thrown away when it has so many times that length */
    IDLE_CHUNKS = 8,      /* stored in one go while nothing else goes on, four times a second */
};

static uint64_t log_most(const struct push *push)
{
    if (push->log_most)
        return push->log_most;
    return push->tree.size / 2 > LOG_LEAST ? push->tree.size / 2 : LOG_LEAST;
}

/* ---- Chunks ---- */

enum push_result store_chunk(struct push *push, uint64_t chunk)
{
    const mms_view *view = &push->source.view;
    struct chunk_header header = {
        .epoch = push->epochs[0],
        .generation = view->generation,
        .length = chunk_length(view->size, chunk),
    };
    char text[CHUNK_HEADER_SIZE], subject[CHUNK_SUBJECT_SIZE];
    const unsigned char *bytes = header.length > 0 ? (const unsigned char *)view->data + chunk * CHUNK_SIZE : NULL;
    size_t size = header.length;

    if (header.length > 0)
        memcpy(header.leaves, tree_leaves(&push->tree) + chunk * CHUNK_BLOCKS,
               (size_t)count_blocks(header.length) * sizeof header.leaves[0]);
    header.packed = codec_pack(&push->codec, bytes, header.length);
    if (header.packed) {
        bytes = push->codec.packed.data;
        size = push->codec.packed.size;
    }
    chunk_header_format(&header, text);
    subject_of_chunk(&push->connection, chunk, subject);
    return push_from_append(push, append(&push->appender, subject, text, bytes, size));
}

/* ---- The head ---- */

enum push_result store_put_head(struct push *push, struct log_place from)
{
    struct record head = {.kind = RECORD_HEAD, .flags = RECORD_LAST | RECORD_SCHEMA | RECORD_ORIGIN};
    enum push_result result;

    source_describe(push, &head);
    head.sequence = from.sequence;
    if (!record_encode(&head, NULL, &push->codec, &push->message))
        return push_fail(push, PUSH_FAILED, "out of memory for a message");
    append_begin(&push->appender, VALUE_STREAM, push->value_last);
    result = push_from_append(
        push, append(&push->appender, push->connection.head_subject, NULL, push->message.data, push->message.size));
    if (!result)
        result = push_from_append(push, append_finish(&push->appender));
    if (result)
        return result;
    push->value_last = append_last(&push->appender);
    push->from_last = push->from;
    push->from = from;
    return PUSH_OK;
}

/* Where a follower may begin: the chunks and what comes then are everything. */
static struct log_place replay_from(const struct push *push)
{
    struct log_place oldest;
    size_t chunk;

    if (dirty_oldest(&push->dirty, &chunk, &oldest) && oldest.sequence < push->last_whole.sequence)
        return oldest;
    return push->last_whole;
}

void store_throw_away(struct push *push, uint64_t sequence)
{
    jsOptions options;

    if (sequence <= 1 || sequence > push->log_last)
        return;
    jsOptions_Init(&options);
    options.Stream.Purge.Sequence = sequence;
    /* If it fails, the next one throws away more. */
    (void)js_PurgeStream(push->connection.js, push->connection.log_stream, &options, NULL);
}

static enum push_result put_head_and_throw_away(struct push *push, struct log_place from)
{
    enum push_result result = store_put_head(push, from);

    /* Followers that have read the head before this one may still be at work from there. */
    if (!result && !push->replicated)
        store_throw_away(push, push->from_last.sequence);
    return result;
}

static enum push_result move_head(struct push *push)
{
    const struct log_place from = replay_from(push);

    if (from.bytes - push->from.bytes < log_most(push) / HEAD_STEPS)
        return PUSH_OK;
    return put_head_and_throw_away(push, from);
}

/* ---- Storing anew what has changed ---- */

static enum push_result store_oldest(struct push *push)
{
    struct log_place since;
    size_t chunk;
    enum push_result result;

    if (!dirty_oldest(&push->dirty, &chunk, &since))
        return PUSH_OK;
    result = store_chunk(push, chunk);
    if (!result)
        dirty_remove(&push->dirty, chunk);
    return result;
}

static uint64_t log_since_oldest(const struct push *push)
{
    struct log_place oldest;
    size_t chunk;

    return dirty_oldest(&push->dirty, &chunk, &oldest) ? push->log_bytes - oldest.bytes : 0;
}

/* While `wanted` says so, `most` of them at most. */
static enum push_result store_some(struct push *push, bool (*wanted)(const struct push *push), size_t most)
{
    enum push_result result = PUSH_OK;

    append_begin(&push->appender, VALUE_STREAM, push->value_last);
    for (size_t i = 0; i < most && !result && push->dirty.count > 0 && wanted(push); i++)
        result = store_oldest(push);
    if (!result)
        result = push_from_append(push, append_finish(&push->appender));
    if (!result)
        push->value_last = append_last(&push->appender);
    return result;
}

static bool log_is_long(const struct push *push)
{
    return log_since_oldest(push) > log_most(push);
}

static bool always(const struct push *push)
{
    (void)push;
    return true;
}

/* Whether it is time for a base: then nothing before it is needed. */
static bool wants_base(const struct push *push)
{
    if (push->replicated)
        return push->log_bytes - push->base.bytes > REPLICATED_LOGS * log_most(push);
    /* A generation of many bytes would stay in the log for as long as it is the newest. */
    return push->dirty.count == 0 && push->log_bytes - push->last_whole.bytes > log_most(push);
}

static enum push_result move_base(struct push *push)
{
    enum push_result result = push->dirty.count > 0 ? store_some(push, always, SIZE_MAX) : PUSH_OK;

    if (!result && push->replicated)
        store_throw_away(push, push->from.sequence);
    if (!result)
        result = push_base(push);
    return result ? result : put_head_and_throw_away(push, push->last_whole);
}

enum push_result store_refresh(struct push *push)
{
    enum push_result result = log_is_long(push) ? store_some(push, log_is_long, SIZE_MAX) : PUSH_OK;

    if (!result && wants_base(push))
        return move_base(push);
    return result ? result : move_head(push);
}

static bool log_is_longer_than_chunks(const struct push *push)
{
    return log_since_oldest(push) > push->dirty.count * CHUNK_SIZE;
}

enum push_result store_refresh_idle(struct push *push)
{
    enum push_result result;

    if (push->dirty.count == 0 || !log_is_longer_than_chunks(push))
        return PUSH_OK;
    result = store_some(push, log_is_longer_than_chunks, IDLE_CHUNKS);
    return result ? result : move_head(push);
}
