/* SPDX-License-Identifier: Apache-2.0 */
/* After a start: REGION.source says which record of the log the value was. If the log still has that, and the value has the
   root that it names, or that of a later one (the state is stored after the value), the rest of the log can be followed from
   there. Everything else is a rebuild. */
#include "cli/interrupt.h"
#include "cli/now.h"
#include "relay/follow_report.h"
#include "relay/follower.h"
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 1000 };

/* The value that the target has brings its schema along. */
static enum step note_own_schema(struct follower *follower)
{
    struct record own = {.kind = RECORD_HEAD, .flags = RECORD_SCHEMA, .byte_order = native_byte_order()};
    mms_view_info info;
    mms_view view;
    enum step step = STEP_OK;

    if (target_view(&follower->target, &view) != 0)
        return STEP_OK;
    if (mms_view_describe(follower->target.reader, &info) == 0 && info.schema_size > 0) {
        own.schema = info.schema;
        own.schema_size = info.schema_size;
        step = note_record(follower, &own);
    }
    target_view_end(&follower->target);
    return step;
}

static bool is_complete(const struct record *record)
{
    return record->kind == RECORD_BASE || (record->kind == RECORD_CHANGE && (record->flags & RECORD_LAST));
}

static enum step adopt(struct follower *follower, const struct record *record, const struct followed *state)
{
    enum step step;

    set_position(follower, record, follower->log.next - 1);
    if (record->kind == RECORD_CHANGE && record->epoch == state->epoch) {
        follower->base_epoch = state->epoch;
        follower->base_generation = state->base_generation;
    }
    follower->times.count = 0;
    step = touch_chunks(follower, 0, count_chunks(record->size), record->generation);
    if (step != STEP_OK)
        return step;
    report_generation(follower, read_clock(CLOCK_REALTIME), 0);
    return publish_state(follower, read_clock(CLOCK_REALTIME));
}

/* STEP_AGAIN: read on. */
static enum step try_record(struct follower *follower, const struct record *record, const struct followed *state)
{
    const struct hash root = tree_root(&follower->tree);
    const bool is_first = follower->log.next - 1 == state->sequence;
    enum step step = note_record(follower, record);

    if (step != STEP_OK)
        return step;
    if (is_first &&
        (!is_complete(record) || record->epoch != state->epoch || record->generation != state->source_generation))
        return STEP_GAP; /* another log */
    if (is_complete(record) && record->size == follower->tree.size && hash_equal(&record->root, &root) &&
        knows_schema(follower, record) && !is_past(follower, record->epoch))
        return adopt(follower, record, state);
    return STEP_AGAIN;
}

static enum step search(struct follower *follower, const struct followed *state)
{
    enum step step = STEP_AGAIN;

    log_seek(&follower->log, state->sequence);
    while (step == STEP_AGAIN && !interrupted()) {
        natsMsg *message = NULL;
        struct record record;

        if (log_next(&follower->log, TICK_MS, &message) != LOG_MESSAGE)
            return STEP_GAP;
        step = STEP_GAP;
        if (record_decode(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), &follower->codec,
                          &record) == RECORD_OK)
            step = try_record(follower, &record, state);
        natsMsg_Destroy(message);
        if (step == STEP_AGAIN && follower->log.pending == 0)
            step = STEP_GAP;
    }
    return step;
}

enum step resume(struct follower *follower)
{
    struct stream_state log;
    struct followed state;
    enum step step;

    follower->at.known = false;
    follower->tree_is_stale = true;
    step = settle_tree(follower);
    if (step == STEP_OK)
        step = note_own_schema(follower);
    if (step != STEP_OK)
        return step;
    follow_state_read(follower->path, &state);
    if (strcmp(state.name, follower->name) != 0)
        return STEP_GAP;
    memcpy(follower->past, state.past, sizeof follower->past);
    follower->floor_epoch = state.epoch;
    follower->floor_generation = state.source_generation;
    if (state.sequence == 0 || follower->target.generation == 0 ||
        stream_look(&follower->connection, LOG_STREAM, &log) != STREAM_OK || log.first > state.sequence ||
        log.last < state.sequence)
        return STEP_GAP;
    return search(follower, &state);
}
