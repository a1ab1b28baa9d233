/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_CLI_DEMO_CLOCK_H
#define MMS_CLI_DEMO_CLOCK_H

#include "cli/now.h"

static inline void sleep_ms(unsigned ms)
{
    struct timespec pause = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};

    nanosleep(&pause, NULL);
}

/* Until a moment of monotonic_ns, or a signal. */
static inline void sleep_until(uint64_t ns)
{
    struct timespec moment = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL);
}

#endif
