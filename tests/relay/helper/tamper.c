/* SPDX-License-Identifier: Apache-2.0 */
/* tamper URL NAME ACTION...: do to the log of NAME what only a broken server, or somebody with bad intentions, would do.

     list                one line for each message: SEQUENCE base|change|damaged GENERATION PART last|-
     delete SEQUENCE     lose a message
     append SEQUENCE     append a copy of a message
     garbage             append what is no record
     newer               append a record of a version that is still to come
     foreign log|head    say that the value is a typed one of a machine of another byte order, there
     drop                delete both streams
     chunk CHUNK         lose a chunk of the store
     spoil CHUNK         flip a bit of a chunk there, below a header that is as it was */
#include "relay/bytes.h"
#include "relay/chunk.h"
#include "relay/connection.h"
#include "relay/record.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static struct connection connection;

static int fail_nats(const char *what)
{
    fprintf(stderr, "tamper: %s: %s\n", what, nats_GetLastError(NULL));
    return 1;
}

static natsMsg *get(uint64_t sequence)
{
    jsDirectGetMsgOptions which;
    natsMsg *message = NULL;

    jsDirectGetMsgOptions_Init(&which);
    which.Sequence = sequence;
    js_DirectGetMsg(&message, connection.js, connection.log_stream, NULL, &which);
    return message;
}

static int append(const void *data, int size)
{
    return js_Publish(NULL, connection.js, connection.log_subject, data, size, NULL, NULL) ? fail_nats("appending") : 0;
}

static void print(uint64_t sequence, natsMsg *message, struct codec *codec)
{
    static const char *const kinds[] = {"?", "base", "change", "head"};
    struct record record = {.part = 0};
    bool sound =
        record_decode(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), codec, &record) == RECORD_OK;

    printf("%" PRIu64 " %s %" PRIu64 " %u %s\n", sequence, sound ? kinds[record.kind] : "damaged", record.generation,
           record.part, record.flags & RECORD_LAST ? "last" : "-");
}

static int list(void)
{
    struct stream_state state;
    struct codec codec = {.unpacked_run = 0};

    if (stream_look(&connection, LOG_STREAM, &state) != STREAM_OK)
        return fail_nats("looking at the log");
    for (uint64_t sequence = state.first; sequence <= state.last; sequence++) {
        natsMsg *message = get(sequence);

        if (message)
            print(sequence, message, &codec);
        natsMsg_Destroy(message);
    }
    codec_free(&codec);
    return 0;
}

static int append_copy(uint64_t sequence)
{
    natsMsg *message = get(sequence);
    int status;

    if (!message)
        return fail_nats("getting the message");
    status = append(natsMsg_GetData(message), natsMsg_GetDataLength(message));
    natsMsg_Destroy(message);
    return status;
}

/* The version comes behind the magic number, 2 bytes; the checksum at the end. */
static int append_newer(void)
{
    struct record base = {.kind = RECORD_BASE, .flags = RECORD_LAST, .byte_order = native_byte_order()};
    struct codec codec = {.unpacked_run = 0};
    struct buffer message = {.data = NULL};
    int status;

    if (!record_encode(&base, NULL, &codec, &message))
        return 1;
    put16(message.data + 4, RECORD_VERSION + 1);
    put64(message.data + message.size - 8, XXH3_64bits(message.data, message.size - 8));
    status = append(message.data, (int)message.size);
    free(message.data);
    codec_free(&codec);
    return status;
}

static int say_foreign(bool in_head)
{
    struct record record = {
        .kind = in_head ? RECORD_HEAD : RECORD_BASE,
        .flags = RECORD_LAST,
        .epoch = 1,
        .generation = 1,
        .sequence = 1,
        .type_id = {1, 1},
        .byte_order = native_byte_order() == RECORD_LITTLE ? RECORD_BIG : RECORD_LITTLE,
    };
    const char *subject = in_head ? connection.head_subject : connection.log_subject;
    struct codec codec = {.unpacked_run = 0};
    struct buffer message = {.data = NULL};

    if (!record_encode(&record, NULL, &codec, &message))
        return 1;
    if (js_Publish(NULL, connection.js, subject, message.data, (int)message.size, NULL, NULL))
        return fail_nats("publishing");
    free(message.data);
    codec_free(&codec);
    return 0;
}

static int drop(void)
{
    if (js_DeleteStream(connection.js, connection.log_stream, NULL, NULL) ||
        js_DeleteStream(connection.js, connection.value_stream, NULL, NULL))
        return fail_nats("deleting the streams");
    return 0;
}

static int lose_chunk(uint64_t chunk)
{
    char subject[CHUNK_SUBJECT_SIZE];
    jsOptions options;

    subject_of_chunk(&connection, chunk, subject);
    jsOptions_Init(&options);
    options.Stream.Purge.Subject = subject;
    return js_PurgeStream(connection.js, connection.value_stream, &options, NULL) ? fail_nats("purging") : 0;
}

static int spoil_chunk(uint64_t chunk)
{
    char subject[CHUNK_SUBJECT_SIZE], *bytes;
    const char *header = NULL;
    natsMsg *found = NULL, *spoilt = NULL;
    int size;

    subject_of_chunk(&connection, chunk, subject);
    if (js_GetLastMsg(&found, connection.js, connection.value_stream, subject, NULL, NULL) ||
        natsMsgHeader_Get(found, CHUNK_HEADER, &header))
        return fail_nats("getting the chunk");
    size = natsMsg_GetDataLength(found);
    bytes = malloc((size_t)size);
    memcpy(bytes, natsMsg_GetData(found), (size_t)size);
    bytes[size / 2] ^= 1;
    if (natsMsg_Create(&spoilt, subject, NULL, bytes, size) || natsMsgHeader_Set(spoilt, CHUNK_HEADER, header) ||
        js_PublishMsg(NULL, connection.js, spoilt, NULL, NULL))
        return fail_nats("storing the chunk");
    natsMsg_Destroy(found);
    natsMsg_Destroy(spoilt);
    free(bytes);
    return 0;
}

static int act(const char *action, const char *operand)
{
    const uint64_t number = strtoull(operand, NULL, 10);

    if (!strcmp(action, "list"))
        return list();
    if (!strcmp(action, "delete"))
        return js_DeleteMsg(connection.js, connection.log_stream, number, NULL, NULL) ? fail_nats("deleting") : 0;
    if (!strcmp(action, "append"))
        return append_copy(number);
    if (!strcmp(action, "garbage"))
        return append("no record", 9);
    if (!strcmp(action, "newer"))
        return append_newer();
    if (!strcmp(action, "foreign"))
        return say_foreign(!strcmp(operand, "head"));
    if (!strcmp(action, "drop"))
        return drop();
    if (!strcmp(action, "chunk"))
        return lose_chunk(number);
    if (!strcmp(action, "spoil"))
        return spoil_chunk(number);
    return 2;
}

int main(int argc, char **argv)
{
    struct connection_options options;
    int status;

    if (argc < 4)
        return 2;
    connection_options_init(&options);
    if (connection_open(&connection, &options, argv[1], argv[2]))
        return 1;
    status = act(argv[3], argc > 4 ? argv[4] : "");
    connection_close(&connection);
    return status;
}
