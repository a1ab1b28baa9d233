/* SPDX-License-Identifier: Apache-2.0 */
/* Which records are in which table. Every table holds a different part of the data set, chosen
   by its serial alone, so a reader knows without being told what it must find and what it must
   not. */
#ifndef MMS_CLI_DEMO_SUBSET_H
#define MMS_CLI_DEMO_SUBSET_H

#include <stdbool.h>
#include <stdint.h>

/* The finalizer of SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t mix_bits(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

struct subset {
    uint64_t seed;
    uint32_t share; /* of 65536 */
};

/* One table in four is full. Of the others every second one has half of the records or more,
   every fourth a quarter or more, and so on down to less than 1/128. */
static inline struct subset subset_of(uint64_t serial)
{
    struct subset subset = {mix_bits(serial), 65536};
    int halvings = __builtin_ctz((unsigned)(subset.seed & 127) | 128);
    unsigned part = 128 + (unsigned)(subset.seed >> 8 & 127);

    if (serial % 4)
        subset.share = (65536u >> halvings) * part / 256;
    return subset;
}

static inline bool subset_has(struct subset subset, uint32_t number)
{
    return (mix_bits(subset.seed ^ number) & 0xffff) < subset.share;
}

#endif
