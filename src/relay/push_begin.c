/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/message.h"
#include "cli/now.h"
#include "relay/push_state.h"
#include "relay/store.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* How often an idle pusher looks at the streams, and how soon again if nobody answers. */
#define LOOK_NS UINT64_C(30000000000)
#define LOOK_AGAIN_NS UINT64_C(1000000000)

/* ---- The fence of the value stream ---- */

static enum push_result from_stream(struct push *push, enum stream_result result)
{
    switch (result) {
    case STREAM_OK: return PUSH_OK;
    case STREAM_REFUSED: return PUSH_FAILED;
    case STREAM_MISSING:
    case STREAM_UNAVAILABLE: break;
    }
    return push_fail(push, PUSH_AGAIN, "%s: %s", push->connection.url, stream_problem());
}

static enum push_result from_store(struct push *push, enum store_result result)
{
    switch (result) {
    case STORE_OK:
    case STORE_MISSING:
    case STORE_DAMAGED: return PUSH_OK;
    case STORE_NEWER:
        return push_fail(push, PUSH_FAILED, "%s: %s was made by a newer mmsync; upgrade this one", push->connection.url,
                         push->connection.value_stream);
    case STORE_STOPPED:
    case STORE_NO_MEMORY: return push_fail(push, PUSH_FAILED, "out of memory for a list of chunks");
    case STORE_UNAVAILABLE: break;
    }
    return push_fail(push, PUSH_AGAIN, "%s: %s", push->connection.url, stream_problem());
}

/* A server that was killed may come back with two messages of one subject, where only the newest is
   to be kept (2.9.10 does). It then drops what is stored next, and has an acknowledgement for it. */
static enum push_result forget(struct push *push, const char *subject)
{
    jsOptions options;
    natsStatus status;

    jsOptions_Init(&options);
    options.Stream.Purge.Subject = subject;
    status = js_PurgeStream(push->connection.js, push->connection.value_stream, &options, NULL);
    if (!status)
        return PUSH_OK;
    return push_fail(push, PUSH_AGAIN, "%s: cannot remove messages of %s: %s", push->connection.url, subject,
                     nats_detail(status));
}

/* Asks the server that leads: others may not have it yet. */
static enum push_result check_fence(struct push *push)
{
    natsMsg *message = NULL;
    natsStatus status = js_GetLastMsg(&message, push->connection.js, push->connection.value_stream,
                                      push->connection.head_subject, NULL, NULL);
    const uint64_t sequence = status ? 0 : natsMsg_GetSequence(message);
    enum push_result result;

    natsMsg_Destroy(message);
    if (sequence == push->value_last)
        return PUSH_OK;
    if (status && status != NATS_NOT_FOUND)
        return push_fail(push, PUSH_AGAIN, "%s: %s", push->connection.url, nats_detail(status));
    result = forget(push, push->connection.head_subject);
    return result ? result
                  : push_fail(push, PUSH_AGAIN, "%s had kept two heads of %s; they are stored anew",
                              push->connection.url, push->name);
}

/* A head that leads nowhere: nothing is there yet. */
static bool encode_empty_head(struct push *push)
{
    const struct record head = {.kind = RECORD_HEAD, .byte_order = native_byte_order()};

    return record_encode(&head, NULL, &push->codec, &push->message);
}

/* Appends the head that is there already. From then on no other pusher can store anything, and
   followers of what it pushed may still go by it. */
static enum push_result put_fence(struct push *push)
{
    struct record head;
    const enum store_result found = store_get_head(&push->connection, &push->codec, &push->message, &head, NULL);
    enum push_result result = from_store(push, found);

    if (result)
        return result;
    if (found != STORE_OK && !encode_empty_head(push))
        return push_fail(push, PUSH_FAILED, "out of memory for a message");
    push->from = push->from_last = (struct log_place){.sequence = found == STORE_OK ? head.sequence : 0, .bytes = 0};
    append_begin(&push->appender, VALUE_STREAM, push->value_last);
    result = push_from_append(
        push, append(&push->appender, push->connection.head_subject, NULL, push->message.data, push->message.size));
    if (!result)
        result = push_from_append(push, append_finish(&push->appender));
    push->value_last = append_last(&push->appender);
    return result ? result : check_fence(push);
}

/* ---- The chunks ---- */

struct comparison {
    struct push *push;
    bool *equal, *seen; /* for each chunk of the value */
    uint64_t chunks;
    struct chunk_list {
        uint64_t *list;
        size_t count, capacity;
    } past, twice; /* chunks past the end that are not empty; chunks of which there are two */
};

static bool note_chunk(struct chunk_list *chunks, uint64_t chunk)
{
    if (chunks->count == chunks->capacity) {
        const size_t capacity = 2 * chunks->capacity + 16;
        uint64_t *list = realloc(chunks->list, capacity * sizeof *list);

        if (!list)
            return false;
        chunks->list = list;
        chunks->capacity = capacity;
    }
    chunks->list[chunks->count++] = chunk;
    return true;
}

static bool compare_chunk(void *context, const struct stored_chunk *stored, bool damaged)
{
    struct comparison *comparison = context;
    const struct push *push = comparison->push;

    if (stored->chunk >= comparison->chunks)
        return (!damaged && stored->header.length == 0) || note_chunk(&comparison->past, stored->chunk);
    if (comparison->seen[stored->chunk] && !note_chunk(&comparison->twice, stored->chunk))
        return false;
    comparison->seen[stored->chunk] = true;
    comparison->equal[stored->chunk] =
        !damaged && chunk_header_equals(&stored->header, chunk_length(push->tree.size, stored->chunk),
                                        tree_leaves(&push->tree) + stored->chunk * CHUNK_BLOCKS);
    return true;
}

/* Nobody stores anything behind the fence but this pusher, so none came twice because it was stored meanwhile. */
static enum push_result forget_twice(struct push *push, const struct comparison *comparison)
{
    enum push_result result = PUSH_OK;

    for (size_t i = 0; i < comparison->twice.count && !result; i++) {
        char subject[CHUNK_SUBJECT_SIZE];

        subject_of_chunk(&push->connection, comparison->twice.list[i], subject);
        result = forget(push, subject);
        comparison->equal[comparison->twice.list[i]] = false;
    }
    return result;
}

static enum push_result store_different(struct push *push, const struct comparison *comparison, uint64_t *stored)
{
    enum push_result result = PUSH_OK;

    append_begin(&push->appender, VALUE_STREAM, push->value_last);
    for (uint64_t chunk = 0; chunk < comparison->chunks && !result; chunk++)
        if (!comparison->equal[chunk]) {
            result = store_chunk(push, chunk);
            ++*stored;
        }
    for (size_t i = 0; i < comparison->past.count && !result; i++)
        result = store_chunk(push, comparison->past.list[i]);
    if (!result)
        result = push_from_append(push, append_finish(&push->appender));
    push->value_last = append_last(&push->appender);
    return result;
}

static enum push_result store_all(struct push *push, uint64_t *stored)
{
    struct comparison comparison = {.push = push, .chunks = count_chunks(push->tree.size)};
    enum push_result result;
    uint64_t damaged; /* and 1 more */

    comparison.equal = calloc((size_t)comparison.chunks + 1, 2 * sizeof *comparison.equal);
    if (!comparison.equal)
        return push_fail(push, PUSH_FAILED, "out of memory for a list of chunks");
    comparison.seen = comparison.equal + comparison.chunks;
    result = from_store(push, store_list(&push->connection, push->value_last, compare_chunk, &comparison));
    if (!result)
        result = forget_twice(push, &comparison);
    damaged = atomic_exchange(&push->damaged, 0);
    if (damaged > 0 && damaged <= comparison.chunks)
        comparison.equal[damaged - 1] = false;
    if (!result)
        result = store_different(push, &comparison, stored);
    free(comparison.equal);
    free(comparison.past.list);
    free(comparison.twice.list);
    return result;
}

/* ---- A new epoch ---- */

enum push_result push_base(struct push *push)
{
    struct record base = {.kind = RECORD_BASE, .flags = RECORD_LAST | RECORD_SCHEMA | RECORD_ORIGIN};
    const struct log_place place = {.sequence = push->log_last + 1, .bytes = push->log_bytes};
    enum push_result result;

    source_describe(push, &base);
    base.sequence = push->value_last;
    if (!record_encode(&base, NULL, &push->codec, &push->message))
        return push_fail(push, PUSH_FAILED, "out of memory for a message");
    append_begin(&push->appender, LOG_STREAM, push->log_last);
    result = push_from_append(
        push, append(&push->appender, push->connection.log_subject, NULL, push->message.data, push->message.size));
    if (!result)
        result = push_from_append(push, append_finish(&push->appender));
    if (result)
        return result;
    push->log_bytes += push->message.size;
    push->log_last = append_last(&push->appender);
    push->base = push->last_whole = place;
    push->pushed = base.generation;
    push->schema_hash = base.schema_hash;
    return PUSH_OK;
}

static void choose_epoch(struct push *push)
{
    memmove(push->epochs + 1, push->epochs, sizeof push->epochs - sizeof push->epochs[0]);
    if (getrandom(&push->epochs[0], sizeof push->epochs[0], 0) != sizeof push->epochs[0])
        push->epochs[0] = push->epochs[1] * 6364136223846793005u + push->pusher;
}

/* The log first: whoever begins after this look is noticed when the base is appended. */
static enum push_result look_at_streams(struct push *push)
{
    struct stream_state log, value;
    enum push_result result = from_stream(push, streams_make(&push->connection, &push->stream_options));

    if (!result)
        result = from_stream(push, stream_look(&push->connection, LOG_STREAM, &log));
    if (!result)
        result = from_stream(push, stream_look(&push->connection, VALUE_STREAM, &value));
    if (result)
        return result;
    push->log_last = log.last;
    push->value_last = value.last;
    push->log_bytes = 0;
    push->replicated = log.replicated;
    return PUSH_OK;
}

/* ---- Whether it is still there ---- */

static void note_look(struct push *push, uint64_t next_ns)
{
    push->look.next_ns = monotonic_ns() + next_ns;
    push->look.reconnects = connection_reconnects(&push->connection);
    atomic_store(&push->look_asked, false);
}

static bool look_is_due(const struct push *push)
{
    return connection_is_up(&push->connection) &&
           (atomic_load(&push->look_asked) || monotonic_ns() >= push->look.next_ns ||
            connection_reconnects(&push->connection) != push->look.reconnects);
}

/* Sequences go on after a purge. */
static bool has_lost(const struct push *push, const struct stream_state *log, const struct stream_state *value)
{
    return log->last != push->log_last || log->first > push->from.sequence || value->last != push->value_last ||
           value->messages < push->value_least;
}

/* A server may come back without what it had, and streams are deleted by hand. The next append would show it, but new
   followers need not wait for that. */
enum push_result push_look(struct push *push)
{
    struct stream_state log = {0}, value = {0};
    enum stream_result result;

    if (!look_is_due(push))
        return PUSH_OK;
    result = stream_look(&push->connection, LOG_STREAM, &log);
    if (result == STREAM_OK)
        result = stream_look(&push->connection, VALUE_STREAM, &value);
    note_look(push, result == STREAM_UNAVAILABLE ? LOOK_AGAIN_NS : LOOK_NS);
    if (result == STREAM_UNAVAILABLE) {
        report_waiting(push, from_stream(push, result));
        return PUSH_OK;
    }
    if (result == STREAM_REFUSED)
        return PUSH_FAILED;
    if (result == STREAM_MISSING || has_lost(push, &log, &value))
        return push_fail(push, PUSH_REFUSED, "%s does not have any more what was pushed as %s", push->connection.url,
                         push->name);
    report_again(push);
    return PUSH_OK;
}

/* ---- Beginning ---- */

enum push_result push_begin(struct push *push)
{
    uint64_t stored = 0;
    const uint64_t sent = push->appender.bytes;
    enum push_result result = source_compare(push);

    push->begun = false;
    if (!result)
        result = look_at_streams(push);
    if (!result)
        result = put_fence(push);
    choose_epoch(push);
    dirty_clear(&push->dirty);
    if (!result && !dirty_resize(&push->dirty, (size_t)count_chunks(push->tree.size)))
        result = push_fail(push, PUSH_FAILED, "out of memory for a list of chunks");
    if (!result)
        result = store_all(push, &stored);
    if (!result) {
        store_throw_away(push, push->from.sequence);
        result = push_base(push);
    }
    if (!result)
        result = store_put_head(push, push->last_whole);
    if (result)
        return result;
    push->begun = true;
    push->value_least = count_chunks(push->tree.size) + 1;
    note_look(push, LOOK_NS);
    atomic_store(&push->again_asked, false); /* whoever still misses something asks again */
    atomic_store(&push->has_begun, true);
    push->connection_options.patient = true; /* the way to JetStream may be cut behind the server, at a leaf node */
    peer_announce(push);
    report_base(push, stored, push->appender.bytes - sent);
    return PUSH_OK;
}

/* ---- Who was faster ---- */

/* The epoch of the newest record in the log; 0 if that cannot be told. */
static uint64_t newest_epoch(struct push *push)
{
    natsMsg *message = NULL;
    struct record record = {.epoch = 0};

    if (!js_GetLastMsg(&message, push->connection.js, push->connection.log_stream, push->connection.log_subject, NULL,
                       NULL))
        (void)record_decode(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), &push->codec, &record);
    natsMsg_Destroy(message);
    return record.epoch;
}

static bool is_own(const struct push *push, uint64_t epoch)
{
    for (size_t i = 0; i < OWN_EPOCHS; i++)
        if (push->epochs[i] == epoch)
            return true;
    return epoch == 0;
}

enum push_result push_find_rival(struct push *push)
{
    struct peer peer;
    bool replaced, ends;

    peer_find_first(push, &peer);
    replaced = push->begun && !is_own(push, newest_epoch(push));
    /* The one whose epoch is the newest ends only if it is told to: of several one must stay. */
    if (push->begun && !replaced)
        ends = peer.rank == RANK_TAKE_OVER;
    else
        ends = replaced || peer_is_before(push, &peer);
    if (!ends)
        return PUSH_AGAIN;
    if (peer.id == 0)
        fail("taken over: another pusher has written to %s, and has ended since", push->name);
    else
        fail("taken over: %s pushes %s now", peer.text, push->name);
    return PUSH_TAKEN_OVER;
}
