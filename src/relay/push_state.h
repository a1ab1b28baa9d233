/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `mmsync push` share. docs/design.md, "The fleet", says why it is right.

   A call that returns an enum push_result has said why it failed only where that says so; for the
   others push_problem() has the reason. */
#ifndef MMS_RELAY_PUSH_STATE_H
#define MMS_RELAY_PUSH_STATE_H

#include "relay/append.h"
#include "relay/connection.h"
#include "relay/dirty.h"
#include "relay/ranges.h"
#include "relay/record.h"
#include "relay/tree.h"
#include <mmsync.h>
#include <stdatomic.h>

enum push_result {
    PUSH_OK,
    PUSH_AGAIN,      /* the server is away, full, or has lost something: start over after a while */
    PUSH_REFUSED,    /* somebody else has appended, or the streams are others: look who it is */
    PUSH_TAKEN_OVER, /* by another pusher; reported */
    PUSH_EMPTY,      /* the region has no value yet */
    PUSH_GONE,       /* the region was removed */
    PUSH_STOPPED,    /* a signal */
    PUSH_FAILED,     /* for good; reported */
};

enum { EXIT_TAKEN_OVER = 3, OWN_EPOCHS = 8, HOST_SIZE = 256 };

/* Of the region: what is held, and what is known of it. */
struct push_source {
    const char *path;
    mms_region_options options;
    mms_region *region;
    mms_reader *reader;
    mms_view view; /* data NULL: none is held */
    mms_view_info info;
    uint64_t region_id[2];
    uint64_t max_size;
    uint32_t max_slots, max_readers;
    size_t long_schema; /* of the last one that was too long to travel, and said to be */
};

/* Told on standard output, push_report.c. */
struct push_report {
    bool terminal;
    uint64_t next_ns;                /* no line before that */
    uint64_t pushes, changed, bytes; /* since the last line */
    enum push_result waiting;        /* that it waits has been said, and what for; PUSH_OK: it does not */
};

struct push {
    const char *name, *url;
    bool once, take_over;
    struct connection_options connection_options;
    struct stream_options stream_options;
    uint64_t log_most; /* 0: chosen by the size */
    struct push_source source;
    struct connection connection;
    struct appender appender;
    natsSubscription *questions; /* of other pushers, whether this one is alive */
    atomic_bool rival_heard;
    atomic_bool has_begun;    /* once; for others */
    atomic_bool again_asked;  /* a follower cannot make the value of what is at the server */
    atomic_bool look_asked;   /* a follower finds nothing at the server */
    _Atomic uint64_t damaged; /* and the bytes of this chunk there are damaged, and 1 more; 0: none are */
    uint64_t again_ns;        /* when that was last heeded */
    struct {
        uint64_t next_ns,
            reconnects; /* when to look whether the server still has it, and of which connection it does */
    } look;
    struct push_report report;
    /* Who this is. */
    uint64_t pusher, started_ns;
    char host[HOST_SIZE];
    uint64_t epochs[OWN_EPOCHS]; /* the newest first */
    /* What the server has: the value of generation `pushed`, if `begun`. */
    bool begun;
    uint64_t pushed;
    uint64_t schema_hash;
    uint64_t log_last, value_last;    /* sequences */
    uint64_t value_least;             /* messages of the value stream: the chunks that it began with, and the head */
    uint64_t log_bytes;               /* appended since the beginning of this epoch */
    struct log_place from, from_last; /* of the head, and of the one before */
    bool replicated;                  /* the log is kept by several servers */
    struct log_place base;            /* the newest */
    struct log_place last_whole;      /* where the newest complete generation begins */
    struct dirty dirty;
    struct tree tree; /* of generation `tree_of` */
    uint64_t tree_of;
    /* Kept from one use to the next. */
    struct hash *old_leaves;
    size_t old_capacity;
    struct range_list ranges, part;
    struct codec codec;
    struct buffer message;
};

/* ---- push_source.c ---- */

/* Open the region; PUSH_GONE while there is none. */
enum push_result source_open(struct push *push);
void source_close(struct push *push);
/* Hold the newest value; PUSH_EMPTY. */
enum push_result source_hold(struct push *push);
void source_release(struct push *push);
/* Wait until there is a generation other than `seen`: PUSH_OK; PUSH_AGAIN after `ms`, or sooner. */
enum push_result source_wait(struct push *push, uint64_t seen, int ms);
/* Bring the tree to the value that is held, and say in push->ranges what differs from the
   generation that the tree was of. */
enum push_result source_compare(struct push *push);
/* Fill in what a record says of the value that is held. */
void source_describe(struct push *push, struct record *record);

/* ---- push_begin.c ---- */

/* Make the chunk store hold the value that is held, and say so in the log: a new epoch. */
enum push_result push_begin(struct push *push);
/* The chunk store holds the value that is held: say so in the log, so that what is before it is no
   longer needed. */
enum push_result push_base(struct push *push);
/* Now and then, when nothing is in flight: whether the server still has what it had; PUSH_REFUSED if not. */
enum push_result push_look(struct push *push);
/* Who was faster, after PUSH_REFUSED: PUSH_AGAIN if nobody was. */
enum push_result push_find_rival(struct push *push);

/* ---- push_change.c ---- */

/* Append the generation that is held as the change since the last one. */
enum push_result push_change(struct push *push);

/* ---- push_store.c ---- */

/* Store the chunk as it is in the value that is held. Does not wait. */
enum push_result store_chunk(struct push *push, uint64_t chunk);
/* Store the oldest dirty chunks until the log from the oldest one on is short enough, move the head,
   and throw away what nobody needs any more. */
enum push_result store_refresh(struct push *push);
/* When nothing else goes on: a few chunks more, if that makes a cold start cheaper. */
enum push_result store_refresh_idle(struct push *push);
/* Rewrite the head: followers begin there. */
enum push_result store_put_head(struct push *push, struct log_place from);
/* Throw away what comes before that sequence of the log. nats-server 2.9 with replicas: one that is
   killed may lose all that there was when this was called, so do it just before a base there. */
void store_throw_away(struct push *push, uint64_t sequence);

/* ---- push_peer.c ---- */

/* Whether another pusher of the name is alive: PUSH_OK if there is none; reported otherwise. */
enum push_result peer_ask(struct push *push);
/* Answer from now on, when others ask that. */
enum push_result peer_listen(struct push *push);
/* The same question while this one is listening too. Waits a second, and finds the one that goes on
   before all others; id 0 if there is none. */
enum { RANK_BEGUN = 1, RANK_TAKE_OVER = 2, PEER_TEXT_SIZE = 512 };
struct peer {
    uint64_t id;
    int rank;
    char text[PEER_TEXT_SIZE]; /* who it is, for messages */
};
void peer_find_first(struct push *push, struct peer *out);
/* Of the two that one goes on, if neither has what the other has not. */
bool peer_is_before(const struct push *push, const struct peer *peer);
/* Tell a pusher that is alive and has nothing to append that this one has begun. */
void peer_announce(struct push *push);

/* ---- push_report.c ---- */

void report_begin(struct push *push);
void report_base(struct push *push, uint64_t chunks, uint64_t bytes);
void report_push(struct push *push, uint64_t changed, uint64_t bytes);
/* What was held back; `now`: even if the last line was printed only just now. */
void report_flush(struct push *push, bool now);
/* It cannot go on for now. Once for each kind of reason, until report_again. */
void report_waiting(struct push *push, enum push_result result);
void report_again(struct push *push);

/* ---- push.c ---- */

/* Note why; returns the result. */
enum push_result push_fail(struct push *push, enum push_result result, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *push_problem(void);
enum push_result push_from_append(struct push *push, enum append_result result);

#endif
