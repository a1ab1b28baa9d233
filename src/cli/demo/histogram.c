/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/histogram.h"

enum { SUB = 1 << HISTOGRAM_SUB_BITS };

static unsigned bucket_of(uint64_t ns)
{
    unsigned top;

    if (ns >= UINT64_C(1) << HISTOGRAM_TOP_BIT)
        return HISTOGRAM_BUCKETS - 1;
    if (ns < SUB)
        return (unsigned)ns;
    top = 63 - (unsigned)__builtin_clzll(ns);
    return (top - HISTOGRAM_SUB_BITS + 1) * SUB + (unsigned)(ns >> (top - HISTOGRAM_SUB_BITS)) % SUB;
}

static uint64_t bucket_end(unsigned bucket)
{
    unsigned octave = bucket / SUB;

    if (octave == 0)
        return bucket;
    return ((uint64_t)(SUB + bucket % SUB + 1) << (octave - 1)) - 1;
}

/* Only one process adds, so a load and a store suffice: no locked instruction in what is
   measured. */
static void increase(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

static void raise_max(struct histogram *histogram, uint64_t ns)
{
    if (ns > atomic_load_explicit(&histogram->max, memory_order_relaxed))
        atomic_store_explicit(&histogram->max, ns, memory_order_relaxed);
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    increase(&histogram->counts[bucket_of(ns)], 1);
    raise_max(histogram, ns);
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        increase(&into->counts[i], atomic_load_explicit(&from->counts[i], memory_order_relaxed));
    raise_max(into, atomic_load_explicit(&from->max, memory_order_relaxed));
}

uint64_t histogram_samples(const struct histogram *histogram)
{
    uint64_t samples = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        samples += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
    return samples;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
    uint64_t max = atomic_load_explicit(&histogram->max, memory_order_relaxed);
    uint64_t samples = histogram_samples(histogram), below = 0;
    uint64_t rank = (uint64_t)((double)samples * share);

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS && samples; i++) {
        below += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
        if (below > rank || below == samples)
            return bucket_end(i) < max ? bucket_end(i) : max;
    }
    return 0;
}
