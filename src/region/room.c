/* SPDX-License-Identifier: Apache-2.0 */
#include "region/room.h"
#include "base/minmax.h"
#include "os/cancel.h"
#include "os/clock.h"
#include "region/slot_pages.h"
#include <fcntl.h>

#define CARE_INTERVAL_NS UINT64_C(1000000000)
#define LOOK_INTERVAL_NS UINT64_C(100000000)

/* ---- From slots that are free, or kept ---- */

/* Whether free slots can give back any memory. Asked once, or each of them would cost a scan. A refusal has no detail: that
   of what needed the memory stays. */
static bool may_trim(struct mms__pool *pool)
{
    return mms__file_ensure(pool->data_file, pool->path, "data", O_RDWR) == 0 && mms__slot_may_punch(pool);
}

/* Free the memory of free slots, but for `spared` bytes of it. Returns the bytes freed. */
static uint64_t trim_free_slots(struct mms__pool *pool, uint64_t spared)
{
    uint64_t kept = 0, given = 0;

    if (!may_trim(pool))
        return 0;
    for (uint32_t i = pool->free_count; i-- > 0;) { /* the next ones to be used come last in the list */
        unsigned slot = pool->free_list[i];
        uint64_t backed = pool->slots[slot].backed;

        if (kept + backed <= spared) {
            kept += backed;
        } else if (mms__pool_may_mark(pool)) {
            mms__pool_mark(pool, slot, false);
            mms__slot_trim(pool, slot, 0);
            given += backed - pool->slots[slot].backed;
        }
    }
    return given;
}

/* Free up to `wanted` bytes at the end of a free slot, which has more than `spared`, and keeps those. */
static uint64_t trim_end(struct mms__pool *pool, unsigned slot, uint64_t spared, uint64_t wanted)
{
    uint64_t backed = pool->slots[slot].backed;

    mms__slot_trim(pool, slot, backed - spared > wanted ? backed - wanted : spared);
    return backed - pool->slots[slot].backed;
}

/* The free slot with memory of which an update could use the least, plus 1; 0: none has any. */
static uint32_t find_least_useful(const struct mms__pool *pool)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < pool->free_count; i++) {
        unsigned slot = pool->free_list[i];

        if (pool->slots[slot].backed > 0 &&
            (found == 0 || mms__slot_content(pool, slot) < mms__slot_content(pool, found - 1)))
            found = slot + 1;
    }
    return found;
}

/* Free so much of the free slots, if they have it: first what lies above the current value, which no update starts from;
   then the ends of one slot after the other, whose content is lost with that. Returns the bytes freed. */
static uint64_t trim_what_costs_least(struct mms__pool *pool, uint64_t wanted)
{
    uint64_t current = mms__slot_room(pool, mms__pool_current_size(pool)), given = 0;

    if (!may_trim(pool))
        return 0;
    for (uint32_t i = 0; i < pool->free_count && given < wanted && mms__pool_may_mark(pool); i++) {
        unsigned slot = pool->free_list[i];

        if (pool->slots[slot].backed > current) {
            mms__pool_mark_again(pool, slot);
            given += trim_end(pool, slot, current, wanted - given);
        }
    }
    for (uint32_t i = 0; i < pool->free_count && given < wanted && mms__pool_may_mark(pool); i++) {
        uint32_t found = find_least_useful(pool);

        if (found != 0) {
            mms__pool_mark(pool, found - 1, false);
            given += trim_end(pool, found - 1, 0, wanted - given);
        }
    }
    return given;
}

/* For memory, all that is kept gives way. Nothing is reclaimed: a slot is taken. */
static void release_all(struct mms__pool *pool)
{
    if (pool->keep.count == 0)
        return;
    mms__scan(pool);
    while (mms__keep_release(pool) > 0)
        continue;
}

/* ---- For a slot that is taken ---- */

int mms__room_get_slow(struct mms__pool *pool, unsigned slot, uint64_t size, enum mms__pace pace)
{
    MMS__HOLD_CANCEL(before);
    uint64_t lacks = mms__slot_room(pool, size) - pool->slots[slot].allocated;
    int code = mms__slot_provide(pool, slot, size, pace);

    if (mms__slot_is_full(code) && trim_what_costs_least(pool, lacks) > 0)
        code = mms__slot_provide(pool, slot, size, pace);
    if (mms__slot_is_full(code) && trim_free_slots(pool, 0) > 0)
        code = mms__slot_provide(pool, slot, size, pace);
    if (mms__slot_is_full(code)) {
        release_all(pool);
        if (trim_free_slots(pool, 0) > 0)
            code = mms__slot_provide(pool, slot, size, pace);
    }
    return code;
}

static int provide_if_free(struct mms__pool *pool, unsigned slot, uint64_t size, enum mms__pace pace)
{
    MMS__HOLD_CANCEL(before);

    return mms__slot_provide(pool, slot, size, pace);
}

int mms__room_grow(struct mms__pool *pool, unsigned slot, uint64_t size, enum mms__pace pace, bool optional)
{
    int code = (optional ? provide_if_free : mms__room_get)(pool, slot, size, pace);

    if (code == 0)
        mms__pool_note_size(pool, size);
    return code;
}

/* ---- Giving back what is too much ---- */

void mms__room_trim_slow(struct mms__pool *pool, unsigned slot)
{
    uint64_t keep = mms__slot_round(pool, slot, mms__slot_room(pool, pool->usual_size));

    if (pool->slots[slot].backed <= 4 * keep + MMS__SPARE_BYTES)
        return;
    /* Otherwise each write would scan for as long as an evicted reader keeps its view. */
    if (!pool->may_punch && !mms__is_due(&pool->last_punch_look_ns, LOOK_INTERVAL_NS))
        return;
    MMS__HOLD_CANCEL(before);
    if (mms__slot_ensure_file(pool) == 0)
        mms__slot_trim(pool, slot, keep);
}

/* Two slots are enough for a cycle of publishes. */
void mms__room_take_care(struct mms__pool *pool)
{
    uint64_t spared;

    if (!mms__is_due(&pool->last_care_ns, CARE_INTERVAL_NS) || pool->free_count <= 2)
        return;
    spared = 2 * mms__slot_room_most(pool, pool->usual_size);
    (void)trim_free_slots(pool, mms__max(spared, MMS__SPARE_BYTES));
}
