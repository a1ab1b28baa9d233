/* SPDX-License-Identifier: Apache-2.0 */
#include "random_value.h"
#include "corpus.h"
#include <stdlib.h>
#include <string.h>

uint64_t random_draw(struct random *random)
{
    random->state ^= random->state << 13;
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return random->state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

bool random_one_in(struct random *random, unsigned n)
{
    return random_draw(random) % n == 0;
}

/* ---- Random values of types without pointers ---- */

static void draw_bytes(struct random *random, void *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)out)[i] = (unsigned char)random_draw(random);
}

static void leaf_fields(struct random *random, const mms_type_field *fields, size_t count, void *in)
{
    for (size_t i = 0; i < count; i++)
        random_leaf(random, fields[i].type, (char *)in + fields[i].input_offset);
}

void input_put_tag(const mms_type *type, void *in, size_t tag)
{
    if (type->kind == MMS_T_ENUM)
        memcpy(in, &(uint32_t){(uint32_t)tag}, 4);
    else
        *(unsigned char *)in = (unsigned char)tag;
}

size_t input_get_tag(const mms_type *type, const void *in)
{
    uint32_t tag = *(const unsigned char *)in;

    if (type->kind == MMS_T_ENUM)
        memcpy(&tag, in, 4);
    return tag;
}

static void leaf_scalar(struct random *random, const mms_type *type, void *in)
{
    draw_bytes(random, in, type->input_size);
    switch (type->kind) {
    case MMS_T_BOOL: *(unsigned char *)in &= 1; break;
    case MMS_T_CHAR: memcpy(in, &(uint32_t){(uint32_t)(random_draw(random) % 0xd800)}, 4); break;
    case MMS_T_DURATION: ((mms_duration *)in)->nanos %= 1000000000; break;
    case MMS_T_IP:
    case MMS_T_SOCKET: *(unsigned char *)in &= 1; break;
    case MMS_T_USIZE: memcpy(in, &(uint64_t){random_draw(random) & UINT32_MAX}, 8); break;
    case MMS_T_ISIZE: memcpy(in, &(int64_t){(int32_t)(uint32_t)random_draw(random)}, 8); break;
    default: break;
    }
    if (type->flags & MMS_TF_NON_ZERO)
        *(unsigned char *)in |= 1;
}

void random_leaf(struct random *random, const mms_type *type, void *in)
{
    size_t tag;

    switch (type->kind) {
    case MMS_T_STRUCT: leaf_fields(random, type->fields, type->count, in); break;
    case MMS_T_ARRAY:
        for (size_t i = 0; i < type->count; i++)
            random_leaf(random, type->first, (char *)in + i * type->first->input_size);
        break;
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT:
        tag = (size_t)(random_draw(random) % type->count);
        input_put_tag(type, in, tag);
        leaf_fields(random, type->variants[tag].fields, type->variants[tag].count, in);
        break;
    default: leaf_scalar(random, type, in); break;
    }
}

/* ---- And such as are none ---- */

static bool spoil_fields(const mms_type_field *fields, size_t count, void *in)
{
    for (size_t i = count; i > 0; i--) /* the last one, so that what is before it would be stored */
        if (input_spoil(fields[i - 1].type, (char *)in + fields[i - 1].input_offset))
            return true;
    return false;
}

static bool spoil_scalar(const mms_type *type, void *in)
{
    switch (type->kind) {
    case MMS_T_BOOL: *(unsigned char *)in = 2; return true;
    case MMS_T_CHAR: memcpy(in, &(uint32_t){0xdfff}, 4); return true;
    case MMS_T_DURATION: ((mms_duration *)in)->nanos = 1000000000; return true;
    case MMS_T_IP:
    case MMS_T_SOCKET: *(unsigned char *)in = 2; return true;
    case MMS_T_USIZE:
    case MMS_T_ISIZE: memcpy(in, &(uint64_t){UINT64_C(1) << 40}, 8); return type->size == 4;
    default: break;
    }
    if (type->flags & MMS_TF_NON_ZERO)
        memset(in, 0, type->input_size);
    return (type->flags & MMS_TF_NON_ZERO) != 0;
}

/* False: every value of the type is good. */
bool input_spoil(const mms_type *type, void *in)
{
    switch (type->kind) {
    case MMS_T_STRUCT: return spoil_fields(type->fields, type->count, in);
    case MMS_T_ARRAY:
        return type->count > 0 && input_spoil(type->first, (char *)in + (type->count - 1) * type->first->input_size);
    case MMS_T_ENUM: input_put_tag(type, in, type->count); return true;
    case MMS_T_OPTION:
    case MMS_T_RESULT: input_put_tag(type, in, 2); return true;
    default: return spoil_scalar(type, in);
    }
}

/* ---- Values of all types ---- */

enum { MOST_ITEMS = 4, MOST_TEXT = 20, TRIES = 8 };

struct random_memory {
    struct random_memory *next;
};

/* Zeros, aligned to 16 as 128-bit integers may need it. */
static void *allocate(struct random *random, size_t size)
{
    struct random_memory *block = corpus_allocate(16 + size);

    memset(block, 0, 16 + size);
    block->next = random->memory;
    random->memory = block;
    return (char *)block + 16;
}

void random_free(struct random *random)
{
    while (random->memory) {
        struct random_memory *next = random->memory->next;

        free(random->memory);
        random->memory = next;
    }
}

static void draw_text(struct random *random, void *in)
{
    mms_str text = {NULL, (size_t)(random_draw(random) % (MOST_TEXT + 1))};
    char *bytes = allocate(random, text.size);

    for (size_t i = 0; i < text.size; i++)
        bytes[i] = (char)('a' + random_draw(random) % 26);
    text.data = bytes;
    memcpy(in, &text, sizeof text);
}

static bool same_key(const mms_type *key, const void *a, const void *b)
{
    mms_str x, y;

    if (key->kind != MMS_T_STRING && key->kind != MMS_T_BOX_STR)
        return memcmp(a, b, key->input_size) == 0;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return mms_str_equal(x, y);
}

static bool has_key(const mms_type *entry, const char *data, size_t count, const void *key)
{
    const mms_type_field *field = &entry->fields[0];

    for (size_t i = 0; i < count; i++)
        if (same_key(field->type, data + i * entry->input_size + field->input_offset, key))
            return true;
    return false;
}

/* A key that is not there yet, if one is found. */
static bool draw_key(struct random *random, const mms_type *entry, char *data, size_t count)
{
    char *key = data + count * entry->input_size + entry->fields[0].input_offset;

    for (int i = 0; i < TRIES; i++) {
        random_value(random, entry->fields[0].type, key);
        if (!has_key(entry, data, count, key))
            return true;
    }
    return false;
}

static void draw_items(struct random *random, const mms_type *type, void *in)
{
    const bool keyed = type->kind != MMS_T_VEC;
    const mms_type *item = type->first;
    size_t wanted = (size_t)(random_draw(random) % (MOST_ITEMS + 1));
    char *data = allocate(random, wanted * item->input_size);
    mms_items items = {data, 0};

    for (; items.count < wanted; items.count++) {
        if (!keyed)
            random_value(random, item, data + items.count * item->input_size);
        else if (!draw_key(random, item, data, items.count))
            break;
        else if (item->count > 1)
            random_value(random, item->fields[1].type,
                         data + items.count * item->input_size + item->fields[1].input_offset);
    }
    memcpy(in, &items, sizeof items);
}

static void value_fields(struct random *random, const mms_type_field *fields, size_t count, void *in)
{
    for (size_t i = 0; i < count; i++)
        random_value(random, fields[i].type, (char *)in + fields[i].input_offset);
}

static void value_variant(struct random *random, const mms_type *type, void *in)
{
    size_t tag = (size_t)(random_draw(random) % type->count);

    input_put_tag(type, in, tag);
    value_fields(random, type->variants[tag].fields, type->variants[tag].count, in);
}

static void value_box(struct random *random, const mms_type *type, void *in)
{
    void *inner = allocate(random, type->first->input_size);

    random_value(random, type->first, inner);
    memcpy(in, &inner, sizeof inner);
}

void random_value(struct random *random, const mms_type *type, void *in)
{
    switch (type->kind) {
    case MMS_T_STRING:
    case MMS_T_BOX_STR: draw_text(random, in); break;
    case MMS_T_BOX: value_box(random, type, in); break;
    case MMS_T_VEC:
    case MMS_T_MAP:
    case MMS_T_SET:
    case MMS_T_TREE:
    case MMS_T_TREE_SET: draw_items(random, type, in); break;
    case MMS_T_STRUCT: value_fields(random, type->fields, type->count, in); break;
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: value_variant(random, type, in); break;
    case MMS_T_ARRAY:
        for (size_t i = 0; i < type->count; i++)
            random_value(random, type->first, (char *)in + i * type->first->input_size);
        break;
    default: random_leaf(random, type, in); break;
    }
}
