/* SPDX-License-Identifier: Apache-2.0 */
/* What `mmsync follow` knows. The files: follow.c runs it, apply.c takes the log's records one by
   one, rebuild.c brings the target up from any state, scrub.c looks for damage, resume.c goes on
   after a restart. */
#ifndef MMS_RELAY_FOLLOWER_H
#define MMS_RELAY_FOLLOWER_H

#include "cli/writer_arguments.h"
#include "relay/follow_state.h"
#include "relay/log_reader.h"
#include "relay/record.h"
#include "relay/target.h"
#include "relay/tree.h"

/* What the source had, and the target has. */
struct position {
    bool known; /* the target's bytes have this root */
    uint64_t epoch, generation, size;
    uint64_t sequence; /* of the record in the log that completed it */
    struct hash root;
    struct record meta; /* type, tag, times; nothing that points somewhere */
};

/* For each chunk of the target the source's last generation that touched it, as known. */
struct chunk_times {
    uint64_t *touched;
    size_t count, capacity;
};

struct follower {
    const char *url, *name, *path;
    struct writer_arguments writing;
    bool once, overwrite, wait;
    uint64_t scrub_rate; /* bytes a second; 0: never */

    struct connection_options connection_options;
    struct connection connection;
    struct target target;
    struct follow_state state;
    struct log_reader log;
    struct codec codec;
    struct buffer chunk, head; /* of the last chunk that came packed; what the head points to */

    struct tree tree;   /* of the newest value, or of the update that is begun, as it was at the last hash_update */
    bool tree_is_ahead; /* it is of that update */
    bool tree_is_stale; /* it is of an update that was given up */
    struct chunk_times times;
    struct position at;
    /* Of one epoch: nothing older is shown any more. */
    uint64_t floor_epoch, floor_generation;
    /* Epochs that were left for later ones, the newest first. Nothing of them is shown any more, wherever it comes from:
       a server that has lost its newest messages, or a mirror that is late. */
    uint64_t past[PAST_EPOCHS];
    /* Of the active epoch: what its BASE said, or zeros. */
    uint64_t base_epoch, base_generation;
    /* The last schema text that has come, for the record that names its hash. */
    char *schema;
    size_t schema_size;
    uint64_t schema_hash;
    struct {
        char host[256], path[RECORD_TEXT_MOST];
        uint64_t region_id[2];
        uint64_t max_size;
        uint32_t max_slots, max_readers;
    } origin;
    /* The generation that is being put together in the target's update. */
    struct {
        bool begun;
        uint64_t generation, since, size, bytes;
        uint32_t parts; /* that have come, from 0 on */
        bool held;      /* all of it has come, and there is no room to show it: the next one goes on from it */
    } building;
    /* There was no room for some generation since the last one that was shown. */
    struct {
        uint64_t retry_ns; /* when to read that one again; 0: not known yet */
        unsigned pause_ms;
    } lack;
    struct {
        uint64_t ns, block, allowance;
    } scrub;
    int status; /* of the program, after STEP_END */
};

/* How to go on. */
enum step {
    STEP_OK,
    STEP_GAP,   /* what comes next does not follow from what the target has: rebuild */
    STEP_AGAIN, /* something is missing that may come: room, a server. Has been reported; pause, and try again */
    STEP_END,   /* with follower->status */
};

/* follow_steps.c: what several files do. */

/* For a call on the target that failed; gives the update up. */
enum step judge_target(struct follower *follower, int code, uint64_t wanted);
enum step out_of_memory(struct follower *follower);
/* For a log, a stream or a store that cannot be read. */
enum step judge_log(struct follower *follower, enum log_result result);
enum step end_with(struct follower *follower, int status);
/* The tool's message that something is made by a newer version. */
enum step refuse_newer(struct follower *follower, const char *what);
/* Give up what was not published. */
void give_up_update(struct follower *follower);
/* Hash what has changed in the first `size` bytes of the update, within its capacity. */
enum step hash_update(struct follower *follower, uint64_t size);
/* Without an update: make the tree that of what is shown, if it is not. */
enum step settle_tree(struct follower *follower);
/* Keep what a record says of the schema and of the origin. */
enum step note_record(struct follower *follower, const struct record *record);
/* Whether the text of the record's schema is known, or it has none. */
bool knows_schema(const struct follower *follower, const struct record *record);
/* Publish the update as this complete generation, which the log has at `sequence`. */
enum step publish(struct follower *follower, const struct record *record, uint64_t sequence, uint64_t bytes);
/* REGION.source says where the value comes from. */
enum step publish_state(struct follower *follower, uint64_t now);
/* Take it for granted that the target has what the record says. */
void set_position(struct follower *follower, const struct record *record, uint64_t sequence);
/* The epoch was left for a later one. */
bool is_past(const struct follower *follower, uint64_t epoch);
/* Store a record's ranges; only in chunks whose as_of is below its generation. NULL: in all. */
enum step put_ranges(struct follower *follower, const struct record *record, const uint64_t *as_of, size_t as_of_count);
/* A generation of this size has touched the ends of the value. */
enum step touch_ends(struct follower *follower, uint64_t generation, uint64_t before, uint64_t after);
enum step touch_chunks(struct follower *follower, uint64_t first, uint64_t end, uint64_t generation);

/* ask.c: only the pusher can help. To look whether the server still has what it has stored: */
void ask_to_look(const struct follower *follower);
/* To begin anew; `damaged`: a chunk whose bytes are not what its header says, which the pusher does not see, or NULL. */
void ask_to_begin(const struct follower *follower, const uint64_t *damaged);

/* apply.c: the next message of the log. */
enum step apply_message(struct follower *follower, natsMsg *message);

/* rebuild.c: bring the target to the newest generation there is, from whatever it has. `base`: a
   BASE at log->next - 1 to begin with, or NULL for the head. `complete`: the record that all parts
   of the generation being built have led to, and its root is another, or NULL. */
enum rebuild_reason { REBUILD_START, REBUILD_GAP, REBUILD_BASE, REBUILD_DAMAGE };
enum step rebuild(struct follower *follower, enum rebuild_reason reason, const struct record *base,
                  const struct record *complete);

/* resume.c: after a start; finds out what the target has. STEP_GAP: nothing that the log knows. */
enum step resume(struct follower *follower);

/* scrub.c: while nothing else is to be done, for a tick. */
enum step scrub(struct follower *follower);

#endif
