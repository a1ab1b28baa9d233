/* SPDX-License-Identifier: Apache-2.0 */
/* A key of a map, from an input value or from an archive: hashed as Rust's Hash and SeaHash do, and ordered as Ord. */
#ifndef MMS_KEY_H
#define MMS_KEY_H

#include "archive/load.h"

struct mms__key {
    uint64_t word;     /* width > 0: the integer, zero-extended; for archived usize and isize what is archived */
    const void *bytes; /* of a text, and of a 128-bit integer */
    size_t size;
    unsigned width; /* of what is hashed, if that is 8 bytes at most; 0: the bytes are */
    int kind;
};

/* A short text is hashed as the word that it and its end make. */
static inline struct mms__key mms__key_of_text(const void *bytes, size_t size)
{
    struct mms__key key = {.bytes = bytes, .size = size, .kind = MMS_T_STRING};

    if (size < 8) {
        key.word = mms__sea_load(bytes, size) | UINT64_C(0xff) << 8 * size;
        key.width = (unsigned)size + 1;
    }
    return key;
}

static inline struct mms__key mms__key_of_integer(const mms_type *type, const void *at, size_t size)
{
    struct mms__key key = {.kind = type->kind};

    if (size == 16) {
        key.bytes = at;
        key.size = 16;
    } else {
        key.word = mms__load_uint(at, size);
        key.width = (unsigned)size;
    }
    return key;
}

/* usize is given the archived width, so that a look-up finds it; mms__encode_value refuses what does not fit. */
static inline struct mms__key mms__key_of_input(const mms_type *type, const void *in)
{
    struct mms__key key;
    mms_str text;

    if (type->kind == MMS_T_STRING) {
        memcpy(&text, in, sizeof text);
        if (!text.data) /* with a size, it will be refused */
            text = (mms_str){"", 0};
        return mms__key_of_text(text.data, text.size);
    }
    if (type->kind != MMS_T_USIZE && type->kind != MMS_T_ISIZE)
        return mms__key_of_integer(type, in, type->size);
    key = mms__key_of_integer(type, in, 8);
    key.width = (unsigned)type->size;
    key.word = type->size == 4 ? (uint32_t)key.word : key.word;
    return key;
}

static inline struct mms__key mms__key_of_archived(const mms_type *type, const void *at)
{
    mms_str text;

    if (type->kind != MMS_T_STRING)
        return mms__key_of_integer(type, at, type->size);
    text = mms__load_string(type, at);
    return mms__key_of_text(text.data, text.size);
}

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
        return a->word == b->word && a->width == b->width;
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): keys without a width have bytes */
    return a->size == b->size && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

#endif
