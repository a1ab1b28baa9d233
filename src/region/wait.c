/* SPDX-License-Identifier: Apache-2.0 */
/* Sleeping until something newer is published. */
#include "base/error.h"
#include "base/minmax.h"
#include "base/probe.h"
#include "os/cancel.h"
#include "os/clock.h"
#include "os/futex.h"
#include "region/backend.h"
#include "region/protocol.h"
#include "region/region.h"
#include <errno.h>

/* How long a waiter sleeps before it looks again by itself: nobody wakes it when the region is
   unlinked, or when a process that may write the reader table has cleared the flag. */
#ifndef MMS__WAIT_SLICE_NS /* tests for lost wakes make it long */
#define MMS__WAIT_SLICE_NS UINT64_C(1000000000)
#endif

/* A process that may not write the reader table cannot ask to be woken; any other way of asking
   would cost every publish a system call. So its sleeps are short, and grow longer. A publish that
   wakes another waiter ends them early. */
#define SHORTEST_NS UINT64_C(50000)
#define LONGEST_NS UINT64_C(10000000)

/* 0: it has changed; -EAGAIN: not yet; or an error. */
static int look(struct mms__native_region *region, uint64_t seen, uint64_t word)
{
    if (word == MMS__TOMBSTONE)
        return mms__region_fail_gone(&region->front);
    return mms__current_generation(word) != seen ? 0 : -EAGAIN;
}

static uint64_t arm(struct mms__native_region *region)
{
    if (region->front.read_only)
        return mms__load_acquire(&region->control->current); /* only compared */
    return mms__wait_arm(&region->table.shared->waiting, &region->control->current);
}

/* After a sleep that timed out. Those that sleep for less than a second look once a second too. */
static bool has_gone(struct mms_region *front)
{
    return front->read_only ? mms__region_glance(front) : mms__region_is_gone(front);
}

/* Wake the others, if the writer has left that to the waiter that it woke (protocol.h). A process
   that may not write the reader table cannot take that on, so it passes its wake to the next
   sleeper, which the kernel allows through a read-only mapping. */
static void pass_on(struct mms__native_region *region, bool woken, bool late)
{
    uint32_t *wake = (uint32_t *)(uintptr_t)&region->control->wake, taken;

    if (region->front.read_only) {
        if (woken)
            (void)mms__futex_wake_one(wake);
        return;
    }
    taken = mms__relay_take(&region->table.shared->relay, late);
    if (taken == 0)
        return;
    mms__futex_wake_all(wake);
    mms__relay_end(&region->table.shared->relay, taken);
}

/* The longest that the next sleep may be; `pause` is what that was the last time, 0 at first. */
static uint64_t next_pause(const struct mms_region *front, uint64_t pause)
{
    if (!front->read_only)
        return MMS__WAIT_SLICE_NS;
    if (pause == 0)
        return SHORTEST_NS;
    return mms__min(2 * pause, LONGEST_NS);
}

int mms__native_wait_begin(struct mms_region *front, uint64_t seen, struct mms__sleep *sleep)
{
    struct mms__native_region *region = mms__native_region_of(front);
    const uint32_t *wake = &region->control->wake;
    uint32_t value = mms__load_acquire(wake); /* before the last look: a later publish changes it */
    uint32_t another_boot = mms__load_acquire(&region->another_boot); /* before `current`: see mms__region_current */
    uint64_t word;
    int code;

    MMS__STEP(wait_begun);
    pass_on(region, false, false);
    word = arm(region);
    MMS__STEP(wait_armed);
    if (another_boot)
        word = mms__region_current(region);
    code = look(region, seen, word);
    if (code == -EAGAIN)
        *sleep = (struct mms__sleep){wake, value, next_pause(front, sleep->longest_ns)};
    return code;
}

int mms__native_wait_end(struct mms_region *front, int result)
{
    struct mms__native_region *region = mms__native_region_of(front);

    if (result != 0 && result != -EAGAIN && result != -ETIMEDOUT)
        return mms__fail(result, "waiting for %s: futex(2)", front->place.path);
    pass_on(region, result == 0, result == -ETIMEDOUT);
    if (result == -ETIMEDOUT && has_gone(front))
        return mms__region_fail_gone(front);
    return -EAGAIN;
}

/* Returns what look() does. */
static int sleep_once(struct mms_region *front, uint64_t seen, uint64_t left, struct mms__sleep *sleep, int before)
{
    int code = mms__native_wait_begin(front, seen, sleep);

    if (code != -EAGAIN)
        return code;
    MMS__STEP(wait_falling_asleep);
    code = mms__futex_wait(sleep->word, sleep->value, mms__min(left, sleep->longest_ns), before);
    MMS__STEP(wait_woken);
    if (code == -EINTR) /* which used up nobody's wake */
        return mms__fail(code, "waiting for %s: a signal came", front->place.path);
    return mms__native_wait_end(front, code);
}

static int fail_timeout(struct mms__native_region *region, uint64_t seen, int timeout_ms)
{
    if (mms__region_is_gone(&region->front))
        return mms__region_fail_gone(&region->front);
    return mms__fail(MMS_E_TIMEOUT, "waiting for %s: nothing newer than generation %llu in %d ms",
                     region->front.place.path, (unsigned long long)seen, timeout_ms);
}

int mms__native_wait(struct mms_region *front, uint64_t seen, int timeout_ms)
{
    struct mms__native_region *region = mms__native_region_of(front);
    struct mms__sleep sleep = {0};
    uint64_t deadline;
    int code = look(region, seen, mms__region_current(region));

    if (code != -EAGAIN)
        return code;
    MMS__HOLD_CANCEL(before);
    for (deadline = mms__deadline(timeout_ms); code == -EAGAIN;) {
        uint64_t now = mms__now_ns(), left = deadline > now ? deadline - now : 0;

        if (left == 0)
            return fail_timeout(region, seen, timeout_ms);
        code = sleep_once(front, seen, left, &sleep, before);
    }
    if (code == 0)
        MMS__PROBE2(woken, front->place.path, mms__current_generation(mms__load_relaxed(&region->control->current)));
    return code;
}
