/* SPDX-License-Identifier: Apache-2.0 */
#include "random_setters.h"
#include "corpus.h"
#include <stdlib.h>
#include <string.h>

enum { CHANCE = 3 };

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "setters: %s\n", what);
    abort();
}

/* ---- One change, in the update and in the value ---- */

/* How a part is set: in `self`, which is of a type, by an index or a key. */
struct way {
    enum { FIELD, ITEM, VALUE } what;
    const mms_type *type;
    const void *self;
    size_t variant, index;
    const void *key;
};

static int set(const struct setters *setters, const struct way *way, const void *value)
{
    switch (way->what) {
    case FIELD: return mms_archive_set_field(setters->writer, way->type, way->variant, way->index, way->self, value);
    case ITEM: return mms_archive_set_item(setters->writer, way->type, way->self, way->index, value);
    default: return mms_archive_set_value(setters->writer, way->type, way->self, way->key, value);
    }
}

static void *copy_of(const mms_type *type, const void *in)
{
    void *copy = corpus_allocate(type->input_size);

    memcpy(copy, in, type->input_size);
    return copy;
}

static void try_bad(struct setters *setters, const struct way *way, const mms_type *type, const void *in)
{
    void *bad = copy_of(type, in);

    if (input_spoil(type, bad))
        must(set(setters, way, bad) == MMS_E_INVALID, "a value that is none was stored");
    free(bad);
}

static void set_part(struct setters *setters, const struct way *way, const mms_type *type, void *in)
{
    void *copy = copy_of(type, in);

    random_leaf(setters->random, type, copy);
    must(set(setters, way, copy) == 0, mms_last_error());
    setters->count++;
    if (!setters->aborting)
        memcpy(in, copy, type->input_size);
    free(copy);
}

static void walk(struct setters *setters, const mms_type *type, void *in, const void *at);

/* A part: set it as a whole, or go into it. `whole` is where it is archived. */
static void change(struct setters *setters, const struct way *way, const mms_type *type, void *in, const void *whole)
{
    if (!(type->flags & MMS_TF_LEAF) || type->input_size == 0 || type->size == 0) {
        walk(setters, type, in, whole);
        return;
    }
    if (random_one_in(setters->random, CHANCE))
        try_bad(setters, way, type, in);
    if (!random_one_in(setters->random, CHANCE)) {
        walk(setters, type, in, whole);
        return;
    }
    set_part(setters, way, type, in);
}

static void walk_fields(struct setters *setters, const mms_type *type, size_t variant, void *in, const void *at)
{
    const mms_type_field *fields = type->variants ? type->variants[variant].fields : type->fields;
    size_t count = type->variants ? type->variants[variant].count : type->count;

    for (size_t i = 0; i < count; i++) {
        struct way way = {.what = FIELD, .type = type, .self = at, .variant = variant, .index = i};

        change(setters, &way, fields[i].type, (char *)in + fields[i].input_offset, (const char *)at + fields[i].offset);
    }
}

static const char *follow(const mms_type *type, const void *at)
{
    int32_t near;
    int64_t far;

    memcpy(&near, at, sizeof near);
    if (!(type->flags & MMS_TF_WIDE))
        return (const char *)at + near;
    memcpy(&far, at, sizeof far);
    return (const char *)at + far;
}

static void walk_items(struct setters *setters, const mms_type *type, mms_items items, const char *first,
                       const void *at)
{
    for (size_t i = 0; i < items.count && type->first->size > 0; i++) {
        struct way way = {.what = ITEM, .type = type, .self = at, .index = i};

        change(setters, &way, type->first, (char *)(uintptr_t)items.data + i * type->first->input_size,
               first + i * type->first->size);
    }
}

static void walk_map(struct setters *setters, const mms_type *type, mms_items items, const void *at)
{
    const mms_type *entry = type->first;
    const mms_type_field *key = &entry->fields[0], *value = &entry->fields[1];

    for (size_t i = 0; i < items.count; i++) {
        char *in = (char *)(uintptr_t)items.data + i * entry->input_size;
        struct way way = {.what = VALUE, .type = type, .self = at, .key = in + key->input_offset};
        const char *found =
            type->kind == MMS_T_MAP ? mms_map_find(type, at, way.key) : mms_tree_find(type, at, way.key);

        must(found != NULL, "a key is not found");
        if (random_one_in(setters->random, 2)) /* through the entry */
            way = (struct way){.what = FIELD, .type = entry, .self = found, .index = 1};
        change(setters, &way, value->type, in + value->input_offset, found + value->offset);
    }
}

static void walk(struct setters *setters, const mms_type *type, void *in, const void *at)
{
    mms_items items;

    switch (type->kind) {
    case MMS_T_STRUCT: walk_fields(setters, type, 0, in, at); break;
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: walk_fields(setters, type, input_get_tag(type, in), in, at); break;
    case MMS_T_ARRAY: walk_items(setters, type, (mms_items){in, type->count}, at, at); break;
    case MMS_T_BOX:
        memcpy(&items.data, in, sizeof items.data);
        items.count = 1;
        walk_items(setters, type, items, follow(type, at), at);
        break;
    case MMS_T_VEC:
        memcpy(&items, in, sizeof items);
        walk_items(setters, type, items, follow(type, at), at);
        break;
    case MMS_T_MAP:
    case MMS_T_TREE:
        memcpy(&items, in, sizeof items);
        walk_map(setters, type, items, at);
        break;
    default: break;
    }
}

void random_setters(struct setters *setters, const mms_type *type, void *in, const void *root)
{
    walk(setters, type, in, root);
}
