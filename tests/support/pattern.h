/* SPDX-License-Identifier: Apache-2.0 */
/* Values whose every byte follows from (seed, index, size): a value that mixes two publishes or
   two sizes, or is older or newer than its view says, is noticed at once. */
#ifndef TEST_PATTERN_H
#define TEST_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A seed is the generation that the value will have or, if that is not known yet, anything with
   this bit set; then the value must have 8 bytes or more. */
#define PATTERN_FREE_SEED (UINT64_C(1) << 63)

void pattern_fill(void *to, size_t size, uint64_t seed);

/* True if it is a whole value that may be this generation's. */
bool pattern_check(const void *from, size_t size, uint64_t generation);

/* A small, fast random number generator; *state is anything but 0. */
static inline uint64_t pattern_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* A size from low to high, each power of two as likely as the next. */
size_t pattern_random_size(uint64_t *state, size_t low, size_t high);

#endif
