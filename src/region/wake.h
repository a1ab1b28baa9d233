/* SPDX-License-Identifier: Apache-2.0 */
/* Waking the sleepers of mms_wait after a publish: the writer's part. wait.c has the sleepers'. */
#ifndef MMS_REGION_WAKE_H
#define MMS_REGION_WAKE_H

#include "os/futex.h"
#include "region/protocol.h"

/* Wake all of a few waiters, or one of many, which then wakes the rest. The one that an earlier
   publish woke may have died before it did so: then this publish starts over. */
static inline void mms__wake_waiters(uint32_t *wake, struct mms__readers *readers)
{
    bool many = mms__many_wait(&readers->waiting), due = mms__wake_due(wake, &readers->waiting);
    uint32_t left = mms__load_relaxed(&readers->relay);

    if (MMS__LIKELY(!due && left == 0))
        return;
    if (!many && left == 0) {
        mms__futex_wake_all(wake);
        return;
    }
    mms__relay_open(&readers->relay, mms__load_relaxed(wake));
    if (mms__futex_wake_one(wake))
        return;
    mms__store_relaxed(&readers->relay, 0); /* nobody sleeps */
    MMS__STEP(relay_closed);
}

#endif
