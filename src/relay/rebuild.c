/* SPDX-License-Identifier: Apache-2.0 */
/* A chunk of the store, as of a generation g, and all records above g that touch it, in order, are
   the chunk as of the last of them. So from the head's place in the log on, any mixture of chunks
   can be brought to one generation, and a root says whether it is the right one: a redo log over
   fuzzy checkpoints (docs/design.md). What the target has already counts as chunks, too. */
#include "relay/rebuild.h"
#include "cli/interrupt.h"
#include "relay/follow_report.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PAUSE_LEAST_MS = 200, PAUSE_MOST_MS = 5000 };

enum outcome go_on_with(struct rebuild *rebuild, enum step step)
{
    rebuild->step = step;
    return OUTCOME_STEP;
}

enum outcome rebuild_no_memory(struct rebuild *rebuild)
{
    return go_on_with(rebuild, out_of_memory(rebuild->follower));
}

enum outcome judge_store(struct rebuild *rebuild, enum store_result result, const char *damaged)
{
    switch (result) {
    case STORE_OK: return OUTCOME_DONE;
    case STORE_NEWER: return go_on_with(rebuild, refuse_newer(rebuild->follower, "the store"));
    case STORE_UNAVAILABLE: report_silence(rebuild->follower); return OUTCOME_WAIT;
    case STORE_NO_MEMORY:
    case STORE_STOPPED: return rebuild_no_memory(rebuild);
    case STORE_MISSING:
    case STORE_DAMAGED: break;
    }
    report_trouble(damaged);
    return OUTCOME_WAIT;
}

/* ---- Where to begin ---- */

void start_at_base(struct rebuild *rebuild, const struct record *base)
{
    rebuild->start.is_base = true;
    rebuild->start.record = *base;
    rebuild->start.from = rebuild->follower->log.next - 1;
    rebuild->start.sequence = base->sequence;
    rebuild->start.base_generation = base->generation;
}

static enum outcome start_at_head(struct rebuild *rebuild)
{
    struct follower *follower = rebuild->follower;
    struct record head;
    uint64_t sequence = 0;
    enum store_result result =
        store_get_head(&follower->connection, &follower->codec, &follower->head, &head, &sequence);
    enum outcome outcome = judge_store(rebuild, result, "waiting for the first value");

    if (outcome == OUTCOME_DONE && head.sequence == 0) {
        report_trouble("waiting for the first value");
        outcome = OUTCOME_WAIT;
    }
    if (outcome == OUTCOME_WAIT)
        ask_to_look(follower);
    if (outcome != OUTCOME_DONE)
        return outcome;
    rebuild->step = note_record(follower, &head);
    if (rebuild->step != STEP_OK)
        return OUTCOME_STEP;
    rebuild->start.is_base = false;
    rebuild->start.record = head;
    rebuild->start.from = head.sequence;
    rebuild->start.sequence = sequence;
    rebuild->start.base_generation = follower->base_epoch == head.epoch ? follower->base_generation : 0;
    return OUTCOME_DONE;
}

/* The target's bytes are in the update, and the tree is theirs. */
static enum outcome prepare_target(struct rebuild *rebuild)
{
    struct follower *follower = rebuild->follower;
    const uint64_t size = rebuild->start.record.size;
    enum step step = settle_tree(follower);

    if (step == STEP_OK)
        step = judge_target(follower, target_reserve_step(&follower->target, 0, size), size);
    if (step == STEP_OK)
        step = hash_update(follower, follower->target.size);
    return step == STEP_OK ? OUTCOME_DONE : go_on_with(rebuild, step);
}

bool find_generation(const struct rebuild *rebuild, const struct stored_chunk *stored, uint64_t *generation)
{
    if (stored->header.epoch == rebuild->start.record.epoch)
        *generation = stored->header.generation;
    else if (stored->sequence <= rebuild->start.sequence)
        *generation = rebuild->start.base_generation;
    else
        return false;
    return true;
}

/* ---- An attempt ---- */

/* Nothing that was fetched is newer than what the target was to have. */
static enum outcome consider_local(struct rebuild *rebuild)
{
    if (!rebuild->trust || rebuild->reason != REBUILD_DAMAGE || rebuild->need > rebuild->local.generation)
        return OUTCOME_RETRY;
    return consider(rebuild, &rebuild->local, rebuild->local_sequence);
}

static enum outcome attempt(struct rebuild *rebuild)
{
    enum outcome outcome = OUTCOME_DONE;

    rebuild->damaged = false;
    if (!rebuild->start.is_base)
        outcome = start_at_head(rebuild);
    if (rebuild->trust && rebuild->local.epoch != rebuild->start.record.epoch)
        rebuild->trust = false;
    if (outcome == OUTCOME_DONE)
        outcome = prepare_target(rebuild);
    if (outcome == OUTCOME_DONE)
        outcome = compare_and_fetch(rebuild);
    if (outcome != OUTCOME_DONE)
        return outcome;
    if (interrupted())
        return OUTCOME_WAIT;
    rebuild->last_size = rebuild->local.size;
    outcome = consider_local(rebuild);
    return outcome == OUTCOME_RETRY ? replay(rebuild) : outcome;
}

static void pause_ms(unsigned ms)
{
    for (; ms > 0 && !interrupted(); ms -= ms < TICK_MS ? ms : TICK_MS)
        nanosleep(&(struct timespec){.tv_nsec = (ms < TICK_MS ? ms : TICK_MS) * 1000000L}, NULL);
}

/* What the update holds is of no known generation any more. */
static void distrust(struct rebuild *rebuild)
{
    if (rebuild->trust)
        tree_mark_all(&rebuild->follower->tree);
    rebuild->trust = false;
}

static enum step finish(struct rebuild *rebuild, enum step step)
{
    struct follower *follower = rebuild->follower;

    if (step == STEP_OK)
        log_seek(&follower->log, follower->at.sequence + 1);
    else
        give_up_update(follower);
    free(rebuild->as_of);
    free(rebuild->wanted);
    return step;
}

static enum step try_until_done(struct rebuild *rebuild)
{
    unsigned failures = 0, pause = PAUSE_LEAST_MS;

    while (!interrupted() && !connection_is_closed(&rebuild->follower->connection)) {
        enum outcome outcome = attempt(rebuild);
        const bool distrusted = !rebuild->trust;

        switch (outcome) {
        case OUTCOME_DONE: return STEP_OK;
        case OUTCOME_STEP: return rebuild->step;
        case OUTCOME_RETRY: distrust(rebuild); continue;
        case OUTCOME_WAIT: break;
        case OUTCOME_LOST:
        case OUTCOME_FAILED:
            if ((distrusted || outcome == OUTCOME_LOST) && ++failures >= 2) {
                report_trouble("what the server has does not lead to the pusher's value; asking it to begin anew");
                ask_to_begin(rebuild->follower, rebuild->damaged ? &rebuild->damaged_chunk : NULL);
            }
            break;
        }
        distrust(rebuild);
        rebuild->start.is_base = false;
        if (outcome != OUTCOME_FAILED || distrusted) {
            pause_ms(pause);
            pause = pause < PAUSE_MOST_MS / 2 ? 2 * pause : PAUSE_MOST_MS;
        }
    }
    return STEP_AGAIN;
}

enum step rebuild(struct follower *follower, enum rebuild_reason reason, const struct record *base,
                  const struct record *complete)
{
    struct rebuild rebuild = {.follower = follower, .reason = reason};
    enum step step;

    if (!complete && reason != REBUILD_DAMAGE && follower->target.buffer)
        give_up_update(follower);
    follower->building.begun = false;
    rebuild.floor = complete                ? complete->generation
                    : reason == REBUILD_GAP ? follower->floor_generation + 1
                                            : follower->floor_generation;
    rebuild.trust = follower->at.known;
    rebuild.local = complete ? *complete : follower->at.meta;
    rebuild.local_sequence = complete ? follower->log.next - 1 : follower->at.sequence;
    if (base)
        start_at_base(&rebuild, base);
    step = try_until_done(&rebuild);
    if (step == STEP_OK)
        report_rebuild(follower, reason, rebuild.listed, rebuild.listed_count, rebuild.fetched, rebuild.bytes);
    return finish(&rebuild, step);
}
