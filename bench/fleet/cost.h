/* SPDX-License-Identifier: Apache-2.0 */
/* What a program took. */
#ifndef BENCH_FLEET_COST_H
#define BENCH_FLEET_COST_H

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

static inline double cost_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline double cost_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* The seconds since `began`, and those of a processor. */
static inline void cost_print(double began)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    printf("%.3f %.3f\n", cost_seconds() - began, cost_of(used.ru_utime) + cost_of(used.ru_stime));
}

#endif
