/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_OS_CLOCK_H
#define MMS_OS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline uint64_t mms__read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t mms__now_ns(void)
{
    return mms__read_clock(CLOCK_MONOTONIC);
}

/* To within a few milliseconds, at a quarter of the cost. */
static inline uint64_t mms__now_coarse_ns(void)
{
    return mms__read_clock(CLOCK_MONOTONIC_COARSE);
}

/* Whether the interval since `last_ns`, on that clock, is over. If so, the next one begins. */
static inline bool mms__is_due(uint64_t *last_ns, uint64_t interval_ns)
{
    uint64_t now = mms__now_coarse_ns();

    if (now - *last_ns < interval_ns)
        return false;
    *last_ns = now;
    return true;
}

/* The time of day, exact to a tick of the kernel's clock, 1 to 10 ms. Half the cost of reading the
   processor's counter. */
static inline uint64_t mms__time_coarse_ns(void)
{
    return mms__read_clock(CLOCK_REALTIME_COARSE);
}

/* A time on mms__now_ns's clock; negative: never. */
static inline uint64_t mms__deadline(int milliseconds)
{
    return milliseconds < 0 ? UINT64_MAX : mms__now_ns() + (uint64_t)milliseconds * 1000000u;
}

static inline void mms__sleep_ns(uint64_t nanoseconds)
{
    struct timespec pause = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};

    (void)nanosleep(&pause, NULL);
}

#endif
