/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/gauge.h"
#include "cli/interrupt.h"
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double median(double *figures, size_t count)
{
    if (!count)
        return 0;
    qsort(figures, count, sizeof *figures, compare);
    return count % 2 ? figures[count / 2] : (figures[count / 2 - 1] + figures[count / 2]) / 2;
}

struct samples *samples_start(const struct bench *bench)
{
    struct samples *samples = malloc(sizeof *samples);

    if (samples) {
        samples->count = 0;
        samples->end_ns = monotonic_ns() + bench->slice_ns;
    }
    return samples;
}

bool samples_wanted(const struct samples *samples)
{
    if (samples->count == SAMPLES_MOST || interrupted())
        return false;
    return samples->count < SAMPLES_LEAST || monotonic_ns() < samples->end_ns;
}

void samples_add(struct samples *samples, const struct bench *bench, uint64_t from_ns, uint64_t to_ns)
{
    double ns = (double)(to_ns - from_ns) - bench->clock_ns;

    samples->ns[samples->count++] = ns > 0 ? ns : 0;
}

int samples_finish(struct samples *samples, int code, double *figure)
{
    if (!code)
        *figure = median(samples->ns, samples->count);
    free(samples);
    return code;
}
