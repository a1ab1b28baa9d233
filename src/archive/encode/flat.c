/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a flat struct: numbers, text, vectors of these, and nothing deeper. No words are
   kept, because the places of its children can be computed again. The bytes are those of
   encode.c, which gets everything unusual. */
#include "archive/encode/encoder.h"
#include "archive/utf8.h"

enum { MOST_FIELDS = 8, MOST_SHORT = 7 };

struct flat {
    unsigned char *base;
    size_t capacity, position;
};

static bool is_flat(const mms_type *type)
{
    if (type->kind != MMS_T_STRUCT || mms__is_wide(type) || type->count > MOST_FIELDS)
        return false;
    for (size_t i = 0; i < type->count; i++) {
        const mms_type *field = type->fields[i].type;

        if (field->kind == MMS_T_VEC)
            field = field->first;
        if (field->kind != MMS_T_STRING && (!(field->flags & MMS_TF_COPY) || field->size == 0))
            return false;
    }
    return true;
}

static inline bool take_room(struct flat *f, size_t align, size_t size, size_t *at)
{
    size_t start = mms__round_up_size(f->position, align);

    if (start > f->capacity || size > f->capacity - start)
        return false;
    while (f->position < start)
        f->base[f->position++] = 0;
    *at = start;
    f->position = start + size;
    return true;
}

static inline mms_str load_text(const void *in)
{
    mms_str text;

    memcpy(&text, in, sizeof text);
    return text;
}

/* Text that is longer than a String, to the next bytes. */
static bool put_long_text(struct flat *f, mms_str text)
{
    size_t at;

    if (!text.data || !take_room(f, 1, text.size, &at))
        return false;
    memcpy(f->base + at, text.data, text.size);
    return mms__is_short_ascii(text.data, text.size) || mms__utf8_valid(text.data, text.size) == text.size;
}

/* A String; *text_at is where its text went, and is moved to that of the next one. */
static inline bool put_string(const struct flat *f, mms_str text, size_t at, size_t *text_at)
{
    uint64_t word;

    if (text.size > MOST_SHORT) {
        word = (uint32_t)text.size | (uint64_t)(uint32_t)(*text_at - at) << 32;
        *text_at += text.size;
        mms__put_uint(f->base + at, 4, (uint32_t)word);
        for (int i = 4; i < 8; i++)
            f->base[at + (size_t)i] = (unsigned char)(word >> 8 * i);
        return true;
    }
    if (!text.data && text.size > 0)
        return false;
    word = mms__sea_load(text.data, text.size);
    if (word & MMS__HIGH_BITS)
        return false;
    mms__put_little(f->base + at, word | (uint64_t)text.size << 56);
    return true;
}

static bool put_strings(struct flat *f, mms_items items, size_t *at)
{
    const mms_str *texts = items.data;
    size_t text_at = f->position;

    for (size_t i = 0; i < items.count; i++)
        if (texts[i].size > MOST_SHORT && !put_long_text(f, texts[i]))
            return false;
    if (items.count > f->capacity / 8 || !take_room(f, 4, 8 * items.count, at))
        return false;
    for (size_t i = 0; i < items.count; i++)
        if (!put_string(f, texts[i], *at + 8 * i, &text_at))
            return false;
    return true;
}

/* What belongs to a field; *at is where. */
static bool put_children(struct flat *f, const mms_type *type, const void *in, size_t *at)
{
    const mms_type *item = type->first;
    mms_items items;

    *at = f->position;
    if (type->kind == MMS_T_STRING)
        return load_text(in).size <= MOST_SHORT || put_long_text(f, load_text(in));
    if (type->kind != MMS_T_VEC)
        return true;
    items = mms__get_items(in);
    if (!items.data && items.count > 0)
        return false;
    if (item->kind == MMS_T_STRING)
        return put_strings(f, items, at);
    if (items.count > f->capacity / item->size || !take_room(f, item->align, items.count * item->size, at))
        return false;
    if (items.count > 0)
        memcpy(f->base + *at, items.data, items.count * item->size);
    return true;
}

static bool put_field(const struct flat *f, const mms_type *type, const void *in, size_t at, size_t child)
{
    if (type->kind == MMS_T_STRING)
        return put_string(f, load_text(in), at, &child);
    if (type->kind == MMS_T_VEC) {
        mms__put_uint(f->base + at, 4, (uint32_t)(child - at));
        mms__put_uint(f->base + at + 4, 4, (uint32_t)mms__get_items(in).count);
    } else {
        mms__copy_small(f->base + at, in, type->size);
    }
    return true;
}

bool mms__encode_flat(const mms_type *type, const void *value, void *buffer, size_t capacity, size_t *size)
{
    struct flat f = {.base = buffer, .capacity = capacity < INT32_MAX ? capacity : INT32_MAX};
    size_t children[MOST_FIELDS], root;

    if (!is_flat(type))
        return false;
    for (size_t i = 0; i < type->count; i++)
        if (!put_children(&f, type->fields[i].type, (const char *)value + type->fields[i].input_offset, &children[i]))
            return false;
    if (!take_room(&f, type->align, type->size, &root))
        return false;
    mms__zero(f.base + root, type->size);
    for (size_t i = 0; i < type->count; i++) {
        const mms_type_field *field = &type->fields[i];

        if (!put_field(&f, field->type, (const char *)value + field->input_offset, root + field->offset, children[i]))
            return false;
    }
    *size = f.position;
    return true;
}
