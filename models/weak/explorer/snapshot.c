/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the world and of the stacks of its threads. They are put back where they were, so pointers stay right. */
#include "search.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_SIZE = 256 << 20 };

static char *arena;
static size_t arena_used;

void snapshots_reset(void)
{
    arena_used = 0;
    if (!arena && !(arena = malloc(ARENA_SIZE))) {
        fprintf(stderr, "explorer: no memory for snapshots\n");
        abort();
    }
}

static size_t world_size(void)
{
    return offsetof(struct world, messages) + world.message_count * sizeof world.messages[0];
}

static void save_bytes(const void *from, size_t size)
{
    if (arena_used + size > ARENA_SIZE) {
        fprintf(stderr, "explorer: an execution is too deep\n");
        abort();
    }
    memcpy(arena + arena_used, from, size);
    arena_used += size;
}

size_t save_world(void)
{
    size_t saved_at = arena_used;

    save_bytes(&world, world_size());
    for (unsigned i = 0; i < world.thread_count; i++)
        save_bytes(world.threads[i].stack_low, (size_t)(stacks[i] + STACK_SIZE - world.threads[i].stack_low));
    return saved_at;
}

void restore_world(size_t saved_at)
{
    const char *from = arena + saved_at;
    unsigned messages;

    memcpy(&messages, from + offsetof(struct world, message_count), sizeof messages);
    memcpy(&world, from, offsetof(struct world, messages) + messages * sizeof world.messages[0]);
    from += world_size();
    for (unsigned i = 0; i < world.thread_count; i++) {
        size_t size = (size_t)(stacks[i] + STACK_SIZE - world.threads[i].stack_low);

        memcpy(world.threads[i].stack_low, from, size);
        from += size;
    }
}

void drop_world(size_t saved_at)
{
    arena_used = saved_at;
}
