/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern.h"
#include <string.h>

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t start_of(uint64_t seed, size_t size)
{
    return mix(seed + mix(size + 1));
}

static uint64_t word_at(uint64_t start, size_t index)
{
    return start + (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

void pattern_fill(void *to, size_t size, uint64_t seed)
{
    unsigned char *bytes = to;
    uint64_t start = start_of(seed, size), last = word_at(start, size / 8);

    for (size_t i = 0; i < size / 8; i++) {
        uint64_t word = i == 0 ? seed : word_at(start, i);

        memcpy(bytes + 8 * i, &word, 8);
    }
    memcpy(bytes + size / 8 * 8, &last, size % 8);
}

bool pattern_check(const void *from, size_t size, uint64_t generation)
{
    const unsigned char *bytes = from;
    uint64_t seed = generation, start, difference = 0, last;

    if (size >= 8) {
        memcpy(&seed, bytes, 8);
        if (seed != generation && !(seed & PATTERN_FREE_SEED))
            return false;
    }
    start = start_of(seed, size);
    for (size_t i = 1; i < size / 8; i++) {
        uint64_t word;

        memcpy(&word, bytes + 8 * i, 8);
        difference |= word ^ word_at(start, i);
    }
    last = word_at(start, size / 8);
    return difference == 0 && memcmp(bytes + size / 8 * 8, &last, size % 8) == 0;
}

size_t pattern_random_size(uint64_t *state, size_t low, size_t high)
{
    unsigned lowest = 63 - (unsigned)__builtin_clzll(low), highest = 63 - (unsigned)__builtin_clzll(high);
    unsigned power = lowest + (unsigned)(pattern_random(state) % (highest - lowest + 1));
    size_t size = ((size_t)1 << power) + (size_t)(pattern_random(state) & (((uint64_t)1 << power) - 1));

    return size < low ? low : size > high ? high : size;
}
