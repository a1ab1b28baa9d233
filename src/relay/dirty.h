/* SPDX-License-Identifier: Apache-2.0 */
/* Which chunks have changed since they were stored, in the order in which that began, and where in
   the log the first of their changes is. */
#ifndef MMS_RELAY_DIRTY_H
#define MMS_RELAY_DIRTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A place in the log: a sequence, and how many bytes had been appended before it. */
struct log_place {
    uint64_t sequence, bytes;
};

/* Zeros are the empty one. */
struct dirty {
    struct dirty_chunk {
        struct log_place since;
        uint32_t next, previous; /* numbers of chunks, and 1 more; 0: none */
        bool listed;
    } * chunks;
    size_t capacity;
    uint32_t first, last; /* as `next` */
    size_t count;
};

/* Room for so many chunks. False: no memory. Those past it are forgotten. */
bool dirty_resize(struct dirty *dirty, size_t chunks);
/* The chunk, which is less than the size, changes with the record there; nothing if it is dirty. */
void dirty_add(struct dirty *dirty, size_t chunk, struct log_place since);
void dirty_remove(struct dirty *dirty, size_t chunk);
void dirty_clear(struct dirty *dirty);
/* The one that has been dirty for longest; false if there is none. */
bool dirty_oldest(const struct dirty *dirty, size_t *chunk, struct log_place *since);
void dirty_free(struct dirty *dirty);

#endif
