/* SPDX-License-Identifier: Apache-2.0 */
/* Appending to a stream that nobody else may have appended to: each message names the sequence that
   it expects before it, so that of two pushers one is refused. Many are in flight at a time; their
   number is bounded, and their bytes follow what the network carries in about a second: what waits
   in its buffers would delay pings, until the server counts as gone. */
#ifndef MMS_RELAY_APPEND_H
#define MMS_RELAY_APPEND_H

#include "relay/connection.h"
#include <pthread.h>

enum { IN_FLIGHT_MOST = 64 };

enum append_result {
    APPEND_OK,
    APPEND_REFUSED, /* somebody else has appended, or the stream is not what it was */
    APPEND_FULL,    /* the server has no room */
    APPEND_UNKNOWN, /* whether it was stored is not known */
};

/* A message that is not acknowledged yet. */
struct in_flight {
    natsMsg *message; /* NULL: the place is free */
    uint64_t sent_ns;
};

struct appender {
    const struct connection *connection;
    jsCtx *js;
    const char *stream;
    uint64_t next;           /* the sequence that the next message will have */
    uint64_t bytes;          /* sent so far, in both streams */
    uint64_t interrupted_ns; /* when a signal was noticed; 0: none was */
    uint64_t reconnects;     /* of the connection, when the stream was chosen */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock. */
    struct in_flight waiting[IN_FLIGHT_MOST]; /* for an answer; what was given up is in there no more */
    unsigned in_flight;
    size_t bytes_in_flight, window; /* how many of them may be */
    enum append_result result;      /* the first failure since append_begin */
    char problem[256];
};

/* An exit status; anything but EXIT_OK has been reported. */
int appender_open(struct appender *appender, const struct connection *connection);
void appender_close(struct appender *appender);
/* After appender_close, once the connection was opened anew: append_begin comes next. */
int appender_reopen(struct appender *appender);

/* What follows goes to this stream, whose last message is `last`. What is still in flight, after a
   failure, is given up: its sequences belong to a state of the stream that is over. */
void append_begin(struct appender *appender, enum stream_kind kind, uint64_t last);

/* Sends it, and waits only if there is too much in flight. `chunk_header`: NULL for none. Returns
   the first failure since append_begin, of whatever message; nothing is sent after one. */
enum append_result append(struct appender *appender, const char *subject, const char *chunk_header, const void *data,
                          size_t size);

/* Waits until all of them are stored. */
enum append_result append_finish(struct appender *appender);

/* The sequence of the last message that was sent. */
static inline uint64_t append_last(const struct appender *appender)
{
    return appender->next - 1;
}

#endif
