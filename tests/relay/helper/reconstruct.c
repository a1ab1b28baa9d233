/* SPDX-License-Identifier: Apache-2.0 */
/* reconstruct URL NAME FILE: what a new follower makes of the streams of NAME, as straight as the
   design says it: all chunks, then the log from the head on. Each generation that it can know as a
   whole must have the root that its record says. FILE gets the value of the newest; printed are its
   generation, its tag and its schema's size, and how many generations were compared. */
#include "relay/connection.h"
#include "relay/store.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct connection connection;
static struct codec codec;

static struct {
    struct stored_chunk *chunks;
    size_t chunk_count;
    unsigned char *value;
    uint64_t room, size;
    uint64_t epoch, generation, newest_chunk;
    uint64_t tag, schema_hash;
    size_t schema_size;
    unsigned compared;
} state;

_Noreturn static void die(const char *what, uint64_t number)
{
    printf("reconstruct: %s (%" PRIu64 ")\n", what, number);
    exit(1);
}

static void make_room(uint64_t size)
{
    if (size <= state.room)
        return;
    state.value = realloc(state.value, (size_t)size);
    if (!state.value)
        die("no memory", size);
    memset(state.value + state.room, 0, (size_t)(size - state.room));
    state.room = size;
}

static bool add_chunk(void *context, const struct stored_chunk *stored, bool damaged)
{
    (void)context;
    if (damaged)
        die("a damaged header of chunk", stored->chunk);
    if (stored->chunk >= state.chunk_count) {
        state.chunks = realloc(state.chunks, (size_t)(stored->chunk + 1) * sizeof *state.chunks);
        memset(state.chunks + state.chunk_count, 0,
               (size_t)(stored->chunk + 1 - state.chunk_count) * sizeof *state.chunks);
        state.chunk_count = (size_t)stored->chunk + 1;
    }
    state.chunks[stored->chunk] = *stored;
    return true;
}

static void fetch_chunks(void)
{
    struct buffer bytes = {.data = NULL};

    if (store_list(&connection, 0, add_chunk, NULL))
        die("the list of chunks", 0);
    for (uint64_t chunk = 0; chunk < state.chunk_count; chunk++) {
        struct fetched_chunk fetched;

        if (store_get_chunk(&connection, NULL, chunk, &codec, &bytes, &fetched) ||
            !chunk_is_sound(&fetched.stored.header, fetched.bytes))
            die("chunk", chunk);
        state.chunks[chunk] = fetched.stored;
        make_room(chunk * CHUNK_SIZE + fetched.stored.header.length);
        if (fetched.stored.header.length > 0)
            memcpy(state.value + chunk * CHUNK_SIZE, fetched.bytes, fetched.stored.header.length);
        store_free_chunk(&fetched);
    }
    free(bytes.data);
}

/* The generation that the chunk's bytes are as of, in the epoch; 0: older than all of it. */
static uint64_t chunk_generation(uint64_t chunk)
{
    if (chunk >= state.chunk_count || state.chunks[chunk].header.epoch != state.epoch)
        return 0;
    return state.chunks[chunk].header.generation;
}

static void find_newest_chunk(void)
{
    state.newest_chunk = 0;
    for (uint64_t chunk = 0; chunk < state.chunk_count; chunk++)
        if (chunk_generation(chunk) > state.newest_chunk)
            state.newest_chunk = chunk_generation(chunk);
}

static void apply_range(const struct record *record, const mms_range *range, const unsigned char *bytes)
{
    make_room(record->size);
    for (uint64_t at = range->offset; at < range->offset + range->length;) {
        const uint64_t chunk = at / CHUNK_SIZE, rest = range->offset + range->length - at;
        const uint64_t left = (chunk + 1) * CHUNK_SIZE - at, length = rest < left ? rest : left;

        if (record->generation > chunk_generation(chunk))
            memcpy(state.value + at, bytes + (at - range->offset), (size_t)length);
        at += length;
    }
}

static void finish_generation(const struct record *record)
{
    struct tree tree = {.size = 0};
    struct hash root;

    state.generation = record->generation;
    state.size = record->size;
    state.tag = record->tag;
    state.schema_hash = record->schema_hash;
    if (record->flags & RECORD_SCHEMA)
        state.schema_size = record->schema_size;
    if (record->generation < state.newest_chunk)
        return;
    tree_mark_all(&tree);
    make_room(record->size);
    if (tree_update(&tree, state.value, record->size))
        die("no memory", record->size);
    root = tree_root(&tree);
    if (!hash_equal(&root, &record->root))
        die("another root in generation", record->generation);
    state.compared++;
    tree_free(&tree);
}

static void apply(const struct record *record)
{
    const unsigned char *bytes = record->bytes;

    if (record->kind == RECORD_BASE) {
        state.epoch = record->epoch;
        find_newest_chunk();
    } else if (record->epoch != state.epoch) {
        die("a record of an epoch without a base", record->epoch);
    } else if (state.generation && (record->since > state.generation || record->generation <= state.generation)) {
        die("a gap before generation", record->generation);
    }
    for (size_t i = 0; i < record->range_count; i++) {
        apply_range(record, &record->ranges[i], bytes);
        bytes += record->ranges[i].length;
    }
    if (record->flags & RECORD_LAST)
        finish_generation(record);
}

static void replay(uint64_t from)
{
    struct stream_state log;

    if (stream_look(&connection, LOG_STREAM, &log))
        die("the log", 0);
    if (from < log.first || from > log.last)
        die("the head leads out of the log, to", from);
    for (uint64_t sequence = from; sequence <= log.last; sequence++) {
        natsMsg *message = NULL;
        struct record record;

        if (js_GetMsg(&message, connection.js, connection.log_stream, sequence, NULL, NULL))
            die("no message", sequence);
        if (record_decode(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), &codec, &record))
            die("a damaged record", sequence);
        apply(&record);
        natsMsg_Destroy(message);
    }
}

int main(int argc, char **argv)
{
    struct connection_options options = {.user = NULL};
    struct buffer message = {.data = NULL};
    struct record head;
    FILE *out;

    if (argc != 4 || connection_open(&connection, &options, argv[1], argv[2]))
        return 1;
    if (store_get_head(&connection, &codec, &message, &head, NULL) || head.sequence == 0)
        die("no head", 0);
    state.epoch = head.epoch;
    state.schema_size = head.schema_size;
    fetch_chunks();
    find_newest_chunk();
    replay(head.sequence);
    out = fopen(argv[3], "we");
    if (!out || fwrite(state.value, 1, (size_t)state.size, out) != state.size || fclose(out) != 0)
        die("the file", state.size);
    printf("generation=%" PRIu64 " tag=%" PRIu64 " schema=%zu compared=%u\n", state.generation, state.tag,
           state.schema_hash ? state.schema_size : 0, state.compared);
    free(message.data);
    free(state.value);
    free(state.chunks);
    codec_free(&codec);
    connection_close(&connection);
    nats_Close();
    return state.compared > 0 ? 0 : 1;
}
