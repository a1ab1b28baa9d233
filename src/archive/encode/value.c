/* SPDX-License-Identifier: Apache-2.0 */
/* Values whose children have been written; pointers to those come from the stack of words. */
#include "archive/encode/encoder.h"
#include "archive/utf8.h"

static int value_of_size(struct mms__encoder *e, const mms_type *type, const void *in, size_t at,
                         const struct mms__path *path)
{
    uint64_t word = mms__get_uint(in, 8);

    if (type->size == 4 && type->kind == MMS_T_USIZE && word > UINT32_MAX)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path,
                              "%llu does not fit in a usize of 32 bits; compile the schema with --offsets 64",
                              (unsigned long long)word);
    if (type->size == 4 && type->kind == MMS_T_ISIZE && (int64_t)word != (int32_t)word)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path,
                              "%lld does not fit in an isize of 32 bits; compile the schema with --offsets 64",
                              (long long)word);
    mms__put_uint(e->base + at, type->size, word);
    return 0;
}

static int value_of_char(struct mms__encoder *e, const void *in, size_t at, const struct mms__path *path)
{
    uint32_t code_point = (uint32_t)mms__get_uint(in, 4);

    if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point <= 0xdfff))
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "0x%x is not a character", code_point);
    mms__put_uint(e->base + at, 4, code_point);
    return 0;
}

static int value_of_bool(struct mms__encoder *e, const void *in, size_t at, const struct mms__path *path)
{
    uint8_t byte = *(const uint8_t *)in;

    if (byte > 1)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "the bool is %u, neither true nor false", byte);
    e->base[at] = byte;
    return 0;
}

static int value_of_duration(struct mms__encoder *e, const void *in, size_t at, const struct mms__path *path)
{
    mms_duration duration;

    memcpy(&duration, in, sizeof duration);
    if (duration.nanos >= 1000000000)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "%u ns is a second or more", duration.nanos);
    mms__put_uint(e->base + at, 8, duration.secs);
    mms__put_uint(e->base + at + 8, 4, duration.nanos);
    return 0;
}

/* In the String itself, with its length in the last byte. */
static int value_of_short_text(struct mms__encoder *e, const mms_type *type, mms_str text, size_t at,
                               const struct mms__path *path)
{
    const char *data = text.data ? text.data : ""; /* that of an empty text may be NULL */
    size_t first = text.size < 8 ? text.size : 8;
    uint64_t low, high;
    int code;

    if (!text.data && text.size > 0)
        return mms__encode_check_text(text, path);
    low = mms__sea_load(data, first);
    high = mms__sea_load(data + first, text.size - first);
    if ((low | high) & MMS__HIGH_BITS && (code = mms__encode_check_text(text, path)) != 0)
        return code;
    mms__put_little(e->base + at, low);
    if (type->size > 8)
        mms__put_little(e->base + at + 8, high);
    e->base[at + type->size - 1] = (unsigned char)text.size;
    return 0;
}

/* Length, then the offset in little-endian bytes, whose top bit is set as the text lies before
   its owner. Every byte of the String is written. */
static int value_of_string(struct mms__encoder *e, const mms_type *type, const void *in, size_t at,
                           const struct mms__path *path)
{
    size_t word = mms__word_size(type), target;
    unsigned char *out = e->base + at;
    uint64_t offset;
    mms_str text;
    int code;

    memcpy(&text, in, sizeof text);
    if (text.size <= mms__inline_text(type))
        return value_of_short_text(e, type, text, at, path);
    target = (size_t)mms__encode_take(e);
    code = mms__encode_offset(e, type, at, target, path);
    if (code == 0)
        code = mms__encode_count(e, type, at, text.size, path);
    offset = (uint64_t)target - (uint64_t)at;
    for (size_t i = 0; i < word; i++)
        out[word + i] = (unsigned char)(offset >> 8 * i);
    return code;
}

/* {offset, count}: Vec, Box<[T]>, Box<str>. */
static int value_of_slice(struct mms__encoder *e, const mms_type *type, const void *in, size_t at,
                          const struct mms__path *path)
{
    int code = mms__encode_offset(e, type, at, (size_t)mms__encode_take(e), path);

    return code == 0 ? mms__encode_count(e, type, at + mms__word_size(type), mms__get_items(in).count, path) : code;
}

/* {count, offset...}: maps and trees. */
static int value_of_table(struct mms__encoder *e, const mms_type *type, const void *in, size_t at,
                          const struct mms__path *path)
{
    size_t word = mms__word_size(type);
    int code = mms__encode_count(e, type, at, mms__get_items(in).count, path);

    for (size_t i = 1; i < type->size / word && code == 0; i++)
        code = mms__encode_offset(e, type, at + i * word, (size_t)mms__encode_take(e), path);
    return code;
}

static int value_of_fields(struct mms__encoder *e, const mms_type_field *fields, size_t count, const void *in,
                           size_t at, const struct mms__path *path)
{
    for (size_t i = 0; i < count; i++) {
        const mms_type *type = fields[i].type;
        const void *from = (const char *)in + fields[i].input_offset;
        struct mms__path field = mms__path_field(path, fields[i].name);
        int code;

        if (type->flags & MMS_TF_COPY) {
            mms__copy_small(e->base + at + fields[i].offset, from, type->size);
            continue;
        }
        switch (type->kind) {
        case MMS_T_STRING: code = value_of_string(e, type, from, at + fields[i].offset, &field); break;
        case MMS_T_VEC: code = value_of_slice(e, type, from, at + fields[i].offset, &field); break;
        default: code = mms__encode_value(e, type, from, at + fields[i].offset, &field); break;
        }
        if (code != 0)
            return code;
    }
    return 0;
}

static int value_of_variant(struct mms__encoder *e, const mms_type *type, const void *in, size_t at,
                            const struct mms__path *path)
{
    const mms_type_variant *variant = NULL;
    struct mms__path inner;
    int code = mms__encode_variant(type, in, &variant, path);

    if (code != 0)
        return code;
    mms__put_uint(e->base + at, type->tag_size, (uint64_t)(variant - type->variants));
    inner = mms__path_field(path, variant->name);
    return value_of_fields(e, variant->fields, variant->count, in, at, &inner);
}

static int value_of_array(struct mms__encoder *e, const mms_type *type, const void *in, size_t at,
                          const struct mms__path *path)
{
    struct mms__path element = mms__path_index(path, 0);
    mms_items items = {in, type->count};
    int code = 0;

    for (; element.index < type->count && code == 0; element.index++)
        code = mms__encode_value(e, type->first, mms__item(type->first, items, element.index),
                                 at + element.index * type->first->size, &element);
    return code;
}

int mms__encode_value(struct mms__encoder *e, const mms_type *type, const void *in, size_t at,
                      const struct mms__path *path)
{
    int code;

    if (!e->base || type->size == 0)
        return 0;
    if (type->flags & MMS_TF_COPY) {
        mms__copy_small(e->base + at, in, type->size);
        return 0;
    }
    if (type->flags & MMS_TF_NON_ZERO && (code = mms__encode_check_non_zero(type, in, path)) != 0)
        return code;
    switch (type->kind) {
    case MMS_T_BOOL: return value_of_bool(e, in, at, path);
    case MMS_T_CHAR: return value_of_char(e, in, at, path);
    case MMS_T_USIZE:
    case MMS_T_ISIZE: return value_of_size(e, type, in, at, path);
    case MMS_T_DURATION: return value_of_duration(e, in, at, path);
    case MMS_T_STRING: return value_of_string(e, type, in, at, path);
    case MMS_T_BOX: return mms__encode_offset(e, type, at, (size_t)mms__encode_take(e), path);
    case MMS_T_BOX_STR:
    case MMS_T_VEC: return value_of_slice(e, type, in, at, path);
    case MMS_T_MAP:
    case MMS_T_SET:
    case MMS_T_TREE:
    case MMS_T_TREE_SET: return value_of_table(e, type, in, at, path);
    case MMS_T_STRUCT: return value_of_fields(e, type->fields, type->count, in, at, path);
    case MMS_T_ARRAY: return value_of_array(e, type, in, at, path);
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: return value_of_variant(e, type, in, at, path);
    case MMS_T_IP:
    case MMS_T_SOCKET_V6:
    case MMS_T_SOCKET: return mms__encode_address(e, type, in, at, path);
    default: mms__copy_small(e->base + at, in, type->size); return 0; /* an integer that is not 0 */
    }
}

/* The usual case: ASCII, in 8 bytes with its length. */
static inline bool put_short_ascii(unsigned char *out, const void *in)
{
    mms_str text;
    uint64_t word;

    memcpy(&text, in, sizeof text);
    if (text.size >= 8 || !text.data)
        return false;
    word = mms__sea_load(text.data, text.size);
    if (word & MMS__HIGH_BITS)
        return false;
    mms__put_little(out, word | (uint64_t)text.size << 56);
    return true;
}

int mms__encode_values(struct mms__encoder *e, const mms_type *item, mms_items items, size_t at,
                       const struct mms__path *path)
{
    struct mms__path element = mms__path_index(path, 0);
    int code = 0;

    if (item->kind == MMS_T_STRING) {
        for (; element.index < items.count && code == 0; element.index++) {
            const void *in = mms__item(item, items, element.index);
            size_t there = at + element.index * item->size;

            if (item->size != 8 || !put_short_ascii(e->base + there, in))
                code = value_of_string(e, item, in, there, &element);
        }
        return code;
    }
    for (; element.index < items.count && code == 0; element.index++)
        code = mms__encode_value(e, item, mms__item(item, items, element.index), at + element.index * item->size,
                                 &element);
    return code;
}
