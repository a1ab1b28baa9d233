/* SPDX-License-Identifier: Apache-2.0 */
/* What a schema must keep to beyond its grammar. */
#include "schema/model.h"
#include <string.h>

static bool check_defined(const struct model *model)
{
    bool any = false;

    for (size_t i = 0; i < model->count; i++) {
        const struct model_type *type = model->types[i];

        any = any || type->defined;
        if (type->type.kind < 0) {
            source_error(model->source, type->at, "there is no type `%s`", type->type.name);
            return false;
        }
    }
    if (!any)
        source_error(model->source, model->source->size, "the schema defines no struct and no enum");
    return any;
}

static bool is_key(const mms_type *type)
{
    switch (type->kind) {
    case MMS_T_UNIT:
    case MMS_T_F32:
    case MMS_T_F64: return false;
    default: return type->kind <= MMS_T_CHAR || type->kind == MMS_T_STRING;
    }
}

static bool check_keys(const struct model *model)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct model_type *type = model->types[i];
        const mms_type *key;

        if (type->type.kind != MMS_T_MAP && type->type.kind != MMS_T_SET && type->type.kind != MMS_T_TREE)
            continue;
        key = type->type.first->fields[0].type;
        if (is_key(key))
            continue;
        source_error(model->source, type->at,
                     key->kind == MMS_T_F32 || key->kind == MMS_T_F64
                         ? "%s cannot be a key, as NaN is not equal to itself"
                         : "%s cannot be a key; keys are integers, bool, char and String",
                     key->name);
        return false;
    }
    return true;
}

/* Two types that would have one name in C. */
static bool check_names(const struct model *model)
{
    for (size_t i = 0; i < model->count; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcmp(model->types[i]->mangled, model->types[j]->mangled)) {
                const struct model_type *a = model->types[i], *b = model->types[j];
                const struct model_type *defined = a->defined ? a : b, *other = a->defined ? b : a;

                source_error(model->source, defined->at, "`%s` has the C name of %s, which is used too; rename it",
                             defined->type.name, other->type.name);
                return false;
            }
    return true;
}

bool model_check(struct model *model)
{
    return check_defined(model) && check_keys(model) && check_names(model);
}
