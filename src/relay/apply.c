/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/follow_report.h"
#include "relay/follower.h"

/* ---- A generation, part by part ---- */

static bool is_being_built(const struct follower *follower, const struct record *record)
{
    return follower->building.begun && follower->building.generation == record->generation &&
           follower->building.since == record->since && follower->building.size == record->size;
}

/* The update has a generation that there was no room for, and the record begins there. */
static bool goes_on_from_held(const struct follower *follower, const struct record *record)
{
    return follower->building.held && record->since == follower->building.generation;
}

/* What was put into the update of an incomplete generation is wrong for another. The tree is that of what is shown, where
   the next one begins. */
static enum step begin_building(struct follower *follower, const struct record *record)
{
    if (follower->target.buffer && !goes_on_from_held(follower, record))
        give_up_update(follower);
    follower->building.begun = true;
    follower->building.held = false;
    follower->building.generation = record->generation;
    follower->building.since = record->since;
    follower->building.size = record->size;
    follower->building.parts = 0;
    follower->building.bytes = 0;
    return settle_tree(follower);
}

/* All parts are there. */
static enum step complete(struct follower *follower, const struct record *record)
{
    const uint64_t sequence = follower->log.next - 1, bytes = follower->building.bytes;
    enum step step = touch_ends(follower, record->generation, follower->at.size, record->size);
    struct hash root;

    if (step == STEP_OK && record->size > follower->target.capacity) { /* has been reported */
        follower->building.held = true;
        return STEP_OK;
    }
    if (step == STEP_OK)
        step = hash_update(follower, record->size);
    if (step != STEP_OK)
        return step;
    root = tree_root(&follower->tree);
    if (!hash_equal(&root, &record->root))
        return rebuild(follower, REBUILD_DAMAGE, NULL, record);
    if (!knows_schema(follower, record))
        return STEP_GAP;
    return publish(follower, record, sequence, bytes);
}

static enum step apply_change(struct follower *follower, const struct record *record)
{
    enum step step = STEP_OK;

    if (record->epoch != follower->at.epoch)
        return STEP_GAP; /* of a pusher whose BASE is not there */
    if (record->generation <= follower->at.generation)
        return STEP_OK; /* again */
    if (record->since > follower->at.generation && !goes_on_from_held(follower, record) &&
        !is_being_built(follower, record))
        return STEP_GAP;
    if (record->part == 0 && !is_being_built(follower, record))
        step = begin_building(follower, record);
    if (step != STEP_OK)
        return step;
    if (!is_being_built(follower, record) || record->part > follower->building.parts)
        return STEP_GAP;
    if (record->part < follower->building.parts)
        return STEP_OK; /* again */
    step = put_ranges(follower, record, NULL, 0);
    if (step != STEP_OK)
        return step;
    follower->building.parts++;
    for (size_t i = 0; i < record->range_count; i++)
        follower->building.bytes += record->ranges[i].length;
    return record->flags & RECORD_LAST ? complete(follower, record) : STEP_OK;
}

/* ---- Another pusher, or the same that has begun anew ---- */

/* The store held exactly this value then, so that is as of when all chunks are. */
static enum step adopt(struct follower *follower, const struct record *base)
{
    follower->times.count = 0;
    return touch_chunks(follower, 0, count_chunks(base->size), base->generation);
}

static enum step apply_base(struct follower *follower, const struct record *base)
{
    enum step step;
    struct hash root;

    if (is_past(follower, base->epoch)) /* again */
        return STEP_OK;
    if (follower->target.buffer)
        give_up_update(follower);
    step = settle_tree(follower);
    if (step != STEP_OK)
        return step;
    root = tree_root(&follower->tree);
    if (!hash_equal(&root, &base->root) || !knows_schema(follower, base))
        return rebuild(follower, REBUILD_BASE, base, NULL);
    step = adopt(follower, base);
    return step == STEP_OK ? publish(follower, base, follower->log.next - 1, 0) : step;
}

enum step apply_message(struct follower *follower, natsMsg *message)
{
    struct record record;
    enum step step;

    switch (
        record_decode(natsMsg_GetData(message), (size_t)natsMsg_GetDataLength(message), &follower->codec, &record)) {
    case RECORD_OK: break;
    case RECORD_NEWER: return refuse_newer(follower, "the log");
    case RECORD_NO_MEMORY: report_trouble("out of memory"); return STEP_AGAIN;
    case RECORD_DAMAGED: report_trouble("a damaged message in the log is passed over"); return STEP_GAP;
    }
    step = note_record(follower, &record);
    if (step != STEP_OK)
        return step;
    switch (record.kind) {
    case RECORD_BASE: return apply_base(follower, &record);
    case RECORD_CHANGE: return apply_change(follower, &record);
    case RECORD_HEAD: break; /* not in the log */
    }
    return STEP_GAP;
}
