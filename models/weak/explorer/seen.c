/* SPDX-License-Identifier: Apache-2.0 */
/* Two ways that lead to the same state are followed once. A state is what each thread has learned, the histories of the
   locations, and the view of the fences. Kept are 64-bit hashes, so two states could be taken for one; with ten million
   of them the chance is below one in a million. */
#include "search.h"
#include <stdio.h>
#include <stdlib.h>

static uint64_t *seen_states;
static size_t seen_capacity, seen_count;

static void insert_state(uint64_t key)
{
    size_t i = key & (seen_capacity - 1);

    while (seen_states[i] != 0)
        i = (i + 1) & (seen_capacity - 1);
    seen_states[i] = key;
    seen_count++;
}

static void grow_seen(void)
{
    uint64_t *old = seen_states;
    size_t old_capacity = seen_capacity;

    seen_capacity = old_capacity ? old_capacity * 4 : 1 << 14;
    seen_states = calloc(seen_capacity, sizeof *seen_states);
    if (!seen_states) {
        fprintf(stderr, "explorer: no memory for %zu states\n", seen_capacity);
        abort();
    }
    seen_count = 0;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i] != 0)
            insert_state(old[i]);
    free(old);
}

static bool is_new(uint64_t key)
{
    if (seen_count * 2 >= seen_capacity)
        grow_seen();
    for (size_t i = key & (seen_capacity - 1); seen_states[i] != 0; i = (i + 1) & (seen_capacity - 1))
        if (seen_states[i] == key)
            return false;
    insert_state(key);
    return true;
}

static uint64_t thread_key(const struct thread *thread)
{
    uint64_t key = mix(thread->history, (uint64_t)thread->status << 8 | thread->serial);

    key = mix(key, (uint64_t)thread->reached << 8 | (uint64_t)thread->has_deferred << 9 | (uint64_t)thread->ready);
    return thread->ready == READY_NEWER ? mix(key, message_identity(thread->newer)) : key;
}

static uint64_t location_key(const struct location *location, unsigned index)
{
    uint64_t key = index;

    for (unsigned i = 1; i <= location->count; i++)
        key = mix(key, message_identity(location->order[i]));
    key = mix(key, (uint64_t)location->holder << 32 | location->locked_times);
    return key;
}

/* What else there is in the world, each view and each value, follows from these. */
static uint64_t state_key(void)
{
    uint64_t key = 1 + world.observed;

    for (unsigned i = 0; i < world.thread_count; i++)
        key = mix(key, thread_key(&world.threads[i]));
    for (unsigned i = 0; i < MAX_LOCATIONS; i++) {
        if (world.locations[i].count > 0 || world.locations[i].locked_times > 0)
            key = mix(key, location_key(&world.locations[i], i));
        if (world.fenced.at[i] != 0)
            key = mix(key, message_identity(world.fenced.at[i]) << 8 | i);
    }
    return key == 0 ? 1 : key;
}

bool is_new_state(void)
{
    return is_new(state_key());
}

void seen_reset(void)
{
    free(seen_states);
    seen_states = NULL;
    seen_capacity = seen_count = 0;
}
