/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/interrupt.h"
#include "relay/rebuild.h"

enum { QUIET_MS = 10000 };

static bool may_be_shown(const struct rebuild *rebuild, const struct record *record)
{
    return !rebuild->future && !is_past(rebuild->follower, record->epoch) && record->generation >= rebuild->need &&
           (record->epoch != rebuild->follower->floor_epoch || record->generation >= rebuild->floor);
}

enum outcome consider(struct rebuild *rebuild, const struct record *record, uint64_t sequence)
{
    struct follower *follower = rebuild->follower;
    struct hash root;

    rebuild->step = touch_ends(follower, record->generation, rebuild->last_size, record->size);
    rebuild->last_size = record->size;
    if (rebuild->step == STEP_OK && may_be_shown(rebuild, record)) {
        rebuild->step = judge_target(follower, target_reserve(&follower->target, record->size), record->size);
        if (rebuild->step == STEP_OK)
            rebuild->step = hash_update(follower, record->size);
        if (rebuild->step != STEP_OK)
            return OUTCOME_STEP;
        root = tree_root(&follower->tree);
        rebuild->mismatch = !hash_equal(&root, &record->root);
        if (rebuild->mismatch || !knows_schema(follower, record))
            return OUTCOME_RETRY;
        rebuild->step = publish(follower, record, sequence, rebuild->bytes);
        return rebuild->step == STEP_OK ? OUTCOME_DONE : OUTCOME_STEP;
    }
    return rebuild->step == STEP_OK ? OUTCOME_RETRY : OUTCOME_STEP;
}

/* OUTCOME_RETRY: go on reading. */
static enum outcome take_record(struct rebuild *rebuild, const struct record *record, bool *restart)
{
    struct follower *follower = rebuild->follower;
    const uint64_t sequence = follower->log.next - 1;

    if (record->kind == RECORD_BASE && is_past(follower, record->epoch))
        return OUTCOME_RETRY;
    rebuild->step = note_record(follower, record);
    if (rebuild->step != STEP_OK)
        return OUTCOME_STEP;
    if (record->kind == RECORD_BASE && record->epoch != rebuild->start.record.epoch) {
        start_at_base(rebuild, record); /* what was compared is of the past */
        *restart = true;
        return OUTCOME_RETRY;
    }
    if (record->epoch != rebuild->start.record.epoch || record->kind == RECORD_HEAD)
        return OUTCOME_RETRY;
    if (record->kind == RECORD_CHANGE) {
        rebuild->step = put_ranges(follower, record, rebuild->as_of, rebuild->count);
        if (rebuild->step != STEP_OK)
            return OUTCOME_STEP;
        if (!(record->flags & RECORD_LAST))
            return OUTCOME_RETRY;
    }
    return consider(rebuild, record, sequence);
}

static enum outcome take_message(struct rebuild *rebuild, natsMsg *message, bool *restart)
{
    struct record record;
    enum record_result result = record_decode(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message),
                                              &rebuild->follower->codec, &record);

    if (result == RECORD_NEWER)
        return go_on_with(rebuild, refuse_newer(rebuild->follower, "the log"));
    if (result == RECORD_NO_MEMORY)
        return rebuild_no_memory(rebuild);
    if (result == RECORD_DAMAGED) /* the root will tell whether it matters */
        return OUTCOME_RETRY;
    return take_record(rebuild, &record, restart);
}

/* The first record that may be missing in what the update holds. */
static uint64_t find_place(struct rebuild *rebuild)
{
    struct stream_state state;

    if (rebuild->start.is_base)
        return rebuild->start.from + 1;
    if (rebuild->trust && stream_look(&rebuild->follower->connection, LOG_STREAM, &state) == STREAM_OK &&
        state.first <= rebuild->local_sequence + 1)
        return rebuild->local_sequence + 1;
    return rebuild->start.from;
}

/* All of the log was applied, and it does not lead to a value, or not past a gap or an epoch that was left. */
static bool has_ended(const struct rebuild *rebuild, enum log_result result)
{
    const bool wants_later = rebuild->reason == REBUILD_GAP || is_past(rebuild->follower, rebuild->start.record.epoch);

    return (rebuild->mismatch && (result == LOG_QUIET || rebuild->follower->log.pending == 0)) ||
           (wants_later && result == LOG_QUIET && !rebuild->future);
}

enum outcome replay(struct rebuild *rebuild)
{
    struct follower *follower = rebuild->follower;
    enum outcome outcome = OUTCOME_RETRY;
    bool restart = false;
    unsigned quiet_ms = 0;

    rebuild->last_size = rebuild->trust ? rebuild->local.size : rebuild->start.record.size;
    log_seek(&follower->log, find_place(rebuild));
    if (rebuild->start.is_base)
        outcome = consider(rebuild, &rebuild->start.record, rebuild->start.from);
    while (outcome == OUTCOME_RETRY && !restart && !interrupted()) {
        natsMsg *message = NULL;
        enum log_result result = log_next(&follower->log, TICK_MS, &message);

        if (result == LOG_MESSAGE)
            outcome = take_message(rebuild, message, &restart);
        natsMsg_Destroy(message);
        quiet_ms = result == LOG_QUIET ? quiet_ms + TICK_MS : 0;
        if (result != LOG_MESSAGE && result != LOG_QUIET) {
            rebuild->step = judge_log(follower, result);
            if (rebuild->step == STEP_END)
                return OUTCOME_STEP;
            return result == LOG_LOST ? OUTCOME_LOST : OUTCOME_WAIT;
        }
        if (outcome == OUTCOME_RETRY && !restart && has_ended(rebuild, result))
            return OUTCOME_FAILED;
        if (quiet_ms >= QUIET_MS)
            return OUTCOME_LOST;
    }
    return outcome;
}
