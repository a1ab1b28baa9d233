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

static bool is_word(const char *words, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = words; size > 0 && (at = strstr(at, word)) != NULL; at += size)
        if (at[-1] == ' ' && at[size] == ' ')
            return true;
    return false;
}

static bool begins(const char *text, const char *start)
{
    return !strncmp(text, start, strlen(start));
}

/* Is TYPE_REST the name of a function or a constant for some type? */
static bool is_call(const char *rest)
{
    static const char words[] = " archive as at check contains count data entries entry equal find first get keys next "
                                "print_json read read_unchecked root seek serialize size tag text write Tag Ok Err ";

    return is_word(words, rest) || begins(rest, "get_") || begins(rest, "text_") || begins(rest, "as_") ||
           begins(rest, "Tag_");
}

/* Is TYPE_REST a name that is made for this type? */
static bool is_made(const struct model_type *type, const char *rest)
{
    if (is_call(rest))
        return true;
    for (size_t i = 0; type->variants && i < type->type.count; i++)
        if (!strcmp(type->type.variants[i].name, rest) || !strcmp(type->variants[i].c_name, rest))
            return true;
    return false;
}

/* The C name of a type, and what else gets a name because of another one. */
static bool check_made_name(const struct model *model, const struct model_type *type, const struct model_type *other)
{
    const char *name = type->mangled;
    size_t size = strlen(other->mangled);
    bool archived = begins(name, "Archived") && begins(name + 8, other->mangled);

    name += archived ? 8 : 0;
    if (!begins(name, other->mangled))
        return true;
    name += size;
    if (archived ? *name && (*name != '_' || !is_made(other, name + 1)) : *name != '_' || !is_made(other, name + 1))
        return true;
    source_error(model->source, type->at, "`%s` is a name that C code for %s needs; rename it", type->type.name,
                 other->type.name);
    return false;
}

/* `E_read` of enum E { read } is a function already. */
static bool check_variant_names(const struct model *model, const struct model_type *type)
{
    for (size_t i = 0; i < type->type.count && type->type.kind == MMS_T_ENUM; i++)
        if (is_call(type->type.variants[i].name) && strcmp(type->type.variants[i].name, "Ok") != 0 &&
            strcmp(type->type.variants[i].name, "Err") != 0) {
            source_error(model->source, type->variants[i].at, "`%s_%s` is a name that C code for %s needs; rename it",
                         type->mangled, type->type.variants[i].name, type->type.name);
            return false;
        }
    return true;
}

static bool check_made_names(const struct model *model)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->types[i]->defined && !check_variant_names(model, model->types[i]))
            return false;
    for (size_t i = 0; i < model->count; i++)
        for (size_t j = 0; model->types[i]->defined && j < model->count; j++)
            if (i != j && !check_made_name(model, model->types[i], model->types[j]))
                return false;
    return true;
}

bool model_check(struct model *model)
{
    return check_defined(model) && check_keys(model) && check_names(model) && check_made_names(model);
}
