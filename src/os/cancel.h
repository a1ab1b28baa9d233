/* SPDX-License-Identifier: Apache-2.0 */
/* Thread cancellation. A thread that is cancelled in the middle of a call would leave locks,
   descriptors and half a region behind. So every call that reaches a cancellation point of
   libc holds cancellation off until it returns, and the few waits that may be long let it in
   where nothing is held. Calls without system calls hold nothing off: the inline reads, and a
   write that finds its slot ready. */
#ifndef MMS_OS_CANCEL_H
#define MMS_OS_CANCEL_H

#include "os/clock.h"
#include <pthread.h>

static inline int mms__cancel_hold(void)
{
    int state = PTHREAD_CANCEL_ENABLE;

    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    return state;
}

static inline void mms__cancel_restore(const int *state)
{
    (void)pthread_setcancelstate(*state, NULL);
}

/* Until the end of the block, however it is left. `before` names the caller's state, for the
   waits below. It nests: inside, that state is PTHREAD_CANCEL_DISABLE. */
#define MMS__HOLD_CANCEL(before) int before __attribute__((cleanup(mms__cancel_restore), unused)) = mms__cancel_hold()

/* A cancellation point if the caller's state allows it: the thread may end here, so whatever
   it holds needs a cleanup handler further up (pthread_cleanup_push). */
static inline void mms__sleep_cancellable(uint64_t nanoseconds, int before)
{
    (void)pthread_setcancelstate(before, NULL);
    mms__sleep_ns(nanoseconds);
    (void)mms__cancel_hold();
}

#endif
