/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the log from a sequence on, over reconnects, lost messages and servers that start again:
   each message once, in order, and nothing is left out that the stream still has. */
#ifndef MMS_RELAY_LOG_READER_H
#define MMS_RELAY_LOG_READER_H

#include "relay/connection.h"

enum log_result {
    LOG_MESSAGE,
    LOG_QUIET,       /* nothing new in that time */
    LOG_LOST,        /* the stream ends before the sequence that was wanted, or has lost its last messages */
    LOG_MISSING,     /* there is no such stream */
    LOG_UNAVAILABLE, /* the server does not answer, or not now: stream_problem() says why */
    LOG_REFUSED,     /* has been reported */
};

/* Zeros, with `connection`; then log_seek. */
struct log_reader {
    const struct connection *connection;
    natsSubscription *subscription;
    uint64_t next;    /* the sequence that comes next, if the stream has it */
    uint64_t pending; /* messages behind the last one, as the server counted when it sent that */
    bool fresh;       /* nothing was received since it was subscribed */
    uint64_t reconnects;
    uint64_t asked_ns, patience_ns; /* when the stream was looked at, and for how long that holds */
};

/* Go on from there; nothing is sent before log_next. */
void log_seek(struct log_reader *log, uint64_t sequence);

/* Wait for the next message. *message is the caller's, to destroy; its sequence is log->next - 1.
   Whatever lies between it and the one before is no longer in the stream. */
enum log_result log_next(struct log_reader *log, int64_t timeout_ms, natsMsg **message);

void log_close(struct log_reader *log);

#endif
