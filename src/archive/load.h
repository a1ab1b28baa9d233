/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of archives and of input values, whose C types are not known here: through memcpy, which costs nothing. */
#ifndef MMS_LOAD_H
#define MMS_LOAD_H

#include <mmsync/archive.h>

static inline uint64_t mms__load_uint(const void *at, size_t size)
{
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;

    switch (size) {
    case 1: memcpy(&one, at, 1); return one;
    case 2: memcpy(&two, at, 2); return two;
    case 4: memcpy(&four, at, 4); return four;
    default: memcpy(&eight, at, 8); return eight;
    }
}

static inline void mms__store_uint(void *at, size_t size, uint64_t value)
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

static inline bool mms__is_wide(const mms_type *type)
{
    return (type->flags & MMS_TF_WIDE) != 0;
}

/* The size of an offset, and of an archived usize. */
static inline size_t mms__word_size(const mms_type *type)
{
    return mms__is_wide(type) ? 8 : 4;
}

static inline int64_t mms__load_offset(const mms_type *type, const void *at)
{
    uint64_t raw = mms__load_uint(at, mms__word_size(type));

    return mms__is_wide(type) ? (int64_t)raw : (int64_t)(int32_t)(uint32_t)raw;
}

static inline uint64_t mms__load_count(const mms_type *type, const void *at)
{
    return mms__load_uint(at, mms__word_size(type));
}

static inline const void *mms__follow(const mms_type *type, const void *at)
{
    return (const char *)at + mms__load_offset(type, at);
}

/* The longest text that a String holds in itself; its own size is one byte more. */
static inline size_t mms__inline_text(const mms_type *type)
{
    return type->size - 1;
}

static inline mms_str mms__load_string(const mms_type *type, const void *at)
{
    return mms__is_wide(type) ? mms_string64_get((const mms_string64 *)at) : mms_string32_get((const mms_string32 *)at);
}

/* Where the bytes of a text that is out of line are, seen from the String. */
static inline int64_t mms__string_offset(const mms_type *type, const void *at)
{
    const uint8_t *tail = (const uint8_t *)at + mms__word_size(type);
    uint64_t offset = 0;

    for (size_t i = mms__word_size(type); i-- > 0;)
        offset = offset << 8 | tail[i];
    return mms__is_wide(type) ? (int64_t)offset : (int64_t)(int32_t)(uint32_t)offset;
}

static inline mms_items mms__load_items(const void *in)
{
    mms_items items;

    memcpy(&items, in, sizeof items);
    return items;
}

/* The tag of an ENUM, OPTION or RESULT given as input. */
static inline uint64_t mms__input_tag(const mms_type *type, const void *in)
{
    return mms__load_uint(in, type->kind == MMS_T_ENUM ? 4 : 1);
}

static inline size_t mms__round_up(size_t value, size_t align)
{
    return (value + align - 1) & ~(align - 1);
}

/* Of the sizes that fields mostly have. */
static inline void mms__copy_small(void *to, const void *from, size_t size)
{
    switch (size) {
    case 1: memcpy(to, from, 1); break;
    case 4: memcpy(to, from, 4); break;
    case 8: memcpy(to, from, 8); break;
    default: memcpy(to, from, size); break;
    }
}

/* Mostly few bytes, for which a call is too much. */
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
static inline void mms__store_little(void *to, uint64_t word)
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
        .inner_key_at = mms__round_up(word, key->align),
    };

    layout.leaf_at = mms__round_up(layout.header, entry->align);
    layout.inner_at = mms__round_up(layout.header, layout.inner_align);
    layout.inner_size = mms__round_up(layout.inner_key_at + key->size, layout.inner_align);
    return layout;
}

#endif
