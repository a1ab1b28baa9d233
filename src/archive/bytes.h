/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of archives and of input values, whose C types are not known here.

   The bytes of an archive may change at any moment: a view can be taken away while it is
   checked. So each get_ reads them once: the accesses are volatile, and no compiler makes two
   of one. What has been checked is the value that was read; if you read it again, check it
   again. */
#ifndef MMS_ARCHIVE_BYTES_H
#define MMS_ARCHIVE_BYTES_H

#include "base/round.h"
#include <mmsync/archive.h>
#include <stdlib.h>

/* A test that includes the sources makes this change the bytes after each get. */
#ifndef MMS__AFTER_GET
#define MMS__AFTER_GET(at, size) ((void)0)
#endif

/* Of any alignment, and aliasing objects of any type. */
typedef uint16_t mms__raw16 __attribute__((may_alias, aligned(1)));
typedef uint32_t mms__raw32 __attribute__((may_alias, aligned(1)));
typedef uint64_t mms__raw64 __attribute__((may_alias, aligned(1)));

static inline uint64_t mms__get_uint(const void *at, size_t size)
{
    uint64_t value;

    switch (size) {
    case 1: value = *(const volatile uint8_t *)at; break;
    case 2: value = *(const volatile mms__raw16 *)at; break;
    case 4: value = *(const volatile mms__raw32 *)at; break;
    default: value = *(const volatile mms__raw64 *)at; break;
    }
    MMS__AFTER_GET(at, size);
    return value;
}

static inline void mms__put_uint(void *at, size_t size, uint64_t value)
{
    uint8_t one = (uint8_t)value;
    uint16_t two = (uint16_t)value;
    uint32_t four = (uint32_t)value;

    switch (size) {
    case 1: memcpy(at, &one, 1); break;
    case 2: memcpy(at, &two, 2); break;
    case 4: memcpy(at, &four, 4); break;
    default: memcpy(at, &value, 8); break;
    }
}

/* realloc of `count` times `size` bytes; also NULL if that overflows a size_t. */
static inline void *mms__resize(void *memory, size_t count, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(count, size, &bytes) ? NULL : realloc(memory, bytes);
}

static inline bool mms__is_wide(const mms_type *type)
{
    return (type->flags & MMS_TF_WIDE) != 0;
}

/* The size of an offset, and of an archived usize. */
static inline size_t mms__word_size(const mms_type *type)
{
    return mms__is_wide(type) ? 8 : 4;
}

static inline int64_t mms__get_offset(const mms_type *type, const void *at)
{
    uint64_t raw = mms__get_uint(at, mms__word_size(type));

    return mms__is_wide(type) ? (int64_t)raw : (int64_t)(int32_t)(uint32_t)raw;
}

static inline uint64_t mms__get_count(const mms_type *type, const void *at)
{
    return mms__get_uint(at, mms__word_size(type));
}

static inline const void *mms__follow(const mms_type *type, const void *at)
{
    return (const char *)at + mms__get_offset(type, at);
}

/* The longest text that fits into a String, which is one byte larger. */
static inline size_t mms__inline_text(const mms_type *type)
{
    return type->size - 1;
}

static inline mms_str mms__get_string(const mms_type *type, const void *at)
{
    return mms__is_wide(type) ? mms_string64_get((const mms_string64 *)at) : mms_string32_get((const mms_string32 *)at);
}

/* A number of 4 or 8 bytes, little-endian on every machine. */
static inline uint64_t mms__get_little(const void *at, size_t size)
{
    uint64_t raw = mms__get_uint(at, size);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return raw;
#else
    return size == 4 ? __builtin_bswap32((uint32_t)raw) : __builtin_bswap64(raw);
#endif
}

/* Where the text of an archived String is. */
struct mms__text_place {
    bool is_inline; /* then at the String's start */
    uint64_t size;
    int64_t offset; /* from the String's start */
};

static inline struct mms__text_place mms__get_text_place(const mms_type *type, const void *at)
{
    size_t word = mms__word_size(type);
    uint64_t tail = mms__get_little((const char *)at + word, word);
    uint8_t last = (uint8_t)(tail >> (8 * word - 8));

    if (!(last & 0x80))
        return (struct mms__text_place){.is_inline = true, .size = last};
    return (struct mms__text_place){.size = mms__get_count(type, at),
                                    .offset = mms__is_wide(type) ? (int64_t)tail : (int32_t)(uint32_t)tail};
}

static inline mms_items mms__get_items(const void *in)
{
    mms_items items;

    memcpy(&items, in, sizeof items);
    return items;
}

/* The tag of an ENUM, OPTION or RESULT given as input. */
static inline uint64_t mms__input_tag(const mms_type *type, const void *in)
{
    return mms__get_uint(in, type->kind == MMS_T_ENUM ? 4 : 1);
}

/* For the sizes that fields mostly have. */
static inline void mms__copy_small(void *to, const void *from, size_t size)
{
    switch (size) {
    case 1: memcpy(to, from, 1); break;
    case 4: memcpy(to, from, 4); break;
    case 8: memcpy(to, from, 8); break;
    default: memcpy(to, from, size); break;
    }
}

/* Mostly a few bytes, for which a call would cost too much. */
static inline void mms__zero(unsigned char *at, size_t size)
{
    if (size > 32) {
        memset(at, 0, size);
        return;
    }
    for (; size >= 8; at += 8, size -= 8)
        memset(at, 0, 8);
    for (; size >= 4; at += 4, size -= 4)
        memset(at, 0, 4);
    for (; size > 0; at++, size--)
        *at = 0;
}

/* A word as its little-endian bytes. */
static inline void mms__put_little(void *to, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(to, &word, sizeof word);
#else
    for (size_t i = 0; i < sizeof word; i++)
        ((unsigned char *)to)[i] = (unsigned char)(word >> 8 * i);
#endif
}

/* Nodes of a BTreeMap: {u16 meta, usize size, offset}, then entries. */
#define MMS__NODE_INNER 0x8000u

struct mms__node_layout {
    size_t header, header_align, size_at, offset_at;
    size_t leaf_at, leaf_size, leaf_align;    /* entries of leaves: {key, value} */
    size_t inner_at, inner_size, inner_align; /* entries of inner nodes: {offset, key} */
    size_t inner_key_at;
};

static inline struct mms__node_layout mms__node_layout(const mms_type *tree)
{
    const mms_type *entry = tree->first, *key = entry->fields[0].type;
    size_t word = mms__word_size(tree);
    struct mms__node_layout layout = {
        .header = 3 * word,
        .header_align = word,
        .size_at = word,
        .offset_at = 2 * word,
        .leaf_size = entry->size,
        .leaf_align = entry->align,
        .inner_align = key->align > word ? key->align : word,
        .inner_key_at = mms__round_up_size(word, key->align),
    };

    layout.leaf_at = mms__round_up_size(layout.header, entry->align);
    layout.inner_at = mms__round_up_size(layout.header, layout.inner_align);
    layout.inner_size = mms__round_up_size(layout.inner_key_at + key->size, layout.inner_align);
    return layout;
}

#endif
