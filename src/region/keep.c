/* SPDX-License-Identifier: Apache-2.0 */
#include "region/keep.h"
#include "region/pool.h"
#include <string.h>

/* Drop the oldest if the list is full. */
void mms__keep_note(struct mms__keep *keep, uint64_t generation)
{
    if (keep->listed > keep->count) {
        keep->listed--;
        memmove(keep->list, keep->list + 1, keep->listed * sizeof *keep->list);
    }
    keep->list[keep->listed++] = generation;
}

void mms__keep_forget(struct mms__keep *keep, uint64_t generation)
{
    unsigned at = 0;

    while (at < keep->listed && keep->list[at] != generation)
        at++;
    if (at == keep->listed)
        return;
    keep->listed--;
    memmove(keep->list + at, keep->list + at + 1, (keep->listed - at) * sizeof *keep->list);
}

/* Into its place; the list is sorted. */
static void insert(struct mms__keep *keep, uint64_t generation)
{
    unsigned at;

    if (keep->listed > keep->count && generation < keep->list[0])
        return;
    mms__keep_note(keep, generation);
    for (at = keep->listed - 1; at > 0 && keep->list[at - 1] > generation; at--)
        keep->list[at] = keep->list[at - 1];
    keep->list[at] = generation;
}

void mms__keep_inherit(struct mms__pool *pool)
{
    pool->keep.listed = 0;
    for (unsigned slot = 0; pool->keep.count > 0 && slot < pool->used; slot++)
        if (pool->slots[slot].whole)
            insert(&pool->keep, pool->slots[slot].generation);
}

unsigned mms__keep_release(struct mms__pool *pool)
{
    uint64_t current = mms__word_generation(mms__load_relaxed(&pool->control->current));
    unsigned oldest = UINT32_MAX;

    for (unsigned slot = 0; pool->keep.count > 0 && slot < pool->used; slot++) {
        const struct mms__slot *own = &pool->slots[slot];

        if (own->state == MMS__SLOT_LIVE && mms__is_kept(pool, slot) && !own->anchored && own->generation != current &&
            slot + 1 != pool->keep.spared && !mms__slot_is_covered(pool, slot) &&
            (oldest == UINT32_MAX || own->generation < pool->slots[oldest].generation))
            oldest = slot;
    }
    if (oldest == UINT32_MAX)
        return 0;
    mms__keep_forget(&pool->keep, pool->slots[oldest].generation);
    mms__pool_unhold(pool, oldest);
    mms__pool_put(pool, oldest);
    mms__list_live(pool);
    MMS__STEP(kept_released);
    return 1;
}
