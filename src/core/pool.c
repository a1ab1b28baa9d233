/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pool.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/protocol.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Memory to spend on slots beyond the three that any rate needs: each spare one is a publish that needs no scan. With
   the 128 slots that are the default, small values get them all. */
#define SPARE_BYTES (UINT64_C(1) << 20)
#define FEWEST_SLOTS 3

/* Values above this get room in steps of it, so that one that grows a little each time does not allocate each time. */
#define LARGE_STEP (UINT64_C(64) << 10)

#define CHECK_INTERVAL_NS UINT64_C(100000000)
#define CARE_INTERVAL_NS UINT64_C(1000000000)
#define FIRST_PAUSE_NS UINT64_C(20000)
#define LONGEST_PAUSE_NS UINT64_C(1000000)

/* Slots that the last writer used, and `current`. What was half-written counts as live too: it becomes free at the
   first scan that finds it uncovered. */
static void inherit(struct mms__pool *pool)
{
    uint32_t used = mms__load_relaxed(&pool->control->slots_used);

    pool->used = used < pool->header.max_slots ? used : pool->header.max_slots;
    for (unsigned slot = 0; slot < pool->header.max_slots; slot++) {
        uint64_t backed = mms__load_relaxed(&pool->control->slots[slot].allocated);

        pool->slots[slot].backed = backed < pool->header.stride ? backed : pool->header.stride;
        pool->backed += pool->slots[slot].backed;
        if (slot >= pool->used)
            continue;
        pool->slots[slot].generation = mms__load_relaxed(&pool->control->slots[slot].generation);
        pool->slots[slot].state = MMS__SLOT_LIVE;
    }
}

int mms__pool_init(struct mms__pool *pool)
{
    pool->slots = calloc(pool->header.max_slots, sizeof *pool->slots);
    pool->free_list = calloc(pool->header.max_slots, sizeof *pool->free_list);
    pool->holders = calloc(pool->table.max_readers, sizeof *pool->holders);
    if (!pool->slots || !pool->free_list || !pool->holders) {
        mms__pool_free(pool);
        return -ENOMEM;
    }
    inherit(pool);
    return 0;
}

void mms__pool_free(struct mms__pool *pool)
{
    free(pool->slots);
    free(pool->free_list);
    free(pool->holders);
    pool->slots = NULL;
    pool->free_list = NULL;
    pool->holders = NULL;
}

/* ---- Memory ---- */

static uint64_t slot_offset(const struct mms__pool *pool, unsigned slot)
{
    return slot * pool->header.stride;
}

static uint64_t room_for(const struct mms__pool *pool, uint64_t size)
{
    uint64_t unit = size > LARGE_STEP ? LARGE_STEP : mms__page_size();
    uint64_t room = mms__round_up(size ? size : 1, unit);

    return room < pool->header.stride ? room : pool->header.stride;
}

static int fail_gone(const struct mms__pool *pool, int code)
{
    if (code != MMS_E_GONE)
        return mms__fail(code, "writing %s: looking for its file `data`", pool->path);
    return mms__fail(code, "writing %s: its file `data` is not there any more; open the writer again", pool->path);
}

/* A descriptor that is ours, of a file that still is the region's. */
static int ensure_data_file(struct mms__pool *pool)
{
    struct stat status;
    int code = mms__file_ensure(pool->data_file, pool->path, "data", O_RDWR);

    if (code == 0 && fstat(pool->data_file->fd, &status) == 0 && status.st_nlink == 0)
        code = MMS_E_GONE;
    return code == 0 ? 0 : fail_gone(pool, code);
}

/* For the next writer: before memory is asked for, and after it was given back, so that it never has too little. */
static void note_backed(struct mms__pool *pool, unsigned slot, uint64_t size)
{
    pool->backed += size - pool->slots[slot].backed;
    pool->slots[slot].backed = size;
    mms__store_relaxed(&pool->control->slots[slot].allocated, size);
}

/* Only what is above `keep` goes (there is something). The slot is taken, or free and marked anew: a copying reader must
   not find zeros under a generation word that fits. Nor is anything punched under an evicted reader: its loads would take
   new memory, or end it if there is none. */
static void trim(struct mms__pool *pool, unsigned slot, uint64_t keep)
{
    struct mms__slot *own = &pool->slots[slot];

    if (own->evicted != 0 || mms__punch(pool->data_file->fd, slot_offset(pool, slot) + keep, own->backed - keep) != 0)
        return;
    MMS__STEP(trim_punched);
    if (own->allocated > keep)
        own->allocated = keep;
    note_backed(pool, slot, keep);
    MMS__STEP(trim_noted);
}

static int fail_full(const struct mms__pool *pool, int code, uint64_t size)
{
    if (code == -ENOSPC || code == -EDQUOT)
        return mms__fail(
            code,
            "writing %s: no room for another %llu bytes; the last value stays. Free some, or in a container give "
            "it more shared memory (its /dev/shm has 64 MiB by default)",
            pool->path, (unsigned long long)size);
    return mms__fail(code, "writing %s: getting room for %llu bytes", pool->path, (unsigned long long)size);
}

/* Make sure that the first `size` bytes of a slot are really there, so that no store to them can fail. */
static int provide(struct mms__pool *pool, unsigned slot, uint64_t size)
{
    struct mms__slot *own = &pool->slots[slot];
    uint64_t has = own->allocated, room = room_for(pool, size), start = slot_offset(pool, slot);
    int code;

    if (has >= size && has > 0)
        return 0;
    code = ensure_data_file(pool);
    if (code != 0)
        return code;
    if (own->backed < room)
        note_backed(pool, slot, room);
    MMS__STEP(room_noted);
    code = mms__allocate(pool->data_file->fd, start + has, room - has);
    MMS__STEP(room_allocated);
    if (code == 0)
        code = mms__populate(pool->data + start + has, (size_t)(room - has), true);
    if (code != 0) {
        trim(pool, slot, has);
        return fail_full(pool, code, room - has);
    }
    MMS__STEP(room_populated);
    own->allocated = room;
    return 0;
}

/* ---- Free slots ---- */

/* False, with no detail stored, if no generations are left. */
static bool mark(struct mms__pool *pool, unsigned slot)
{
    if (pool->generation >= MMS__GENERATION_MAX)
        return false;
    pool->generation++;
    pool->slots[slot].generation = pool->generation;
    mms__slot_take(&pool->control->slots[slot], pool->generation);
    MMS__STEP(take_fenced);
    return true;
}

static int fail_exhausted(const struct mms__pool *pool)
{
    return mms__fail(MMS_E_EXHAUSTED, "writing %s: no generations are left; remove the region and create it anew",
                     pool->path);
}

/* Give back what free slots hold, but for the first `spared` bytes of it. Returns the bytes given back. */
static uint64_t trim_free_slots(struct mms__pool *pool, uint64_t spared)
{
    uint64_t kept = 0, given = 0;

    if (ensure_data_file(pool) != 0)
        return 0;
    for (uint32_t i = pool->free_count; i-- > 0;) { /* the next ones to be used come last in the list */
        unsigned slot = pool->free_list[i];
        uint64_t backed = pool->slots[slot].backed;

        if (kept + backed <= spared) {
            kept += backed;
        } else if (mark(pool, slot)) {
            trim(pool, slot, 0);
            given += backed - pool->slots[slot].backed;
        }
    }
    return given;
}

/* Take another slot into use. Its number grows by one only when its memory is there. */
static int extend(struct mms__pool *pool, uint64_t size)
{
    unsigned slot = pool->used;
    int code = provide(pool, slot, size);

    if (code != 0)
        return code;
    pool->slots[slot].state = MMS__SLOT_FREE;
    pool->free_list[pool->free_count++] = (uint16_t)slot;
    pool->used++;
    mms__store_relaxed(&pool->control->slots_used, pool->used);
    MMS__STEP(room_slot_counted);
    return 0;
}

/* May a slot that has `has` bytes get room for `size`, as far as memory goes that is not strictly needed? */
static bool is_affordable(const struct mms__pool *pool, uint64_t has, uint64_t size)
{
    uint64_t room = room_for(pool, size), needed = FEWEST_SLOTS * room;

    return pool->backed - has + room <= (needed > SPARE_BYTES ? needed : SPARE_BYTES);
}

static bool may_extend(const struct mms__pool *pool)
{
    return pool->used < pool->header.max_slots;
}

static bool fits(const struct mms__pool *pool, uint32_t i, uint64_t size)
{
    uint64_t allocated = pool->slots[pool->free_list[i]].allocated;

    return allocated >= size && allocated > 0;
}

/* The free slot to use: one that has the room already, and of those the one put there last, which is the likeliest to
   be in a cache; else just the last. The list is not empty. */
static uint32_t find_best(const struct mms__pool *pool, uint64_t size)
{
    for (uint32_t i = pool->free_count; i-- > 0;)
        if (fits(pool, i, size))
            return i;
    return pool->free_count - 1;
}

static unsigned pop(struct mms__pool *pool, uint64_t size)
{
    uint32_t best = find_best(pool, size);
    unsigned slot = pool->free_list[best];

    pool->free_list[best] = pool->free_list[--pool->free_count];
    pool->slots[slot].state = MMS__SLOT_TAKEN;
    return slot;
}

/* False if it is worth a scan first: the free slots, if any, would have to grow, and memory is spent. */
static bool has_good_slot(const struct mms__pool *pool, uint64_t size)
{
    uint32_t best;

    if (pool->free_count == 0)
        return false;
    best = find_best(pool, size);
    return fits(pool, best, size) || is_affordable(pool, pool->slots[pool->free_list[best]].backed, size);
}

/* ---- Getting one ---- */

static bool is_due(uint64_t *last_ns, uint64_t interval_ns)
{
    uint64_t now = mms__now_coarse_ns();

    if (now - *last_ns < interval_ns)
        return false;
    *last_ns = now;
    return true;
}

/* A few times a second, at a scan: dead readers give their slots back even if nothing waits for them. */
static unsigned bury_now_and_then(struct mms__pool *pool)
{
    if (pool->holder_count == 0 || !is_due(&pool->last_check_ns, CHECK_INTERVAL_NS))
        return 0;
    if (mms__file_ensure(pool->readers_file, pool->path, "readers", O_RDWR) != 0)
        return 0;
    return mms__bury_holders(pool);
}

/* Once a second, at a scan. After a time in which readers held many slots, their memory goes back; a cycle of publishes
   needs two. And an unlinked region is noticed, although no publish would fail. */
static void take_care(struct mms__pool *pool)
{
    uint64_t spared = 2 * room_for(pool, pool->usual_size);

    pool->gone = ensure_data_file(pool) == MMS_E_GONE;
    if (pool->free_count > 2)
        (void)trim_free_slots(pool, spared > SPARE_BYTES ? spared : SPARE_BYTES);
}

static unsigned reclaim(struct mms__pool *pool)
{
    unsigned freed = mms__reclaim(pool);

    if (bury_now_and_then(pool) > 0)
        freed += mms__reclaim(pool);
    if (is_due(&pool->last_care_ns, CARE_INTERVAL_NS))
        take_care(pool);
    return freed;
}

/* Nothing is free and nothing more can be taken into use: wait for readers. `reason` is what stopped an extension. */
static int wait_for_readers(struct mms__pool *pool, struct mms__patience patience, int reason, mms_receipt *receipt)
{
    uint64_t start = mms__now_ns(), pause = FIRST_PAUSE_NS;
    uint64_t deadline = patience.grace_ms == MMS_NO_WAIT ? start : mms__deadline(patience.grace_ms);

    pool->last_check_ns = 0; /* look for the dead at once */
    while ((receipt->reclaimed = reclaim(pool)) == 0) {
        if (pool->holder_count == 0) /* so no more than `current` is in use, and something stopped the extension */
            return reason;
        if (mms__now_ns() >= deadline)
            break;
        mms__sleep_ns(pause);
        pause = pause * 2 < LONGEST_PAUSE_NS ? pause * 2 : LONGEST_PAUSE_NS;
    }
    receipt->waited_ns = mms__now_ns() - start;
    if (receipt->reclaimed == 0 && patience.on_grace == MMS_EVICT)
        receipt->evicted = mms__evict(pool);
    if (receipt->reclaimed + receipt->evicted > 0)
        return 0;
    if (reason != 0)
        return reason;
    mms__name_holders(pool, receipt);
    return mms__fail(
        MMS_E_AGAIN,
        "writing %s: live readers hold all of its %u slots, and did for %llu ms (%u lines, the first of pid "
        "%d); the last value stays. End those readers, or give it more max_slots",
        pool->path, pool->used, (unsigned long long)(receipt->waited_ns / 1000000), receipt->blockers,
        (int)receipt->blocker_pid[0]);
}

/* See to it that the free list is not empty, and better that something on it fits. */
static int refill(struct mms__pool *pool, uint64_t size, struct mms__patience patience, mms_receipt *receipt)
{
    int reason = 0;

    if (may_extend(pool) && is_affordable(pool, 0, size) && (reason = extend(pool, size)) == 0)
        return 0;
    receipt->reclaimed = reclaim(pool);
    if (pool->free_count > 0)
        return 0;
    if (reason == 0 && may_extend(pool) && (reason = extend(pool, size)) == 0)
        return 0;
    return wait_for_readers(pool, patience, reason, receipt);
}

/* Room in a slot just taken; if there is none, at the expense of the free ones. */
static int provide_or_trim(struct mms__pool *pool, unsigned slot, uint64_t size)
{
    int code = provide(pool, slot, size);

    if ((code == -ENOSPC || code == -EDQUOT) && trim_free_slots(pool, 0) > 0)
        code = provide(pool, slot, size);
    return code;
}

static void remember_size(struct mms__pool *pool, uint64_t size)
{
    uint64_t decayed = pool->usual_size - pool->usual_size / 16;

    pool->usual_size = size > decayed ? size : decayed;
}

int mms__pool_take(struct mms__pool *pool, uint64_t size, struct mms__patience patience, unsigned *slot,
                   mms_receipt *receipt)
{
    uint64_t keep;
    int code = 0;

    if (!has_good_slot(pool, size) && (code = refill(pool, size, patience, receipt)) != 0)
        return code;
    if (pool->gone)
        return fail_gone(pool, MMS_E_GONE);
    *slot = pop(pool, size);
    code = mark(pool, *slot) ? 0 : fail_exhausted(pool);
    if (code == 0)
        code = provide_or_trim(pool, *slot, size);
    if (code != 0) {
        mms__pool_put(pool, *slot);
        return code;
    }
    remember_size(pool, size);
    keep = room_for(pool, pool->usual_size);
    /* Not a little at a time while the usual size decays: punching costs milliseconds. */
    if (pool->slots[*slot].backed > 4 * keep + SPARE_BYTES && ensure_data_file(pool) == 0)
        trim(pool, *slot, keep);
    return 0;
}

int mms__pool_grow(struct mms__pool *pool, unsigned slot, uint64_t size)
{
    int code = provide_or_trim(pool, slot, size);

    if (code == 0)
        remember_size(pool, size);
    return code;
}

void mms__pool_put(struct mms__pool *pool, unsigned slot)
{
    pool->slots[slot].state = MMS__SLOT_FREE;
    pool->free_list[pool->free_count++] = (uint16_t)slot;
}

void mms__pool_publish(struct mms__pool *pool, unsigned slot)
{
    pool->slots[slot].state = MMS__SLOT_LIVE;
}

const char *mms__pool_invariant(const struct mms__pool *pool)
{
    uint32_t free_slots = 0;

    if (pool->used > pool->header.max_slots)
        return "more slots are used than there are";
    for (unsigned slot = 0; slot < pool->header.max_slots; slot++) {
        if ((pool->slots[slot].state == MMS__SLOT_UNUSED) != (slot >= pool->used))
            return "a slot's state does not fit the count of used slots";
        if (pool->slots[slot].generation > pool->generation)
            return "a slot has a generation that was not given out";
        free_slots += pool->slots[slot].state == MMS__SLOT_FREE;
    }
    if (free_slots != pool->free_count)
        return "the free list and the slots' states differ";
    for (uint32_t i = 0; i < pool->free_count; i++)
        if (pool->slots[pool->free_list[i]].state != MMS__SLOT_FREE)
            return "a slot on the free list is not free";
    return NULL;
}
