/* SPDX-License-Identifier: Apache-2.0 */
/* The values of struct bench_keys: words, of which the first is the entry's number and the others
   are the stamp. A value of a text ends with half a word. */
#ifndef BENCH_VALUES_H
#define BENCH_VALUES_H

#include "common.h"

enum { VALUES_LONGEST = BENCH_TEXT_VALUE };

static inline size_t values_size(bool texts)
{
    return texts ? BENCH_TEXT_VALUE : BENCH_WORD_VALUE;
}

/* `size` is that of an entry: a constant where the caller knows it. */
static inline void values_fill(void *value, size_t size, uint64_t number, uint64_t stamp)
{
    uint64_t words[(VALUES_LONGEST + 7) / 8];

    words[0] = number;
    for (size_t i = 1; i < (size + 7) / 8; i++)
        words[i] = stamp;
    memcpy(value, words, size);
}

/* Looks at its first two words and the last one. */
static inline bool values_is(const void *value, size_t size, uint64_t number, uint64_t stamp)
{
    const char *bytes = value;
    uint64_t first, second, last;

    memcpy(&first, bytes, sizeof first);
    memcpy(&second, bytes + sizeof first, sizeof second);
    memcpy(&last, bytes + size / 8 * 8 - sizeof last, sizeof last);
    return first == number && second == last && second >= stamp;
}

#endif
