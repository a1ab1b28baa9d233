/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/now.h"
#include "relay/follow_report.h"
#include "relay/follower.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LACK_LEAST_MS = 200, LACK_MOST_MS = 10000 };

/* ---- What cannot be done ---- */

enum step end_with(struct follower *follower, int status)
{
    follower->status = status;
    return STEP_END;
}

enum step refuse_newer(struct follower *follower, const char *what)
{
    return end_with(follower, fail("%s of '%s' was made by a newer mmsync; upgrade this one", what, follower->name));
}

void give_up_update(struct follower *follower)
{
    follower->tree_is_stale |= follower->tree_is_ahead;
    follower->tree_is_ahead = false;
    target_abort(&follower->target);
    follower->building.begun = follower->building.held = false;
}

enum step out_of_memory(struct follower *follower)
{
    report_trouble("out of memory");
    give_up_update(follower);
    return STEP_AGAIN;
}

static enum step refuse_size(struct follower *follower, uint64_t wanted)
{
    uint64_t room = follower->origin.max_size > wanted ? follower->origin.max_size : wanted;

    if (room > SIZE_MAX / 2)
        return end_with(follower, fail("the value of '%s' has %" PRIu64 " bytes, too many for this machine",
                                       follower->name, wanted));
    return end_with(follower, fail("the value of '%s' has %" PRIu64 " bytes, and %s takes %" PRIu64
                                   " at most; run this again with --replace --max-size %" PRIu64,
                                   follower->name, wanted, follower->path, follower->target.max_size, room));
}

enum step judge_target(struct follower *follower, int code, uint64_t wanted)
{
    const char *detail = last_error();

    switch (code) {
    case 0: return STEP_OK;
    case MMS_E_TOO_BIG: give_up_update(follower); return refuse_size(follower, wanted);
    case MMS_E_AGAIN: /* readers hold every slot */
    case -ENOSPC:
    case -EDQUOT:
    case -ENOMEM:
        report_trouble(*detail ? detail : mms_strerror(code));
        give_up_update(follower);
        return STEP_AGAIN;
    case MMS_E_GONE: /* removed, or replaced: begin anew with what is there then */
        report_trouble(detail);
        give_up_update(follower);
        target_close(&follower->target);
        return STEP_AGAIN;
    default: break;
    }
    fail("%s", *detail ? detail : mms_strerror(code));
    give_up_update(follower);
    return end_with(follower, EXIT_FAILED);
}

enum step judge_log(struct follower *follower, enum log_result result)
{
    switch (result) {
    case LOG_MESSAGE:
    case LOG_QUIET: return STEP_OK;
    case LOG_LOST: return STEP_GAP;
    case LOG_MISSING:
        if (!follower->wait && !follower->at.known)
            return end_with(follower, fail("%s has nothing of the name '%s'; is 'mmsync push' running? With "
                                           "--wait this waits for it",
                                           follower->connection.url, follower->name));
        report_trouble("the server has nothing of this name; waiting for 'mmsync push'");
        ask_to_look(follower);
        return STEP_AGAIN;
    case LOG_UNAVAILABLE: report_silence(follower); return STEP_AGAIN;
    case LOG_REFUSED: break;
    }
    return end_with(follower, EXIT_FAILED);
}

/* ---- What the target has ---- */

enum step hash_update(struct follower *follower, uint64_t size)
{
    follower->tree_is_ahead = true;
    follower->target.size = size;
    return tree_update(&follower->tree, follower->target.buffer, size) == 0 ? STEP_OK : out_of_memory(follower);
}

enum step settle_tree(struct follower *follower)
{
    mms_view view = {0};
    int code;

    if (!follower->tree_is_stale || follower->target.buffer)
        return STEP_OK;
    code = target_view(&follower->target, &view);
    if (code != 0 && code != MMS_E_EMPTY)
        return judge_target(follower, code, 0);
    tree_mark_all(&follower->tree);
    if (tree_update(&follower->tree, view.data, view.size) != 0)
        return out_of_memory(follower);
    if (code == 0) {
        code = target_view_end(&follower->target);
        if (code != 0)
            return judge_target(follower, code == MMS_E_EVICTED ? MMS_E_AGAIN : code, 0);
    }
    follower->tree_is_stale = false;
    return STEP_OK;
}

bool is_past(const struct follower *follower, uint64_t epoch)
{
    for (size_t i = 0; i < PAST_EPOCHS; i++)
        if (epoch != 0 && follower->past[i] == epoch)
            return true;
    return false;
}

static void leave_epoch(struct follower *follower)
{
    uint64_t *past = follower->past;

    if (follower->floor_epoch == 0)
        return;
    memmove(past + 1, past, (PAST_EPOCHS - 1) * sizeof *past);
    past[0] = follower->floor_epoch;
}

void set_position(struct follower *follower, const struct record *record, uint64_t sequence)
{
    struct position *at = &follower->at;

    *at = (struct position){
        .known = true,
        .epoch = record->epoch,
        .generation = record->generation,
        .size = record->size,
        .sequence = sequence,
        .root = record->root,
        .meta = *record,
    };
    at->meta.schema = at->meta.origin.host = at->meta.origin.path = NULL;
    at->meta.ranges = NULL;
    at->meta.bytes = NULL;
    if (follower->floor_epoch != record->epoch)
        leave_epoch(follower);
    follower->floor_epoch = record->epoch;
    follower->floor_generation = record->generation;
}

enum step publish_state(struct follower *follower, uint64_t now)
{
    const struct position *at = &follower->at;
    struct followed followed = {
        .generation = follower->target.generation,
        .epoch = at->epoch,
        .source_generation = at->generation,
        .sequence = at->sequence,
        .size = at->size,
        .base_generation = follower->base_epoch == at->epoch ? follower->base_generation : 0,
        .root = at->root,
        .region_id = {follower->origin.region_id[0], follower->origin.region_id[1]},
        .url = follower->connection.url,
        .host = follower->origin.host,
        .path = follower->origin.path,
        .published_ns = at->meta.publish_time_ns,
        .applied_ns = now,
    };
    int code;

    memcpy(followed.past, follower->past, sizeof followed.past);
    memcpy(followed.name, follower->connection.name, sizeof followed.name);
    code = follow_state_publish(&follower->state, &followed);
    if (code == 0 || code == MMS_E_AGAIN) /* the next one will tell */
        return STEP_OK;
    if (code != MMS_E_GONE)
        return judge_target(follower, code, 0);
    follow_state_close(&follower->state);
    code = follow_state_open(&follower->state, follower->path, &follower->writing.options);
    if (code == 0)
        code = follow_state_publish(&follower->state, &followed);
    return judge_target(follower, code, 0);
}

/* The bytes and the generation that are shown already; only what is said of them is new. */
static bool is_shown(const struct follower *follower, const struct record *record)
{
    const struct record *meta = &follower->at.meta;

    return !follower->target.buffer && follower->target.generation != 0 && follower->at.known &&
           meta->type_id[0] == record->type_id[0] && meta->type_id[1] == record->type_id[1] &&
           meta->tag == record->tag && meta->schema_hash == record->schema_hash;
}

enum step publish(struct follower *follower, const struct record *record, uint64_t sequence, uint64_t bytes)
{
    const bool has_schema = record->schema_hash != 0;
    const bool shown = is_shown(follower, record);
    uint64_t now;

    if (!shown) {
        int code = target_reserve(&follower->target, record->size);

        if (code == 0)
            code = target_commit(&follower->target, record->size, record, has_schema ? follower->schema : NULL,
                                 has_schema ? follower->schema_size : 0);
        if (code != 0)
            return judge_target(follower, code, record->size);
    }
    follower->building.begun = follower->building.held = false;
    follower->tree_is_ahead = false;
    follower->lack.retry_ns = follower->lack.pause_ms = 0;
    set_position(follower, record, sequence);
    now = read_clock(CLOCK_REALTIME);
    report_generation(follower, now, bytes);
    return publish_state(follower, now);
}

/* ---- What records say ---- */

static enum step refuse_byte_order(struct follower *follower, const struct record *record)
{
    if (record->byte_order == native_byte_order() ||
        ((record->type_id[0] | record->type_id[1]) == 0 && record->schema_hash == 0))
        return STEP_OK;
    return end_with(follower,
                    fail("'%s' is a typed value of a machine with another byte order (%s endian), which can be "
                         "read on such machines only",
                         follower->name, record->byte_order == RECORD_BIG ? "big" : "little"));
}

static void note_origin(struct follower *follower, const struct record_origin *origin)
{
    snprintf(follower->origin.host, sizeof follower->origin.host, "%s", origin->host);
    snprintf(follower->origin.path, sizeof follower->origin.path, "%s", origin->path);
    memcpy(follower->origin.region_id, origin->region_id, sizeof origin->region_id);
    follower->origin.max_size = origin->max_size;
    follower->origin.max_slots = origin->max_slots;
    follower->origin.max_readers = origin->max_readers;
}

enum step note_record(struct follower *follower, const struct record *record)
{
    if (record->kind == RECORD_CHANGE && !(record->flags & RECORD_LAST))
        return STEP_OK;
    if (record->flags & RECORD_ORIGIN)
        note_origin(follower, &record->origin);
    if (record->kind == RECORD_BASE) {
        follower->base_epoch = record->epoch;
        follower->base_generation = record->generation;
    }
    if ((record->flags & RECORD_SCHEMA) && record->schema_size > 0) {
        char *text = realloc(follower->schema, record->schema_size);

        if (!text)
            return out_of_memory(follower);
        memcpy(text, record->schema, record->schema_size);
        follower->schema = text;
        follower->schema_size = record->schema_size;
        follower->schema_hash = hash_schema(text, record->schema_size);
    }
    return refuse_byte_order(follower, record);
}

bool knows_schema(const struct follower *follower, const struct record *record)
{
    return record->schema_hash == 0 || record->schema_hash == follower->schema_hash;
}

/* ---- Chunks ---- */

enum step touch_chunks(struct follower *follower, uint64_t first, uint64_t end, uint64_t generation)
{
    struct chunk_times *times = &follower->times;

    if (end > times->capacity) {
        const size_t capacity = (size_t)end + (size_t)end / 8;
        uint64_t *touched = realloc(times->touched, capacity * sizeof *touched);

        if (!touched)
            return out_of_memory(follower);
        times->touched = touched;
        times->capacity = capacity;
    }
    if (end > times->count) {
        memset(times->touched + times->count, 0, ((size_t)end - times->count) * sizeof *times->touched);
        times->count = (size_t)end;
    }
    for (uint64_t i = first; i < end; i++)
        if (times->touched[i] < generation)
            times->touched[i] = generation;
    return STEP_OK;
}

enum step touch_ends(struct follower *follower, uint64_t generation, uint64_t before, uint64_t after)
{
    const uint64_t smaller = before < after ? before : after, larger = before < after ? after : before;

    return smaller == larger ? STEP_OK : touch_chunks(follower, smaller / CHUNK_SIZE, count_chunks(larger), generation);
}

/* Within one chunk. What lies past the capacity is left out. */
static int put_piece(struct follower *follower, uint64_t offset, const unsigned char *data, uint64_t length)
{
    const uint64_t room = follower->target.capacity > offset ? follower->target.capacity - offset : 0;
    int code;

    if (room == 0)
        return 0;
    length = length < room ? length : room;
    code = target_put(&follower->target, offset, data, length);

    tree_mark(&follower->tree, offset, length);
    if (follower->target.size < offset + length)
        follower->target.size = offset + length;
    return code;
}

static int put_range(struct follower *follower, const struct record *record, mms_range range, const unsigned char *data,
                     const uint64_t *as_of, size_t as_of_count)
{
    int code = 0;

    while (range.length > 0 && code == 0) {
        const uint64_t chunk = range.offset / CHUNK_SIZE, room = CHUNK_SIZE - range.offset % CHUNK_SIZE;
        const uint64_t piece = range.length < room ? range.length : room;

        if (!as_of || chunk >= as_of_count || as_of[chunk] < record->generation)
            code = put_piece(follower, range.offset, data, piece);
        range.offset += piece;
        range.length -= piece;
        data += piece;
    }
    return code;
}

static void note_lack(struct follower *follower)
{
    const unsigned pause = follower->lack.pause_ms;

    if (follower->lack.retry_ns != 0)
        return;
    follower->lack.pause_ms = pause == 0 ? LACK_LEAST_MS : pause < LACK_MOST_MS / 2 ? 2 * pause : LACK_MOST_MS;
    follower->lack.retry_ns = monotonic_ns() + (uint64_t)follower->lack.pause_ms * 1000000;
}

/* Where there is no room, another value may need less: an update without what lies past its capacity
   can become that one. */
static int reserve_what_fits(struct follower *follower, uint64_t size)
{
    struct target *target = &follower->target;
    int code = target_reserve(target, size);

    if (code != -ENOSPC && code != -EDQUOT && code != -ENOMEM)
        return code;
    code = target_reserve(target, 0);
    if (code != 0)
        return code;
    report_trouble(last_error());
    note_lack(follower);
    return 0;
}

enum step put_ranges(struct follower *follower, const struct record *record, const uint64_t *as_of, size_t as_of_count)
{
    const unsigned char *data = record->bytes;
    int code = as_of ? target_reserve(&follower->target, record->size) : reserve_what_fits(follower, record->size);

    for (size_t i = 0; i < record->range_count && code == 0; i++) {
        const mms_range *range = &record->ranges[i];

        enum step step = touch_chunks(follower, range->offset / CHUNK_SIZE,
                                      (range->offset + range->length - 1) / CHUNK_SIZE + 1, record->generation);

        if (step != STEP_OK)
            return step;
        code = put_range(follower, record, *range, data, as_of, as_of_count);
        data += range->length;
    }
    return judge_target(follower, code, record->size);
}
