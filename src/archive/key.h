/* SPDX-License-Identifier: Apache-2.0 */
/* A key of a map, from an input value or from an archive: hashed as Rust's Hash and SeaHash do, and ordered as Ord. */
#ifndef MMS_KEY_H
#define MMS_KEY_H

#include <mmsync/archive.h>

struct mms__key {
    uint64_t word;     /* width > 0: the integer, zero-extended; for archived usize and isize what is archived */
    const void *bytes; /* width 0: text or a 128-bit integer */
    size_t size;
    unsigned width;
    int kind;
};

/* usize is given the archived width, so that a look-up finds it; mms__encode_value refuses what does not fit. */
struct mms__key mms__key_of_input(const mms_type *type, const void *in);
struct mms__key mms__key_of_archived(const mms_type *type, const void *at);

int mms__key_compare(const struct mms__key *a, const struct mms__key *b);

static inline uint64_t mms__key_hash(const struct mms__key *key)
{
    if (MMS__LIKELY(key->width > 0))
        return mms__sea_word(key->word, key->width);
    return mms__sea_bytes(NULL, key->bytes, key->size, key->kind == MMS_T_STRING);
}

static inline uint64_t mms__key_seeded_hash(const struct mms__key *key, uint32_t seed)
{
    if (MMS__LIKELY(key->width > 0))
        return mms__sea_seeded_word(seed, key->word, key->width);
    return mms__sea_bytes(&seed, key->bytes, key->size, key->kind == MMS_T_STRING);
}

static inline bool mms__key_equal(const struct mms__key *a, const struct mms__key *b)
{
    if (MMS__LIKELY(a->width > 0))
        return a->word == b->word;
    return a->size == b->size && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

#endif
