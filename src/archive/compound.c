/* SPDX-License-Identifier: Apache-2.0 */
/* Keys with parts: structs, arrays, options and so on. What is hashed is what Rust's derived
   Hash writes, part after part, as one sequence of bytes: of a Vec or an array its length as 8
   bytes and then its elements; of an Option or a Result the tag as 8 bytes, of an enum as in
   the archive, and nothing if it has only one variant. The order is that of a derived Ord.

   Input may have NULL where there should be a value, and archived bytes that are checked may
   change: such parts count as empty. The encoder refuses the former, and the checker need not
   notice the latter. */
#include "archive/address.h"
#include "archive/key.h"

/* A part of a key; what it points to is found by the key's rules. */
struct part {
    const struct mms__key *key;
    const mms_type *type;
    const char *at;
};

struct row {
    const char *at;
    uint64_t count;
    size_t stride;
};

/* Where a pointer of an archived part leads, to `count` times `size` bytes; NULL: outside. */
static const char *follow(const struct part *part, int64_t offset, uint64_t count, size_t size)
{
    const struct mms__key *key = part->key;
    uint64_t from, bytes;

    if (!key->base)
        return part->at + offset;
    from = (uint64_t)((const unsigned char *)part->at - key->base) + (uint64_t)offset;
    if (__builtin_mul_overflow(count, (uint64_t)size, &bytes) || from > key->room || bytes > key->room - from)
        return NULL;
    return (const char *)key->base + from;
}

static struct row archived_row(const struct part *part, size_t size)
{
    int64_t offset = mms__get_offset(part->type, part->at);
    struct row row = {.count = mms__get_count(part->type, part->at + mms__word_size(part->type)), .stride = size};

    row.at = follow(part, offset, row.count, size);
    if (!row.at)
        row.count = 0;
    return row;
}

/* The elements of a VEC or an ARRAY. */
static struct row row_of(const struct part *part)
{
    const mms_type *item = part->type->first;
    size_t stride = part->key->archived ? item->size : item->input_size;
    mms_items items;

    if (part->type->kind == MMS_T_ARRAY)
        return (struct row){part->at, part->type->count, stride};
    if (part->key->archived)
        return archived_row(part, stride);
    items = mms__get_items(part->at);
    if (!items.data && stride > 0)
        items.count = 0;
    return (struct row){items.data, items.count, stride};
}

static mms_str archived_string(const struct part *part)
{
    struct mms__text_place text = mms__get_text_place(part->type, part->at);
    const char *at = follow(part, text.offset, text.size, 1);

    if (!at || (text.is_inline && text.size > mms__inline_text(part->type)))
        return (mms_str){"", 0};
    return (mms_str){at, (size_t)text.size};
}

static mms_str text_of(const struct part *part)
{
    struct row row;
    mms_str text;

    if (!part->key->archived) {
        memcpy(&text, part->at, sizeof text);
        return text.data ? text : (mms_str){"", 0};
    }
    if (part->type->kind == MMS_T_STRING)
        return archived_string(part);
    row = archived_row(part, 1);
    return (mms_str){row.at ? row.at : "", (size_t)row.count};
}

/* What a BOX leads to; false: nowhere. */
static bool open_box(const struct part *part, struct part *inner)
{
    const void *at;

    if (part->key->archived)
        at = follow(part, mms__get_offset(part->type, part->at), 1, part->type->first->size);
    else
        memcpy(&at, part->at, sizeof at);
    *inner = (struct part){part->key, part->type->first, at};
    return at != NULL || (!part->key->archived && part->type->first->input_size == 0);
}

static struct part element_of(const struct part *part, const struct row *row, uint64_t index)
{
    return (struct part){part->key, part->type->first, row->at + index * row->stride};
}

static struct part field_of(const struct part *part, const mms_type_field *field)
{
    return (struct part){part->key, field->type,
                         part->at + (part->key->archived ? field->offset : field->input_offset)};
}

static uint64_t tag_of(const struct part *part)
{
    return part->key->archived ? mms__get_uint(part->at, part->type->tag_size) : mms__input_tag(part->type, part->at);
}

static struct mms__key key_of(const struct part *part)
{
    return part->key->archived ? mms__key_of_archived(part->type, part->at) : mms__key_of_input(part->type, part->at);
}

/* ---- Hashing: a row of bytes that comes in pieces ---- */

struct sea {
    uint64_t a, b, c, d, tail, size;
    unsigned tail_size;
};

/* Up to 8 bytes, the first one lowest, and 0 above them. */
static void feed(struct sea *s, uint64_t word, unsigned bytes)
{
    uint64_t mixed;

    s->size += bytes;
    s->tail |= word << 8 * s->tail_size;
    s->tail_size += bytes;
    if (s->tail_size < 8)
        return;
    mixed = mms__sea_diffuse(s->a ^ s->tail);
    s->a = s->b, s->b = s->c, s->c = s->d, s->d = mixed;
    s->tail_size -= 8;
    s->tail = s->tail_size > 0 ? word >> 8 * (bytes - s->tail_size) : 0;
}

static void feed_bytes(struct sea *s, const char *at, uint64_t size)
{
    for (; size >= 8; at += 8, size -= 8)
        feed(s, mms__sea_load(at, 8), 8);
    if (size > 0)
        feed(s, mms__sea_load(at, (size_t)size), (unsigned)size);
}

static uint64_t finish(struct sea *s)
{
    if (s->tail_size > 0)
        s->a = mms__sea_diffuse(s->a ^ s->tail);
    return mms__sea_diffuse(s->a ^ s->b ^ s->c ^ s->d ^ s->size);
}

static void hash_part(struct sea *s, const struct part *part);

static void hash_fields(struct sea *s, const struct part *part, const mms_type_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct part field = field_of(part, &fields[i]);

        hash_part(s, &field);
    }
}

static void hash_variant(struct sea *s, const struct part *part)
{
    const mms_type *type = part->type;
    uint64_t tag = tag_of(part);

    if (type->kind != MMS_T_ENUM)
        feed(s, tag, 8);
    else if (type->count > 1)
        feed(s, tag, type->tag_size);
    if (tag < type->count)
        hash_fields(s, part, type->variants[tag].fields, type->variants[tag].count);
}

/* Slices of integers are hashed as they lie in memory, all at once. */
static bool is_plain_memory(const mms_type *item)
{
    return item->kind >= MMS_T_U8 && item->kind <= MMS_T_I128 && !(item->flags & MMS_TF_NON_ZERO);
}

static void hash_row(struct sea *s, const struct part *part)
{
    struct row row = row_of(part);

    feed(s, row.count, 8);
    if (is_plain_memory(part->type->first)) {
        feed_bytes(s, row.at, row.count * row.stride);
        return;
    }
    for (uint64_t i = 0; part->type->first->size > 0 && i < row.count; i++) {
        struct part element = element_of(part, &row, i);

        hash_part(s, &element);
    }
}

static void hash_number(struct sea *s, const struct part *part)
{
    struct mms__key key = key_of(part);

    if (key.width > 0)
        feed(s, key.word, key.width);
    else
        feed_bytes(s, key.bytes, key.size);
}

static void hash_part(struct sea *s, const struct part *part)
{
    struct part inner;
    mms_str text;

    if (part->type->size == 0) /* however many there are, they amount to nothing */
        return;
    switch (part->type->kind) {
    case MMS_T_UNIT: break;
    case MMS_T_STRING:
    case MMS_T_BOX_STR:
        text = text_of(part);
        feed_bytes(s, text.data, text.size);
        feed(s, 0xff, 1);
        break;
    case MMS_T_BOX:
        if (open_box(part, &inner))
            hash_part(s, &inner);
        break;
    case MMS_T_VEC:
    case MMS_T_ARRAY: hash_row(s, part); break;
    case MMS_T_STRUCT: hash_fields(s, part, part->type->fields, part->type->count); break;
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: hash_variant(s, part); break;
    case MMS_T_DURATION:
        feed(s, mms__get_uint(part->at, 8), 8);
        feed(s, mms__get_uint(part->at + 8, 4), 4);
        break;
    default: hash_number(s, part); break;
    }
}

uint64_t mms__compound_hash(const struct mms__key *key, const uint32_t *seed)
{
    struct sea s = {.a = MMS__SEA_A, .b = MMS__SEA_B, .c = MMS__SEA_C, .d = MMS__SEA_D};
    struct part part = {key, key->compound, key->bytes};

    if (seed)
        feed(&s, *seed, 4);
    hash_part(&s, &part);
    return finish(&s);
}

/* ---- Order ---- */

static int compare_parts(const struct part *a, const struct part *b);

static int compare_sizes(uint64_t a, uint64_t b)
{
    return a == b ? 0 : a < b ? -1 : 1;
}

static int compare_fields(const struct part *a, const struct part *b, const mms_type_field *fields, size_t count)
{
    int order = 0;

    for (size_t i = 0; i < count && order == 0; i++) {
        struct part x = field_of(a, &fields[i]), y = field_of(b, &fields[i]);

        order = compare_parts(&x, &y);
    }
    return order;
}

static int compare_variants(const struct part *a, const struct part *b)
{
    uint64_t tag = tag_of(a);
    int order = compare_sizes(tag, tag_of(b));

    if (order != 0 || tag >= a->type->count)
        return order;
    return compare_fields(a, b, a->type->variants[tag].fields, a->type->variants[tag].count);
}

static int compare_rows(const struct part *a, const struct part *b)
{
    struct row x = row_of(a), y = row_of(b);
    uint64_t common = x.count < y.count ? x.count : y.count;
    int order = 0;

    for (uint64_t i = 0; a->type->first->size > 0 && i < common && order == 0; i++) {
        struct part one = element_of(a, &x, i), other = element_of(b, &y, i);

        order = compare_parts(&one, &other);
    }
    return order != 0 ? order : compare_sizes(x.count, y.count);
}

static int compare_texts(const struct part *a, const struct part *b)
{
    mms_str x = text_of(a), y = text_of(b);
    size_t common = x.size < y.size ? x.size : y.size;
    int order = common > 0 ? memcmp(x.data, y.data, common) : 0;

    return order != 0 ? order : compare_sizes(x.size, y.size);
}

static int compare_boxes(const struct part *a, const struct part *b)
{
    struct part x, y;
    bool first = open_box(a, &x), second = open_box(b, &y);

    return first && second ? compare_parts(&x, &y) : (int)first - (int)second;
}

static int compare_numbers(const struct part *a, const struct part *b)
{
    struct mms__key x = key_of(a), y = key_of(b);

    return mms__key_compare(&x, &y);
}

static int compare_parts(const struct part *a, const struct part *b)
{
    int kind = a->type->kind, order;

    if (a->type->size == 0)
        return 0;
    if (mms__is_address(kind))
        return mms__address_compare(kind, a->at, b->at);
    switch (kind) {
    case MMS_T_UNIT: return 0;
    case MMS_T_STRING:
    case MMS_T_BOX_STR: return compare_texts(a, b);
    case MMS_T_BOX: return compare_boxes(a, b);
    case MMS_T_VEC:
    case MMS_T_ARRAY: return compare_rows(a, b);
    case MMS_T_STRUCT: return compare_fields(a, b, a->type->fields, a->type->count);
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: return compare_variants(a, b);
    case MMS_T_DURATION:
        order = compare_sizes(mms__get_uint(a->at, 8), mms__get_uint(b->at, 8));
        return order != 0 ? order : compare_sizes(mms__get_uint(a->at + 8, 4), mms__get_uint(b->at + 8, 4));
    default: return compare_numbers(a, b);
    }
}

int mms__compound_compare(const struct mms__key *a, const struct mms__key *b)
{
    struct part x = {a, a->compound, a->bytes}, y = {b, b->compound, b->bytes};

    return compare_parts(&x, &y);
}
