/* SPDX-License-Identifier: Apache-2.0 */
/* Room for values: memory for a slot that is taken, if need be at the expense of free slots and of kept values; and
   giving back what is too much. The memory of one slot: slot_memory.h. */
#ifndef MMS_REGION_ROOM_H
#define MMS_REGION_ROOM_H

#include "region/pool.h"
#include "region/slot_memory.h"

/* Get room for `size` bytes in a slot just taken. Details are stored. */
int mms__room_get_slow(struct mms__pool *pool, unsigned slot, uint64_t size, enum mms__pace pace);
static inline int mms__room_get(struct mms__pool *pool, unsigned slot, uint64_t size, enum mms__pace pace)
{
    if (mms__slot_has_room(pool, slot, size) && !pool->shares_blocks)
        return 0;
    return mms__room_get_slow(pool, slot, size, pace);
}
/* More room in a taken slot; at the expense of no other if the caller can do without it. */
int mms__room_grow(struct mms__pool *pool, unsigned slot, uint64_t size, enum mms__pace pace, bool optional);

/* Trim a slot just taken that is far too large. Not bit by bit while the usual size decays: each punch costs
   milliseconds. */
void mms__room_trim_slow(struct mms__pool *pool, unsigned slot);
static inline void mms__room_trim(struct mms__pool *pool, unsigned slot)
{
    if (pool->slots[slot].backed > MMS__SPARE_BYTES) /* hardly ever; saves some nanoseconds */
        mms__room_trim_slow(pool, slot);
}
/* With a full scan; works once a second. When readers no longer hold many slots, free the memory that those took. */
void mms__room_take_care(struct mms__pool *pool);

#endif
