/* SPDX-License-Identifier: Apache-2.0 */
#include "region/pool_take.h"
#include "base/error.h"
#include "base/minmax.h"
#include "base/probe.h"
#include "os/cancel.h"
#include "os/clock.h"
#include "region/protocol.h"
#include "region/room.h"
#include "region/slot_memory.h"
#include <fcntl.h>

#define FEWEST_SLOTS 3

#define CHECK_INTERVAL_NS UINT64_C(100000000)
#define FIRST_PAUSE_NS UINT64_C(20000)
#define LONGEST_PAUSE_NS UINT64_C(1000000)

/* ---- Free slots ---- */

static int fail_exhausted(const struct mms__pool *pool)
{
    return mms__fail(MMS_E_EXHAUSTED, "writing %s: no generations are left; remove the region and create it anew",
                     pool->path);
}

/* Add a slot. It is counted only once its memory is there. */
static int extend(struct mms__pool *pool, uint64_t size)
{
    unsigned slot = pool->used;
    int code = mms__slot_provide(pool, slot, size, MMS__PACE_WHOLE);

    if (code != 0)
        return code;
    mms__pool_put(pool, slot);
    pool->used++;
    mms__store_relaxed(&pool->control->slots_used, pool->used);
    MMS__STEP(room_slot_counted);
    return 0;
}

/* May a slot of `has` bytes grow to `size` within the budget for spare memory? Slots that readers
   hold do not count as spare: otherwise many held slots would leave only one free, and every
   publish would need a scan. */
static bool is_affordable(const struct mms__pool *pool, uint64_t has, uint64_t size)
{
    uint64_t room = mms__slot_room_most(pool, size), total = pool->backed - has + room;

    return total <= FEWEST_SLOTS * room || total <= MMS__SPARE_BYTES + pool->held;
}

static bool may_extend(const struct mms__pool *pool)
{
    return pool->used < pool->header.max_slots;
}

static bool fits(const struct mms__pool *pool, uint32_t i, uint64_t size)
{
    return mms__slot_has_room(pool, pool->free_list[i], size);
}

/* The free slot to use: of those that already have the room, the one freed last, which is most
   likely still cached; if none of them has it, simply the last. The list is not empty. */
static uint32_t find_best(const struct mms__pool *pool, uint64_t size)
{
    for (uint32_t i = pool->free_count; i-- > 0;)
        if (fits(pool, i, size))
            return i;
    return pool->free_count - 1;
}

/* The slot that costs an update the least: the one with the newest content, whether or not it has
   the room. */
static uint32_t find_newest(const struct mms__pool *pool, uint64_t size)
{
    uint32_t best = find_best(pool, size);

    for (uint32_t i = 0; i < pool->free_count; i++)
        if (mms__slot_content(pool, pool->free_list[i]) > mms__slot_content(pool, pool->free_list[best]))
            best = i;
    return best;
}

static unsigned pop(struct mms__pool *pool, uint32_t best)
{
    unsigned slot = pool->free_list[best];

    pool->free_list[best] = pool->free_list[--pool->free_count];
    pool->slots[slot].state = MMS__SLOT_TAKEN;
    return slot;
}

/* False if a scan is worthwhile first: the free slots, if any, would have to grow, and the budget
   is spent. */
static bool has_good_slot(const struct mms__pool *pool, uint64_t size)
{
    uint32_t best;

    if (pool->free_count == 0)
        return false;
    best = find_best(pool, size);
    return fits(pool, best, size) || is_affordable(pool, pool->slots[pool->free_list[best]].backed, size);
}

/* ---- Getting one ---- */

/* A few times a second, along with a scan: reclaim the slots of dead readers even if nothing waits
   for them. */
static unsigned reap_now_and_then(struct mms__pool *pool)
{
    if (pool->holder_count == 0 || !mms__is_due(&pool->last_check_ns, CHECK_INTERVAL_NS))
        return 0;
    if (mms__file_ensure(pool->readers_file, pool->path, "readers", O_RDWR) != 0)
        return 0;
    return mms__reap_holders(pool);
}

static unsigned reclaim(struct mms__pool *pool)
{
    unsigned freed = mms__reclaim(pool);

    pool->last_full_ns = mms__now_coarse_ns();
    mms__plan_quick(pool, mms__table_used(&pool->table));
    if (reap_now_and_then(pool) > 0)
        freed += mms__reclaim(pool);
    mms__room_take_care(pool);
    return freed;
}

/* Without a heavy fence, if that is enough: if it frees anything, or nothing was `needed`. Now and then with one all the
   same, for what only that finds: slots that idle readers keep, the dead, memory that is no longer needed; and as long as
   nobody knows whether evicted readers have noticed. */
static unsigned reclaim_cheaply(struct mms__pool *pool, bool needed)
{
    uint64_t now = mms__now_ns();
    bool is_quick = pool->may_punch && now - pool->last_full_ns < CHECK_INTERVAL_NS;
    unsigned freed = is_quick ? mms__reclaim_quick(pool, now) : 0;

    return is_quick && (freed > 0 || !needed) ? freed : reclaim(pool);
}

/* What is kept gives way before anybody waits, or is evicted, also if readers leave it only now. */
static unsigned reclaim_or_release(struct mms__pool *pool)
{
    unsigned freed = reclaim(pool);

    return freed > 0 ? freed : mms__keep_release(pool);
}

static void count(mms__word *word, unsigned more)
{
    mms__store_relaxed(word, mms__load_relaxed(word) + more);
}

/* Its readers have left, so the caller has no need of another slot. */
static int fail_spared(const struct mms__pool *pool)
{
    return mms__fail(MMS_E_AGAIN, "writing %s: no slot is free but the one to go back to", pool->path);
}

/* No slot is free and none can be added: wait for readers. `reason` is the error that stopped an
   extension, `before` the caller's cancel state. A sleep may end the thread: no
   slot is taken yet. */
static int wait_for_readers(struct mms__pool *pool, struct mms__patience patience, int reason, int before,
                            mms_receipt *receipt)
{
    uint64_t start = mms__now_ns(), pause = FIRST_PAUSE_NS;
    uint64_t deadline = patience.grace_ms == MMS_NO_WAIT ? start : mms__deadline(patience.grace_ms);

    pool->last_check_ns = 0; /* look for the dead at once */
    while ((receipt->reclaimed = reclaim_or_release(pool)) == 0) {
        if (pool->holder_count == 0) /* an error stopped the extension, or all but `current` is spared */
            return reason != 0 ? reason : fail_spared(pool);
        if (mms__now_ns() >= deadline)
            break;
        mms__sleep_cancellable(pause, before);
        pause = mms__min(2 * pause, LONGEST_PAUSE_NS);
    }
    receipt->waited_ns = mms__now_ns() - start;
    if (receipt->reclaimed == 0 && patience.on_grace == MMS_EVICT)
        receipt->evicted = mms__evict(pool);
    count(&pool->control->evicted, receipt->evicted);
    if (receipt->reclaimed + receipt->evicted > 0)
        return 0;
    if (reason != 0)
        return reason;
    MMS__PROBE3(refuse, pool->path, pool->holder_count, receipt->waited_ns);
    count(&pool->control->refused, 1);
    mms__name_holders(pool, receipt);
    return mms__fail(
        MMS_E_AGAIN,
        "writing %s: live readers hold all of its %u slots, and did for %llu ms (%u lines, the first of pid "
        "%d); the last value stays. End those readers, wait longer (options.grace_ms), or make it anew with more slots "
        "(options.max_slots and options.replace)",
        pool->path, pool->used, (unsigned long long)(receipt->waited_ns / 1000000), receipt->blockers,
        (int)receipt->blocker_pid[0]);
}

/* Make sure that the free list is not empty and, if possible, that a slot on it fits. */
static int refill(struct mms__pool *pool, uint64_t size, struct mms__patience patience, mms_receipt *receipt)
{
    MMS__HOLD_CANCEL(before);
    int reason = 0;

    if (may_extend(pool) && is_affordable(pool, 0, size) && (reason = extend(pool, size)) == 0)
        return 0;
    receipt->reclaimed = reclaim_cheaply(pool, true);
    if (pool->free_count > 0)
        return 0;
    if (reason == 0 && may_extend(pool) && (reason = extend(pool, size)) == 0)
        return 0;
    receipt->reclaimed = mms__keep_release(pool);
    if (receipt->reclaimed > 0)
        return 0;
    return wait_for_readers(pool, patience, reason, before, receipt);
}

bool mms__pool_is_free(struct mms__pool *pool, unsigned slot)
{
    if (pool->slots[slot].state == MMS__SLOT_FREE)
        return true;
    pool->keep.spared = slot + 1;
    pool->last_check_ns = 0; /* look for the dead, too */
    (void)reclaim(pool);
    pool->keep.spared = 0;
    return !mms__slot_is_covered(pool, slot);
}

int mms__pool_take_again(struct mms__pool *pool, unsigned slot)
{
    uint32_t at = 0;

    if (!mms__pool_may_mark(pool))
        return fail_exhausted(pool);
    while (at < pool->free_count && pool->free_list[at] != slot)
        at++;
    if (at < pool->free_count)
        (void)pop(pool, at);
    pool->slots[slot].state = MMS__SLOT_TAKEN;
    mms__list_live(pool);
    mms__pool_mark(pool, slot, false);
    return 0;
}

/* Whether a slot that was not free at the last scan, and is not current, has newer content than
   the free ones. */
static bool may_find_newer(const struct mms__pool *pool)
{
    uint64_t current = mms__word_generation(mms__load_relaxed(&pool->control->current)), newest = 0, newest_free = 0;

    for (unsigned slot = 0; slot < pool->used; slot++) {
        uint64_t content = mms__slot_content(pool, slot);

        if (pool->slots[slot].state == MMS__SLOT_FREE)
            newest_free = mms__max(newest_free, content);
        else if (content != current && !mms__is_kept(pool, slot))
            newest = mms__max(newest, content);
    }
    return newest > newest_free;
}

void mms__pool_seek_newest(struct mms__pool *pool, mms_receipt *receipt)
{
    if (!may_find_newer(pool))
        return;
    MMS__HOLD_CANCEL(before);
    receipt->reclaimed = reclaim_cheaply(pool, true);
    if (may_find_newer(pool))
        receipt->reclaimed += reclaim(pool);
}

static void reclaim_when_due(struct mms__pool *pool)
{
    MMS__HOLD_CANCEL(before);

    (void)reclaim_cheaply(pool, false);
}

/* Take one of the free list. `taken` is NULL for a whole value. */
static inline int take_free(struct mms__pool *pool, uint32_t at, uint64_t size, unsigned *slot,
                            struct mms__taken *taken)
{
    int code;

    if (!mms__pool_may_mark(pool))
        return fail_exhausted(pool);
    *slot = pop(pool, at);
    if (taken)
        *taken = (struct mms__taken){mms__slot_content(pool, *slot), pool->slots[*slot].generation};
    mms__pool_mark_again(pool, *slot);
    code = mms__room_get(pool, *slot, size, taken && taken->content != 0 ? MMS__PACE_UPDATE : MMS__PACE_WHOLE);
    if (code != 0)
        mms__pool_put(pool, *slot);
    else
        mms__slot_hold(pool, *slot, 0, 0); /* the caller may store anywhere */
    return code;
}

/* An update has found a free slot, and no memory for it: take one that has some, if need be from readers that leave. */
static int take_roomy(struct mms__pool *pool, uint64_t size, struct mms__patience patience, int reason, unsigned *slot,
                      struct mms__taken *taken, mms_receipt *receipt)
{
    MMS__HOLD_CANCEL(before);
    uint32_t best = find_best(pool, size);
    int code = fits(pool, best, size) ? take_free(pool, best, size, slot, taken) : reason;

    while (mms__slot_is_full(code)) {
        int waited = wait_for_readers(pool, patience, code, before, receipt);

        if (waited != 0)
            return waited;
        code = take_free(pool, find_best(pool, size), size, slot, taken);
    }
    return code;
}

static inline int take(struct mms__pool *pool, uint64_t size, struct mms__patience patience, unsigned *slot,
                       struct mms__taken *taken, mms_receipt *receipt)
{
    int code = mms__slot_renew_words(pool);

    if (code != 0)
        return code;
    if (pool->generation >= pool->quick_due)
        reclaim_when_due(pool);
    if (!has_good_slot(pool, size) && (code = refill(pool, size, patience, receipt)) != 0)
        return code;
    code = take_free(pool, taken ? find_newest(pool, size) : find_best(pool, size), size, slot, taken);
    if (taken && mms__slot_is_full(code))
        code = take_roomy(pool, size, patience, code, slot, taken, receipt);
    if (code != 0)
        return code;
    mms__pool_note_size(pool, size);
    mms__room_trim(pool, *slot);
    return 0;
}

int mms__pool_take(struct mms__pool *pool, uint64_t size, struct mms__patience patience, unsigned *slot,
                   mms_receipt *receipt)
{
    return take(pool, size, patience, slot, NULL, receipt);
}

int mms__pool_take_newest(struct mms__pool *pool, uint64_t size, struct mms__patience patience, unsigned *slot,
                          struct mms__taken *taken, mms_receipt *receipt)
{
    return take(pool, size, patience, slot, taken, receipt);
}
