/* SPDX-License-Identifier: Apache-2.0 */
/* A key of a map, from an input value or from an archive: hashed as Rust's Hash and SeaHash do,
   and ordered as Ord. */
#ifndef MMS_KEY_H
#define MMS_KEY_H

#include "archive/bytes.h"

struct mms__key {
    uint64_t word;     /* width > 0: the integer, zero-extended; for archived usize and isize what is archived */
    const void *bytes; /* of a text, and of a 128-bit integer */
    size_t size;
    unsigned width; /* of what is hashed, if that is 8 bytes at most; 0: the bytes are */
    int beyond;     /* a usize or isize given as input is above (1) or below (-1) all that are archived */
    int kind;

    /* Of a key with parts, which archive/compound.c goes through: its type, and its place in `bytes`. An archived one
       may have an end: what its pointers lead to must lie in `room` bytes from `base` on. Without a base they are
       trusted. */
    const mms_type *compound; /* NULL: there are no parts */
    bool archived;
    const unsigned char *base;
    size_t room;
};

static inline bool mms__is_compound_key(const mms_type *type)
{
    return type->kind > MMS_T_CHAR && type->kind != MMS_T_STRING;
}

/* A short text and its end are hashed as one word. */
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
        key.word = mms__get_uint(at, size);
        key.width = (unsigned)size;
    }
    return key;
}

/* A struct around one value has its hash and its order. */
static inline const mms_type *mms__unwrap_key(const mms_type *type, const void **at, bool archived)
{
    while (type->kind == MMS_T_STRUCT && type->count == 1) {
        *at = (const char *)*at + (archived ? type->fields[0].offset : type->fields[0].input_offset);
        type = type->fields[0].type;
    }
    return type;
}

/* usize gets the archived width, so that look-ups find it. What does not fit equals no archived key, and
   mms__encode_value refuses it. */
static inline struct mms__key mms__key_of_input(const mms_type *type, const void *in)
{
    struct mms__key key;
    mms_str text;

    type = mms__unwrap_key(type, &in, false);
    if (!MMS__LIKELY(!mms__is_compound_key(type)))
        return (struct mms__key){.bytes = in, .kind = type->kind, .compound = type};
    if (type->kind == MMS_T_STRING) {
        memcpy(&text, in, sizeof text);
        if (!text.data) /* with a size, it will be refused */
            text = (mms_str){"", 0};
        return mms__key_of_text(text.data, text.size);
    }
    if (type->kind != MMS_T_USIZE && type->kind != MMS_T_ISIZE)
        return mms__key_of_integer(type, in, type->size);
    key = mms__key_of_integer(type, in, 8);
    if (type->size == 8)
        return key;
    if (type->kind == MMS_T_USIZE ? key.word > UINT32_MAX : (int64_t)key.word != (int32_t)key.word)
        key.beyond = type->kind == MMS_T_ISIZE && (int64_t)key.word < 0 ? -1 : 1;
    key.width = 4;
    key.word = (uint32_t)key.word;
    return key;
}

static inline struct mms__key mms__key_of_archived(const mms_type *type, const void *at)
{
    mms_str text;

    type = mms__unwrap_key(type, &at, true);
    if (!MMS__LIKELY(!mms__is_compound_key(type)))
        return (struct mms__key){.bytes = at, .kind = type->kind, .compound = type, .archived = true};
    if (type->kind != MMS_T_STRING)
        return mms__key_of_integer(type, at, type->size);
    text = mms__get_string(type, at);
    return mms__key_of_text(text.data, text.size);
}

int mms__key_compare(const struct mms__key *a, const struct mms__key *b);

/* Of keys with parts; `seed` may be NULL. */
uint64_t mms__compound_hash(const struct mms__key *key, const uint32_t *seed);
int mms__compound_compare(const struct mms__key *a, const struct mms__key *b);

static inline uint64_t mms__key_hash(const struct mms__key *key)
{
    if (MMS__LIKELY(key->width > 0))
        return mms__sea_word(key->word, key->width);
    if (key->compound)
        return mms__compound_hash(key, NULL);
    return mms__sea_bytes(NULL, key->bytes, key->size, key->kind == MMS_T_STRING);
}

static inline uint64_t mms__key_seeded_hash(const struct mms__key *key, uint32_t seed)
{
    if (MMS__LIKELY(key->width > 0))
        return mms__sea_seeded_word(seed, key->word, key->width);
    if (key->compound)
        return mms__compound_hash(key, &seed);
    return mms__sea_bytes(&seed, key->bytes, key->size, key->kind == MMS_T_STRING);
}

static inline bool mms__key_equal(const struct mms__key *a, const struct mms__key *b)
{
    if (MMS__LIKELY(a->width > 0))
        return a->word == b->word && a->width == b->width && a->beyond == b->beyond;
    if (a->compound)
        return mms__compound_compare(a, b) == 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): keys without a width have bytes */
    return a->size == b->size && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

#endif
