/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages the memory of slots is in: large values get huge ones, where the kernel makes them on
   request. Only huge pages that lie in one slot as a whole do. They are made once, when a slot
   gets its memory, or later if it got that bit by bit, and not at each publish. */
#ifndef MMS_REGION_SLOT_PAGES_H
#define MMS_REGION_SLOT_PAGES_H

#include "handle/place.h"
#include "region/pool.h"

/* What options.huge_pages comes to at a place. Fails where it is ON and there can be none; details
   are stored. */
int mms__huge_pages_choose(const struct mms__place *place, mms_huge_pages asked, mms_huge_pages *chosen);

/* `room` bytes of a slot, or up to 1/64 more, so that they end with a huge page. */
uint64_t mms__slot_round(const struct mms__pool *pool, unsigned slot, uint64_t room);
/* The most that this gives for any slot. */
uint64_t mms__slot_round_most(const struct mms__pool *pool, uint64_t room);

/* How many bytes to put into huge pages when a slot is to have `room`, more than it has. 0: none now,
   because that would take an update far longer than all else that it does. */
uint64_t mms__slot_huge_now(const struct mms__pool *pool, unsigned slot, uint64_t room, enum mms__pace pace);
/* Put the first `room` bytes of a slot into huge pages, except those for which this was tried
   before, and `most` bytes of them at most. What is there keeps its content; what is not there may
   be afterwards. -errno if some of them are not in huge pages; no detail is stored. */
int mms__slot_make_huge(struct mms__pool *pool, unsigned slot, uint64_t room, uint64_t most);
/* The detail for that code, where options.huge_pages is ON. */
int mms__slot_fail_huge(const struct mms__pool *pool, int code);

/* The memory above `keep` was given back. */
void mms__slot_cut(struct mms__pool *pool, unsigned slot, uint64_t keep);

#endif
