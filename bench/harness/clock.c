/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include <time.h>

static double ns_per_tick = 1;

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clock_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_thread_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/* Everything before it has finished, and nothing after it has begun. */
uint64_t ticks(void)
{
#if defined(__x86_64__)
    uint32_t low, high;

    __asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
#else
    return clock_ns();
#endif
}

double ticks_ns(uint64_t difference)
{
    return (double)difference * ns_per_tick;
}

void clock_calibrate(void)
{
#if defined(__x86_64__)
    uint64_t from_ns = clock_ns(), from = ticks(), now_ns;

    while ((now_ns = clock_ns()) - from_ns < 5000000)
        ;
    ns_per_tick = (double)(now_ns - from_ns) / (double)(ticks() - from);
#endif
}

void sleep_until(uint64_t when)
{
    uint64_t now = clock_ns();

    if (when > now + 300000)
        nanosleep(&(struct timespec){.tv_nsec = (long)((when - now - 200000) % 1000000000)}, NULL);
    while (clock_ns() < when)
        pause_briefly();
}

static uint64_t nothing(void *reader, size_t times)
{
    (void)reader;
    return times;
}

/* With the call through a pointer that every measured call is. */
double ticks_overhead_ns(void)
{
    uint64_t (*call)(void *, size_t) = nothing;
    struct samples samples;
    double median;

    __asm__ volatile("" : "+r"(call));
    samples_init(&samples, 10001);
    for (int i = 0; i < 10001; i++) {
        uint64_t from = ticks();

        keep(call(NULL, 1));
        samples_add(&samples, ticks_ns(ticks() - from));
    }
    median = samples_quantile(&samples, 0.5);
    samples_free(&samples);
    return median;
}
