/* SPDX-License-Identifier: Apache-2.0 */
/* One rebuild (rebuild.c), attempt after attempt. */
#ifndef MMS_RELAY_REBUILD_H
#define MMS_RELAY_REBUILD_H

#include "relay/follower.h"
#include "relay/store.h"

enum { TICK_MS = 100, LISTED_MOST = 64 };

/* How an attempt has ended. */
enum outcome {
    OUTCOME_DONE,
    OUTCOME_RETRY,  /* the store or the log has moved on: again, from the newest head */
    OUTCOME_WAIT,   /* the server, or somebody's value, is not there yet: again, after a pause */
    OUTCOME_LOST,   /* some of the log is missing, and nothing comes */
    OUTCOME_FAILED, /* the root is another */
    OUTCOME_STEP,   /* rebuild.step says how to go on */
};

struct rebuild {
    struct follower *follower;
    enum rebuild_reason reason;
    enum step step;
    /* Where to begin: the head, or a BASE. */
    struct {
        bool is_base;
        struct record record;
        uint64_t from;
        uint64_t sequence; /* chunks of other epochs up to this message of the store are as of the BASE */
        uint64_t base_generation;
    } start;
    /* The target, as it is, is as of a generation of the start's epoch: at first `local`, a
       complete record. Where it was touched since what the store has, it is not fetched. */
    bool trust;
    struct record local;
    uint64_t local_sequence; /* in the log */
    /* For each chunk; `count` of both. Others are as of 0. */
    uint64_t *as_of;
    unsigned char *wanted;
    size_t count;
    uint64_t need;  /* the newest of as_of: a generation below is a mixture */
    uint64_t floor; /* in follower->floor_epoch: one below is older than what was shown, or does not lead on */
    bool future;    /* some chunk is of a pusher that has only begun */
    bool mismatch;  /* of the last generation that was complete */
    bool damaged;   /* the store's chunk `damaged_chunk` has not the bytes that its header promises */
    uint64_t damaged_chunk;
    uint64_t last_size;
    uint64_t listed[LISTED_MOST];
    size_t listed_count;
    uint64_t fetched, bytes;
};

enum outcome go_on_with(struct rebuild *rebuild, enum step step);
enum outcome rebuild_no_memory(struct rebuild *rebuild);
/* For a store that cannot be read; what is missing or damaged is reported in these words. */
enum outcome judge_store(struct rebuild *rebuild, enum store_result result, const char *damaged);

/* Begin with this BASE, at log->next - 1. */
void start_at_base(struct rebuild *rebuild, const struct record *base);
/* As of which generation of the epoch that the attempt begins with a chunk is. False: of another
   pusher, whose BASE is still to come. */
bool find_generation(const struct rebuild *rebuild, const struct stored_chunk *stored, uint64_t *generation);

/* rebuild_store.c: compare the store's chunks with the target's, and fetch what is wanted. */
enum outcome compare_and_fetch(struct rebuild *rebuild);

/* rebuild_log.c: publish this complete generation, if it is what the update holds. OUTCOME_RETRY:
   it is not, or must not be shown. */
enum outcome consider(struct rebuild *rebuild, const struct record *record, uint64_t sequence);
/* Apply the log until a generation can be published. */
enum outcome replay(struct rebuild *rebuild);

#endif
