/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/store.h"
#include "relay/stream_problem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 5000 };

static enum store_result unavailable(natsStatus status)
{
    stream_note_problem(status);
    return STORE_UNAVAILABLE;
}

/* ---- One message ---- */

static enum store_result get_last(const struct connection *connection, const char *subject, natsMsg **message)
{
    jsDirectGetMsgOptions which;
    jsOptions options;
    natsStatus status;

    jsDirectGetMsgOptions_Init(&which);
    which.LastBySubject = subject;
    jsOptions_Init(&options);
    options.Wait = ANSWER_MS;
    status = js_DirectGetMsg(message, connection->js, connection->value_stream, &options, &which);
    if (status == NATS_NOT_FOUND)
        return STORE_MISSING;
    return status ? unavailable(status) : STORE_OK;
}

static enum store_result copy_data(natsMsg *message, struct buffer *out)
{
    const size_t size = (size_t)natsMsg_GetDataLength(message);

    if (!buffer_reserve(out, size > 0 ? size : 1))
        return STORE_NO_MEMORY;
    if (size > 0)
        memcpy(out->data, natsMsg_GetData(message), size);
    out->size = size;
    return STORE_OK;
}

static enum store_result from_record(enum record_result result)
{
    switch (result) {
    case RECORD_OK: return STORE_OK;
    case RECORD_NEWER: return STORE_NEWER;
    case RECORD_NO_MEMORY: return STORE_NO_MEMORY;
    case RECORD_DAMAGED: break;
    }
    return STORE_DAMAGED;
}

static enum store_result get_sequence(natsMsg *message, uint64_t *out)
{
    const char *text;

    if (natsMsgHeader_Get(message, JSSequence, &text))
        return STORE_DAMAGED;
    *out = strtoull(text, NULL, 10);
    return STORE_OK;
}

enum store_result store_get_head(const struct connection *connection, struct codec *codec, struct buffer *message,
                                 struct record *head, uint64_t *sequence)
{
    natsMsg *found = NULL;
    enum store_result result = get_last(connection, connection->head_subject, &found);

    if (!result && sequence)
        result = get_sequence(found, sequence);
    if (!result)
        result = copy_data(found, message);
    if (!result)
        result = from_record(record_decode(message->data, message->size, codec, head));
    if (!result && head->kind != RECORD_HEAD)
        result = STORE_DAMAGED;
    natsMsg_Destroy(found);
    return result;
}

/* ---- A chunk ---- */

static enum store_result get_header(natsMsg *message, struct chunk_header *header)
{
    const char *text;

    if (natsMsgHeader_Get(message, CHUNK_HEADER, &text))
        return STORE_DAMAGED;
    return from_record(chunk_header_parse(text, header));
}

/* A chunk of 512 KiB is worth a look at how often it is copied: not once here. */
static enum store_result get_bytes(struct fetched_chunk *fetched, struct codec *codec, struct buffer *unpacked)
{
    const struct chunk_header *header = &fetched->stored.header;
    const char *data = natsMsg_GetData(fetched->message);
    const size_t size = (size_t)natsMsg_GetDataLength(fetched->message);

    if (!header->packed) {
        fetched->bytes = (const unsigned char *)data;
        return size == header->length ? STORE_OK : STORE_DAMAGED;
    }
    if (!buffer_reserve(unpacked, (size_t)CHUNK_SIZE))
        return STORE_NO_MEMORY;
    fetched->bytes = unpacked->data;
    return codec_unpack(codec, data, size, unpacked->data, header->length) ? STORE_OK : STORE_DAMAGED;
}

enum store_result store_get_chunk(const struct connection *connection, struct ahead *ahead, uint64_t chunk,
                                  struct codec *codec, struct buffer *unpacked, struct fetched_chunk *out)
{
    char subject[CHUNK_SUBJECT_SIZE];
    enum store_result result = STORE_OK;

    *out = (struct fetched_chunk){.stored.chunk = chunk, .message = ahead ? ahead_take(ahead, chunk, ANSWER_MS) : NULL};
    subject_of_chunk(connection, chunk, subject);
    if (!out->message)
        result = get_last(connection, subject, &out->message);
    if (!result)
        result = get_sequence(out->message, &out->stored.sequence);
    if (!result)
        result = get_header(out->message, &out->stored.header);
    return result ? result : get_bytes(out, codec, unpacked);
}

void store_free_chunk(struct fetched_chunk *fetched)
{
    natsMsg_Destroy(fetched->message);
    *fetched = (struct fetched_chunk){.message = NULL};
}

/* ---- All headers ---- */

struct listing {
    const struct connection *connection;
    uint64_t until;
    uint64_t last; /* of the stream, when it was subscribed: no message of it is behind that */
    store_visitor *visit;
    void *context;
    bool ended;
};

static enum store_result visit_chunk(struct listing *listing, natsMsg *message, uint64_t sequence)
{
    struct stored_chunk stored = {.sequence = sequence};
    enum store_result result;

    if (!chunk_of_subject(listing->connection, natsMsg_GetSubject(message), &stored.chunk))
        return STORE_OK; /* of somebody else, or the head */
    result = get_header(message, &stored.header);
    if (result && result != STORE_DAMAGED)
        return result;
    return listing->visit(listing->context, &stored, result == STORE_DAMAGED) ? STORE_OK : STORE_STOPPED;
}

static enum store_result take(struct listing *listing, natsMsg *message)
{
    jsMsgMetaData *meta = NULL;
    enum store_result result = STORE_OK;
    natsStatus status = natsMsg_GetMetaData(&meta, message);

    if (status)
        return unavailable(status);
    result = visit_chunk(listing, message, meta->Sequence.Stream);
    listing->ended =
        meta->Sequence.Stream >= listing->last || (meta->NumPending == 0 && meta->Sequence.Stream >= listing->until);
    jsMsgMetaData_Destroy(meta);
    return result;
}

/* All of the value stream, without bytes. */
static natsStatus subscribe(const struct connection *connection, natsSubscription **out, bool *empty)
{
    char subject[CHUNK_SUBJECT_SIZE];
    jsSubOptions options;
    jsConsumerInfo *info = NULL;
    natsStatus status;

    snprintf(subject, sizeof subject, "mmsync.%s.>", connection->name);
    jsSubOptions_Init(&options);
    options.Stream = connection->value_stream;
    options.Ordered = true;
    options.Config.DeliverPolicy = js_DeliverAll;
    options.Config.HeadersOnly = true;
    status = js_SubscribeSync(out, connection->js, subject, NULL, &options, NULL);
    if (!status)
        status = natsSubscription_SetPendingLimits(*out, -1, -1);
    if (!status)
        status = natsSubscription_GetConsumerInfo(&info, *out, NULL, NULL);
    if (!status)
        *empty = info->NumPending == 0 && info->Delivered.Consumer == 0;
    jsConsumerInfo_Destroy(info);
    return status;
}

enum store_result store_list(const struct connection *connection, uint64_t until, store_visitor *visit, void *context)
{
    struct listing listing = {.connection = connection, .until = until, .visit = visit, .context = context};
    natsSubscription *subscription = NULL;
    enum store_result result = STORE_OK;
    struct stream_state state;
    bool empty = false;
    natsStatus status;

    if (stream_look(connection, VALUE_STREAM, &state) != STREAM_OK)
        return STORE_UNAVAILABLE;
    listing.last = state.last;
    status = subscribe(connection, &subscription, &empty);
    listing.ended = empty && until == 0;
    while (!status && !result && !listing.ended) {
        natsMsg *message = NULL;

        status = natsSubscription_NextMsg(&message, subscription, ANSWER_MS);
        if (!status)
            result = take(&listing, message);
        natsMsg_Destroy(message);
    }
    natsSubscription_Destroy(subscription);
    return status ? unavailable(status) : result;
}
