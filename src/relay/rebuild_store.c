/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/interrupt.h"
#include "relay/follow_report.h"
#include "relay/rebuild.h"
#include <stdlib.h>
#include <string.h>

/* ---- Comparing ---- */

static bool extend(struct rebuild *rebuild, uint64_t count)
{
    const uint64_t rest = rebuild->trust ? rebuild->local.generation : 0;
    uint64_t *as_of;
    unsigned char *wanted;

    if (count <= rebuild->count)
        return true;
    as_of = realloc(rebuild->as_of, (size_t)count * sizeof *as_of);
    rebuild->as_of = as_of ? as_of : rebuild->as_of;
    wanted = realloc(rebuild->wanted, (size_t)count);
    rebuild->wanted = wanted ? wanted : rebuild->wanted;
    if (!as_of || !wanted)
        return false;
    memset(wanted + rebuild->count, 0, (size_t)count - rebuild->count);
    for (; rebuild->count < count; rebuild->count++)
        as_of[rebuild->count] = rest;
    return true;
}

static void set_as_of(struct rebuild *rebuild, uint64_t chunk, uint64_t generation)
{
    rebuild->as_of[chunk] = generation;
    if (rebuild->need < generation)
        rebuild->need = generation;
}

static bool is_equal(const struct follower *follower, const struct stored_chunk *stored)
{
    const uint64_t length = chunk_length(follower->target.size, stored->chunk);

    if (length == 0)
        return stored->header.length == 0;
    return chunk_header_equals(&stored->header, length, tree_leaves(&follower->tree) + stored->chunk * CHUNK_BLOCKS);
}

/* The target has been touched there since. */
static bool is_older(const struct follower *follower, uint64_t chunk, uint64_t generation)
{
    return chunk < follower->times.count && generation < follower->times.touched[chunk];
}

static bool judge_chunk(void *context, const struct stored_chunk *stored, bool damaged)
{
    struct rebuild *rebuild = context;
    const struct follower *follower = rebuild->follower;
    const uint64_t local = rebuild->trust ? rebuild->local.generation : 0;
    uint64_t generation = 0;

    if (stored->chunk >= count_chunks(follower->target.max_size))
        return true; /* past what this region can hold: empty, or the size will say so */
    if (!extend(rebuild, stored->chunk + 1))
        return false;
    rebuild->wanted[stored->chunk] = damaged;
    if (damaged)
        return true;
    if (!find_generation(rebuild, stored, &generation)) {
        rebuild->future = true;
        return true;
    }
    if (is_equal(follower, stored))
        set_as_of(rebuild, stored->chunk, generation > local ? generation : local);
    else if (!rebuild->trust || !is_older(follower, stored->chunk, generation))
        rebuild->wanted[stored->chunk] = true;
    return true;
}

/* ---- Fetching ---- */

/* The update has the chunk. It is hashed there, while it is in the caches, and so just once. */
static bool has_arrived(const struct follower *follower, const struct stored_chunk *stored)
{
    if (chunk_length(follower->target.size, stored->chunk) == stored->header.length)
        return is_equal(follower, stored);
    return chunk_is_sound(&stored->header, follower->target.buffer + stored->chunk * CHUNK_SIZE);
}

static enum step put_chunk(struct follower *follower, const struct fetched_chunk *fetched, uint64_t whole)
{
    struct target *target = &follower->target;
    const uint64_t offset = fetched->stored.chunk * CHUNK_SIZE, length = fetched->stored.header.length;
    int code = target_reserve_step(target, offset + length, whole);

    if (code == 0 && length > 0)
        code = target_put(target, offset, fetched->bytes, length);
    if (code != 0)
        return judge_target(follower, code, offset + length);
    tree_mark(&follower->tree, offset, length);
    return hash_update(follower, length > 0 && target->size < offset + length ? offset + length : target->size);
}

static void note_fetched(struct rebuild *rebuild, const struct stored_chunk *stored)
{
    if (rebuild->listed_count < LISTED_MOST)
        rebuild->listed[rebuild->listed_count++] = stored->chunk;
    rebuild->fetched++;
    rebuild->bytes += stored->header.length;
    report_fetched(rebuild->start.record.size, rebuild->bytes);
}

/* The root will tell whether it matters. */
static void note_damaged(struct rebuild *rebuild, uint64_t chunk)
{
    rebuild->damaged = true;
    rebuild->damaged_chunk = chunk;
}

static enum outcome take_chunk(struct rebuild *rebuild, const struct fetched_chunk *fetched)
{
    const struct stored_chunk *stored = &fetched->stored;
    uint64_t generation = 0;

    if (!find_generation(rebuild, stored, &generation)) {
        rebuild->future = true;
        return OUTCOME_DONE;
    }
    rebuild->step = put_chunk(rebuild->follower, fetched, rebuild->start.record.size);
    if (rebuild->step != STEP_OK)
        return OUTCOME_STEP;
    if (!has_arrived(rebuild->follower, stored)) {
        note_damaged(rebuild, stored->chunk);
        return OUTCOME_DONE;
    }
    set_as_of(rebuild, stored->chunk, generation);
    note_fetched(rebuild, stored);
    return OUTCOME_DONE;
}

static enum outcome fetch(struct rebuild *rebuild, struct ahead *ahead, uint64_t chunk)
{
    struct follower *follower = rebuild->follower;
    struct fetched_chunk fetched;
    enum store_result result =
        store_get_chunk(&follower->connection, ahead, chunk, &follower->codec, &follower->chunk, &fetched);
    enum outcome outcome = OUTCOME_DONE;

    if (result == STORE_OK)
        outcome = take_chunk(rebuild, &fetched);
    else if (result == STORE_DAMAGED)
        note_damaged(rebuild, chunk);
    else if (result != STORE_MISSING) /* of that the root will tell, too */
        outcome = judge_store(rebuild, result, "");
    store_free_chunk(&fetched);
    return outcome;
}

static enum outcome fetch_wanted(struct rebuild *rebuild)
{
    enum outcome outcome = OUTCOME_DONE;
    struct ahead ahead = {.answers = NULL};
    size_t next = 0; /* to be asked for */

    for (size_t i = 0; i < rebuild->count && outcome == OUTCOME_DONE && !interrupted(); i++) {
        while (next < rebuild->count &&
               (!rebuild->wanted[next] || ahead_ask(&ahead, &rebuild->follower->connection, next)))
            next++;
        if (rebuild->wanted[i])
            outcome = fetch(rebuild, &ahead, i);
    }
    ahead_end(&ahead);
    return outcome;
}

/* What is known now of when chunks were touched. */
static enum step note_times(struct rebuild *rebuild)
{
    struct follower *follower = rebuild->follower;
    enum step step = STEP_OK;

    if (!rebuild->trust)
        follower->times.count = 0;
    for (size_t i = 0; i < rebuild->count && step == STEP_OK; i++)
        if (!rebuild->trust || rebuild->wanted[i])
            step = touch_chunks(follower, i, i + 1, rebuild->as_of[i]);
    return step;
}

/* A list of the chunks costs the server as much as their bytes: it reads them all. With nothing to
   compare, take every chunk that the value has; one that it got since comes from the log. */
static enum outcome want_all(struct rebuild *rebuild)
{
    const uint64_t count = count_chunks(rebuild->start.record.size);

    if (!extend(rebuild, count))
        return rebuild_no_memory(rebuild);
    if (count > 0)
        memset(rebuild->wanted, 1, (size_t)count);
    return OUTCOME_DONE;
}

static enum outcome compare(struct rebuild *rebuild)
{
    if (!rebuild->trust && rebuild->follower->target.size == 0)
        return want_all(rebuild);
    return judge_store(rebuild,
                       store_list(&rebuild->follower->connection, rebuild->start.sequence, judge_chunk, rebuild), "");
}

enum outcome compare_and_fetch(struct rebuild *rebuild)
{
    struct follower *follower = rebuild->follower;
    enum outcome outcome;

    rebuild->count = 0;
    rebuild->need = rebuild->trust ? rebuild->local.generation : 0;
    rebuild->future = rebuild->mismatch = false;
    if (!extend(rebuild, count_chunks(follower->target.size)))
        return rebuild_no_memory(rebuild);
    outcome = compare(rebuild);
    if (outcome == OUTCOME_DONE)
        outcome = fetch_wanted(rebuild);
    if (outcome != OUTCOME_DONE)
        return outcome;
    rebuild->step = note_times(rebuild);
    return rebuild->step == STEP_OK ? OUTCOME_DONE : OUTCOME_STEP;
}
