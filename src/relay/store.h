/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the value stream: the head, the chunks' headers, chunks. Each call waits some seconds for
   the server at most. */
#ifndef MMS_RELAY_STORE_H
#define MMS_RELAY_STORE_H

#include "relay/ahead.h"
#include "relay/chunk.h"
#include "relay/connection.h"
#include "relay/record.h"

enum store_result {
    STORE_OK,
    STORE_MISSING,     /* never stored */
    STORE_DAMAGED,     /* nothing that this version makes: as good as missing */
    STORE_NEWER,       /* made by a newer mmsync */
    STORE_UNAVAILABLE, /* the server does not answer, or not now: stream_problem() says why */
    STORE_STOPPED,     /* the visitor did not go on */
    STORE_NO_MEMORY,
};

/* A chunk's message. */
struct stored_chunk {
    uint64_t chunk;
    uint64_t sequence; /* in the value stream */
    struct chunk_header header;
};

/* Called for each chunk that is stored, in the order of their sequences; a chunk that is stored anew
   meanwhile may come twice. `damaged`: only chunk and sequence are known. False: stop. */
typedef bool store_visitor(void *context, const struct stored_chunk *stored, bool damaged);

/* Go through the headers of all chunks, without their bytes, from a state of the stream that has
   `until` in it, the sequence of a message that is still there (the head's), or 0. */
enum store_result store_list(const struct connection *connection, uint64_t until, store_visitor *visit, void *context);

/* A chunk with its bytes. */
struct fetched_chunk {
    struct stored_chunk stored;
    const unsigned char *bytes; /* stored.header.length of them, not yet compared with its leaves */
    natsMsg *message;           /* where they are, unless they came packed */
};

/* Chunk number `chunk`. `ahead`, which may be NULL: what was asked for already. `unpacked` holds bytes
   that came packed. store_free_chunk in any case. */
enum store_result store_get_chunk(const struct connection *connection, struct ahead *ahead, uint64_t chunk,
                                  struct codec *codec, struct buffer *unpacked, struct fetched_chunk *out);
void store_free_chunk(struct fetched_chunk *fetched);

/* The head. `message` holds what `head` points to; `sequence`, which may be NULL, is its place in the
   value stream. */
enum store_result store_get_head(const struct connection *connection, struct codec *codec, struct buffer *message,
                                 struct record *head, uint64_t *sequence);

#endif
