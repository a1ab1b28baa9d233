/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the parts of struct bench_parts. */
#ifndef BENCH_PARTS_H
#define BENCH_PARTS_H

#include "common.h"

/* ---- A record: its number, and the stamp seven times ---- */

enum { PARTS_RECORD_WORDS = BENCH_RECORD_SIZE / 8 };

static inline void parts_fill_record(void *record, uint64_t i, uint64_t stamp)
{
    const uint64_t words[PARTS_RECORD_WORDS] = {i, stamp, stamp, stamp, stamp, stamp, stamp, stamp};

    memcpy(record, words, sizeof words);
}

static inline bool parts_is_record(const void *record, uint64_t i, uint64_t stamp)
{
    uint64_t words[PARTS_RECORD_WORDS];
    bool whole = true;

    memcpy(words, record, sizeof words);
    for (int j = 2; j < PARTS_RECORD_WORDS; j++)
        whole = whole && words[j] == words[1];
    return whole && words[0] == i && words[1] >= stamp;
}

/* ---- An entry: bench_table_key(i) -> the stamp eight times ---- */

struct parts_entry {
    float floats[8];
};

static inline void parts_fill_entry(struct parts_entry *entry, uint64_t stamp)
{
    for (int j = 0; j < 8; j++)
        entry->floats[j] = (float)stamp;
}

static inline bool parts_is_entry(const struct parts_entry *entry, uint64_t stamp)
{
    bool whole = true;

    for (int j = 1; j < 8; j++)
        whole = whole && entry->floats[j] == entry->floats[0];
    return whole && entry->floats[0] >= (float)stamp;
}

#endif
