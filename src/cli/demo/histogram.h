/* SPDX-License-Identifier: Apache-2.0 */
/* Latencies in logarithmic buckets: 32 to an octave, so a quantile is at most 3.2% too high. A histogram can lie in
   shared memory; one process adds, any may look. */
#ifndef MMS_CLI_DEMO_HISTOGRAM_H
#define MMS_CLI_DEMO_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_SUB_BITS = 5, HISTOGRAM_TOP_BIT = 40 };
enum { HISTOGRAM_BUCKETS = (HISTOGRAM_TOP_BIT - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS };

/* All zero is an empty histogram. */
struct histogram {
    _Atomic uint64_t max; /* exact */
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t ns);
/* Add everything in `from` to `into`, which nobody else touches. */
void histogram_merge(struct histogram *into, const struct histogram *from);
uint64_t histogram_samples(const struct histogram *histogram);
/* The value that `share` (0 to 1) of all samples do not exceed; 0 without samples. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
