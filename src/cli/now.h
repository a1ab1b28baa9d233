/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_CLI_NOW_H
#define MMS_CLI_NOW_H

#include <stdint.h>
#include <time.h>

static inline uint64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* One clock for all processes of the host: times taken in two of them can be compared. */
static inline uint64_t monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

#endif
