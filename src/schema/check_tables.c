/* SPDX-License-Identifier: Apache-2.0 */
/* What may be the key of a table. Its bytes are hashed and compared, so two keys that are equal must
   have equal bytes, and all of them. */
#include "schema/model.h"
#include <mmsync/typed_table.h>

struct look {
    struct model *model;
    const struct model_table *table;
};

static bool look_at(const struct look *look, const mms_type *part);

static bool fail(const struct look *look, const mms_type *part, const char *why)
{
    const mms_type *key = &look->table->key->type;

    if (part == key)
        source_error(look->model->source, look->table->at, "%s cannot be the key of a table: %s", key->name, why);
    else
        source_error(look->model->source, look->table->at, "%s, a part of %s, cannot be in the key of a table: %s",
                     part->name, key->name, why);
    return false;
}

static bool look_at_fields(const struct look *look, const mms_type_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!look_at(look, fields[i].type))
            return false;
    return true;
}

static bool look_at_kind(const struct look *look, const mms_type *part)
{
    switch (part->kind) {
    case MMS_T_F32:
    case MMS_T_F64: return fail(look, part, "NaN is not equal to itself, and 0.0 is -0.0 with other bytes");
    case MMS_T_STRING:
    case MMS_T_BOX_STR:
        return fail(look, part, "its text lies elsewhere; a String is a key only by itself, or use an id");
    case MMS_T_BOX:
    case MMS_T_VEC:
    case MMS_T_MAP:
    case MMS_T_SET:
    case MMS_T_TREE:
    case MMS_T_TREE_SET: return fail(look, part, "what is in it lies elsewhere; use an array, or an id");
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT:
        for (size_t i = 0; i < part->count; i++)
            if (!look_at_fields(look, part->variants[i].fields, part->variants[i].count))
                return false;
        return true;
    case MMS_T_STRUCT: return look_at_fields(look, part->fields, part->count);
    case MMS_T_ARRAY: return part->count == 0 || look_at(look, part->first);
    default: return true;
    }
}

/* Each once: types that have parts twice may be many parts. */
static bool look_at(const struct look *look, const mms_type *part)
{
    struct model_type *found = model_of(part);

    if (!found->in_table_key && !look_at_kind(look, part))
        return false;
    found->in_table_key = true;
    return true;
}

static bool check_key(const struct look *look, const mms_type *key)
{
    if (key->kind == MMS_T_STRING || key->kind == MMS_T_BOX_STR)
        return true;
    if (key->size == 0)
        return fail(look, key, "it has only one value");
    if (!look_at(look, key))
        return false;
    return key->size <= MMS_TYPED_TABLE_KEY_MAX || fail(look, key, "it has more than 1024 bytes; use an id");
}

bool model_check_tables(struct model *model)
{
    bool good = true;

    for (const struct model_table *table = model->tables; table; table = table->next) {
        const struct look look = {model, table};

        good = check_key(&look, &table->key->type) && good;
    }
    return good;
}
