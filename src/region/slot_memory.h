/* SPDX-License-Identifier: Apache-2.0 */
/* The memory behind the slots: getting it before a value needs it, so that no store to a value can
   fail, and giving it back. Which pages it is in: slot_pages.h. */
#ifndef MMS_REGION_SLOT_MEMORY_H
#define MMS_REGION_SLOT_MEMORY_H

#include "region/pool.h"
#include <errno.h>

/* The memory that a slot gets for a value of `size` bytes, and the most that any slot gets, which
   depends on where it starts. */
uint64_t mms__slot_room(const struct mms__pool *pool, uint64_t size);
uint64_t mms__slot_room_most(const struct mms__pool *pool, uint64_t size);

static inline bool mms__slot_has_room(const struct mms__pool *pool, unsigned slot, uint64_t size)
{
    uint64_t allocated = pool->slots[slot].allocated;

    return allocated >= size && allocated > 0;
}

/* Make sure that the first `size` bytes of a slot are really there, so that no store to them can
   fail. Details are stored. */
int mms__slot_provide(struct mms__pool *pool, unsigned slot, uint64_t size, enum mms__pace pace);
/* Whether that failed for want of room. */
static inline bool mms__slot_is_full(int code)
{
    return code == -ENOSPC || code == -EDQUOT;
}
/* The same for the words that a publish stores. */
int mms__slot_renew_words(const struct mms__pool *pool);

/* Make sure that the descriptor of `data` is ours and its file still the region's. */
int mms__slot_ensure_file(struct mms__pool *pool);
/* Whether memory may be given back. No evicted reader may still read it: its loads would allocate
   new memory, or kill it if there is none. Its line names the generation that it reads, but not the
   slot, which an earlier writer may have taken. So until it notices, nothing at all is given back. */
bool mms__slot_may_punch(struct mms__pool *pool);
/* Give back the memory above `keep`; the caller knows that there is some. The slot is taken, or free
   with a new generation: a copying reader must not find zeros under a generation word that
   matches. */
void mms__slot_trim(struct mms__pool *pool, unsigned slot, uint64_t keep);

#endif
