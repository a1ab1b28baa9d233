/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a slot: one that is free, or a new one, or one that readers leave. */
#ifndef MMS_REGION_POOL_TAKE_H
#define MMS_REGION_POOL_TAKE_H

#include "region/pool.h"

/* How long to wait for readers, and what to do after that. */
struct mms__patience {
    int32_t grace_ms;
    mms_on_grace on_grace;
};

static inline struct mms__patience mms__patience_of(const mms_writer_options *options)
{
    return (struct mms__patience){options->grace_ms, options->on_grace};
}

/* Take a slot with room for `size` bytes, marked with a new generation. Fills the receipt's
   reclaimed, evicted, waited_ns and blockers. Details are stored. */
int mms__pool_take(struct mms__pool *pool, uint64_t size, struct mms__patience patience, unsigned *slot,
                   mms_receipt *receipt);
/* The same for an update, whose size is at least the current value's. Takes the free slot with the
   newest content. If memory of the slot is freed, it is above that size. */
int mms__pool_take_newest(struct mms__pool *pool, uint64_t size, struct mms__patience patience, unsigned *slot,
                          struct mms__taken *taken, mms_receipt *receipt);
/* Before that, if catching up takes longer than a scan: see whether a slot with newer content than
   the free ones can be had. No slot is taken yet. */
void mms__pool_seek_newest(struct mms__pool *pool, mms_receipt *receipt);
/* Whether no line covers a retired slot with a value of its own; this scans if need be. The value stays in any case. */
bool mms__pool_is_free(struct mms__pool *pool, unsigned slot);
/* Take just that slot, and mark it with a new generation; its bytes stay. MMS_E_EXHAUSTED; details are stored. */
int mms__pool_take_again(struct mms__pool *pool, unsigned slot);

#endif
