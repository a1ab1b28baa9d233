/* SPDX-License-Identifier: Apache-2.0 */
/* What may be a key. A HashMap's keys must have the same hash in Rust's memory and in the
   archive, and a BTreeMap's the same order. Where the crate itself would not find its keys, an
   error says so. */
#include "schema/model.h"

enum { KEY_HASHED = 1, KEY_ORDERED = 2, DEEPEST_KEY = 64 };

struct look {
    struct model *model;
    const struct model_type *table; /* whose key it is */
    const mms_type *key;
    bool hashed;
    unsigned below; /* how deep the deepest of the parts that were looked at is */
};

static bool look_at(struct look *look, const mms_type *part);

static bool fail(struct look *look, const mms_type *part, const char *why)
{
    if (part == look->key)
        source_error(look->model->source, look->table->at, "%s cannot be the key of a %s%s: %s", part->name,
                     look->hashed ? "Hash" : "BTree", model_is_set(&look->table->type) ? "Set" : "Map", why);
    else
        source_error(look->model->source, look->table->at, "%s, a part of %s, cannot be in the key of a %s%s: %s",
                     part->name, look->key->name, look->hashed ? "Hash" : "BTree",
                     model_is_set(&look->table->type) ? "Set" : "Map", why);
    return false;
}

static bool look_at_fields(struct look *look, const mms_type_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!look_at(look, fields[i].type))
            return false;
    return true;
}

static bool look_at_variants(struct look *look, const mms_type *part)
{
    const struct model_type *found = model_of(part);

    if (part->kind == MMS_T_ENUM && found->valued)
        return fail(
            look, part,
            "Rust hashes and orders its variants by their values (`= 7`), which archives do not store; remove the values");
    if (part->kind == MMS_T_ENUM && look->hashed && part->count > 1 && !found->tag_repr && !look->model->stored)
        return fail(look, part,
                    part->tag_size == 1 ? "Rust hashes it as in the archive only with #[repr(u8)]; add that to the enum"
                                        : "Rust hashes it as in the archive only with #[repr(u16)]; add that to the "
                                          "enum");
    for (size_t i = 0; i < part->count; i++)
        if (!look_at_fields(look, part->variants[i].fields, part->variants[i].count))
            return false;
    return true;
}

static bool look_at_range(struct look *look, const mms_type *part)
{
    if (!look->hashed)
        return fail(look, part, "Rust has no order for ranges; use a struct of the two ends");
    if (model_of(part)->range == MODEL_RANGE_INCLUSIVE)
        return fail(look, part, "Rust's hash of it differs from its archive's, so keys would not be found; use Range");
    return look_at_fields(look, part->fields, part->count);
}

static bool look_at_kind(struct look *look, const mms_type *part)
{
    switch (part->kind) {
    case MMS_T_F32:
    case MMS_T_F64: return fail(look, part, "NaN is not equal to itself");
    case MMS_T_MAP:
    case MMS_T_SET: return fail(look, part, "Rust has neither a hash nor an order for it; use a sorted Vec");
    case MMS_T_TREE:
    case MMS_T_TREE_SET: return fail(look, part, "Rust's hash of it differs from its archive's; use a sorted Vec");
    case MMS_T_IPV4:
    case MMS_T_IPV6:
    case MMS_T_IP:
    case MMS_T_SOCKET_V4:
    case MMS_T_SOCKET_V6:
    case MMS_T_SOCKET:
        return !look->hashed ||
               fail(
                   look, part,
                   "Rust's hash of an address differs from its archive's, so rkyv finds no key; use a BTreeMap or BTreeSet, or the octets as key");
    case MMS_T_UUID:
        return !look->hashed ||
               fail(
                   look, part,
                   "its hash depends on the version of the uuid crate; use a BTreeMap or BTreeSet, or [u8; 16] as key");
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: return look_at_variants(look, part);
    case MMS_T_STRUCT:
        return model_of(part)->range ? look_at_range(look, part) : look_at_fields(look, part->fields, part->count);
    case MMS_T_ARRAY:
        if (part->size == 0) /* of which Rust hashes the length; all else without a size is nothing to a hash */
            return fail(look, part, "it takes no room; leave it out");
        return look_at(look, part->first);
    default: return !part->first || look_at(look, part->first);
    }
}

static bool look_at_parts(struct look *look, const mms_type *part)
{
    struct model_type *found = model_of(part);
    unsigned beside = look->below;
    bool good;

    found->in_key = true;
    look->below = 0;
    good = look_at_kind(look, part);
    found->in_key = false;
    found->key_depth = look->below + 1;
    look->below = beside;
    if (good && found->key_depth > DEEPEST_KEY)
        return fail(look, part, "parts of keys may be nested at most 64 deep; use an id");
    return good;
}

static bool look_at(struct look *look, const mms_type *part)
{
    struct model_type *found = model_of(part);
    unsigned way = look->hashed ? KEY_HASHED : KEY_ORDERED;

    if (found->in_key)
        return fail(look, part, "it contains itself, so its size is unbounded; use an id");
    if (!(found->key_ways & way) && !look_at_parts(look, part))
        return false;
    found->key_ways |= way;
    if (found->key_depth > look->below)
        look->below = found->key_depth;
    return true;
}

bool model_check_keys(struct model *model)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct model_type *table = model->types[i];
        struct look look = {.model = model, .table = table, .hashed = !model_is_tree(&table->type)};

        if (!model_is_table(&table->type))
            continue;
        look.key = table->type.first->fields[0].type;
        if (look.key->size == 0)
            return fail(&look, look.key, "it has only one value; use Option");
        if (!look_at(&look, look.key))
            return false;
    }
    return true;
}
