/* SPDX-License-Identifier: Apache-2.0 */
/* mms_wait: sleeping until something newer is published. */
#include "core/clock.h"
#include "core/error.h"
#include "core/futex.h"
#include "core/protocol.h"
#include "core/region.h"
#include <errno.h>

/* How long a waiter sleeps before it looks whether the region was unlinked (nobody wakes it then), or whether somebody
   who may write the reader table has cleared the flag. */
#ifndef MMS__WAIT_SLICE_NS /* tests of lost wakes make it long */
#define MMS__WAIT_SLICE_NS UINT64_C(1000000000)
#endif

static uint64_t generation_of(uint64_t word)
{
    return mms__word_pinnable(word) ? mms__word_generation(word) : 0;
}

static int fail_gone(const struct mms_region *region)
{
    return mms__fail_unpinnable(region, MMS__TOMBSTONE);
}

/* 1: changed; 0: not yet; or an error. */
static int look(struct mms_region *region, uint64_t seen, uint64_t word)
{
    if (word == MMS__TOMBSTONE)
        return fail_gone(region);
    return generation_of(word) != seen;
}

static int sleep_once(struct mms_region *region, uint64_t seen, uint64_t nanoseconds)
{
    const uint32_t *wake = &region->control->wake;
    uint32_t value = mms__load_acquire(wake); /* before the last look: a later publish changes it */
    uint32_t another_boot = mms__load_acquire(&region->another_boot); /* before `current`: see mms__region_current */
    uint64_t word;
    int code;

    MMS__STEP(wait_begun);
    word = mms__wait_arm(&region->table.shared->waiting, &region->control->current);
    MMS__STEP(wait_armed);
    if (another_boot)
        word = mms__region_current(region);
    code = look(region, seen, word);
    if (code != 0)
        return code;
    MMS__STEP(wait_falling_asleep);
    code = mms__futex_wait(wake, value, nanoseconds);
    MMS__STEP(wait_woken);
    if (code == -EINTR)
        return mms__fail(code, "waiting for %s: a signal came", region->place.path);
    if (code != 0 && code != -EAGAIN && code != -ETIMEDOUT)
        return mms__fail(code, "waiting for %s: futex(2)", region->place.path);
    if (code == -ETIMEDOUT && mms__region_was_unlinked(region))
        return fail_gone(region);
    return 0;
}

static int check_arguments(const mms_reader *reader, int timeout_ms)
{
    if (!reader || timeout_ms < MMS_FOREVER)
        return mms__fail(MMS_E_INVALID, "mms_wait: %s", reader ? "the timeout is below -1" : "the reader is NULL");
    if (reader->head.state == MMS__FORKED)
        return mms__fail(MMS_E_FORKED, "mms_wait: the reader belongs to the parent process; open one in this process");
    if (reader->head.state == MMS__CLOSED)
        return mms__fail(MMS_E_INVALID, "mms_wait: the reader is closed");
    return 0;
}

int mms_wait(mms_reader *reader, uint64_t seen, int timeout_ms)
{
    uint64_t deadline;
    int code = check_arguments(reader, timeout_ms);

    if (code != 0)
        return code;
    if (reader->region->foreign)
        return reader->region->foreign->wait(reader, seen, timeout_ms);
    code = look(reader->region, seen, mms__region_current(reader->region));
    if (code != 0)
        return code < 0 ? code : 0;
    for (deadline = mms__deadline(timeout_ms); code == 0;) {
        uint64_t now = mms__now_ns(), left = deadline > now ? deadline - now : 0;

        if (left == 0)
            return mms__fail(MMS_E_TIMEOUT, "waiting for %s: nothing newer than generation %llu in %d ms",
                             reader->region->place.path, (unsigned long long)seen, timeout_ms);
        code = sleep_once(reader->region, seen, left < MMS__WAIT_SLICE_NS ? left : MMS__WAIT_SLICE_NS);
    }
    return code < 0 ? code : 0;
}
