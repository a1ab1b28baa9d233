/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/dirty.h"
#include <stdlib.h>
#include <string.h>

bool dirty_resize(struct dirty *dirty, size_t chunks)
{
    struct dirty_chunk *grown;

    for (size_t chunk = chunks; chunk < dirty->capacity; chunk++)
        dirty_remove(dirty, chunk);
    if (chunks <= dirty->capacity)
        return true;
    if (chunks >= UINT32_MAX)
        return false;
    grown = realloc(dirty->chunks, chunks * sizeof *grown);
    if (!grown)
        return false;
    memset(grown + dirty->capacity, 0, (chunks - dirty->capacity) * sizeof *grown);
    dirty->chunks = grown;
    dirty->capacity = chunks;
    return true;
}

void dirty_add(struct dirty *dirty, size_t chunk, struct log_place since)
{
    struct dirty_chunk *added = &dirty->chunks[chunk];

    if (added->listed)
        return;
    *added = (struct dirty_chunk){.since = since, .previous = dirty->last, .listed = true};
    if (dirty->last)
        dirty->chunks[dirty->last - 1].next = (uint32_t)chunk + 1;
    else
        dirty->first = (uint32_t)chunk + 1;
    dirty->last = (uint32_t)chunk + 1;
    dirty->count++;
}

void dirty_remove(struct dirty *dirty, size_t chunk)
{
    struct dirty_chunk *removed = &dirty->chunks[chunk];

    if (!removed->listed)
        return;
    if (removed->previous)
        dirty->chunks[removed->previous - 1].next = removed->next;
    else
        dirty->first = removed->next;
    if (removed->next)
        dirty->chunks[removed->next - 1].previous = removed->previous;
    else
        dirty->last = removed->previous;
    removed->listed = false;
    dirty->count--;
}

void dirty_clear(struct dirty *dirty)
{
    while (dirty->first)
        dirty_remove(dirty, dirty->first - 1);
}

bool dirty_oldest(const struct dirty *dirty, size_t *chunk, struct log_place *since)
{
    if (!dirty->first)
        return false;
    *chunk = dirty->first - 1;
    *since = dirty->chunks[*chunk].since;
    return true;
}

void dirty_free(struct dirty *dirty)
{
    free(dirty->chunks);
    *dirty = (struct dirty){.chunks = NULL};
}
