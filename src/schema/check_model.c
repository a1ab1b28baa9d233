/* SPDX-License-Identifier: Apache-2.0 */
/* Rules for schemas beyond their grammar. */
#include "schema/emit/c_names.h"
#include "schema/model.h"
#include <string.h>

static bool check_defined(const struct model *model)
{
    bool any = model->tables != NULL;

    for (size_t i = 0; i < model->count; i++) {
        const struct model_type *type = model->types[i];

        any = any || type->defined;
        if (type->type.kind < 0) {
            source_error(model->source, type->at, "there is no type `%s`", type->type.name);
        }
        if (type->defined && names_get(&model->standard, type->type.name)) /* stored text has no paths */
            source_error(model->source, type->at, "the schema uses the standard `%s` too; rename this one",
                         type->type.name);
    }
    if (!any)
        source_error(model->source, model->source->size, "the schema defines no struct, enum or table");
    return !model->source->failed;
}

/* Two types that would have the same name in C. () has a name only within those of containers. */
static void check_names(struct model *model, struct names *names)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->types[i]->type.kind != MMS_T_UNIT &&
            !names_add(model, names, model->types[i]->mangled, model->types[i])) {
            const struct model_type *a = model->types[i], *b = names_get(names, a->mangled);
            const struct model_type *defined = a->defined ? a : b, *other = a->defined ? b : a;

            source_error(model->source, defined->at, "`%s` would have the same C name as %s; rename it",
                         defined->type.name, other->type.name);
        }
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

static const char calls[] = " archive as at check contains count data entries entry equal find first get keys next "
                            "print_json read read_unchecked root seek serialize set size tag text update write Tag Ok "
                            "Err ";

/* Is TYPE_REST the name of a function or a constant for some type? */
static bool is_call(const char *rest)
{
    return is_word(calls, rest) || begins(rest, "get_") || begins(rest, "set_") || begins(rest, "text_") ||
           begins(rest, "as_") || begins(rest, "Tag_");
}

/* ---- Names that headers have ---- */

static bool is_taken(struct model *model, const char *start, const char *name, const char *middle, const char *end)
{
    const char *prefix = model->source->prefix ? model->source->prefix : "";

    return c_global_is_taken(model_format(model, "%s%s%s%s%s", prefix, start, name, middle, end));
}

static bool takes_call(struct model *model, const char *name)
{
    for (const char *word = calls + 1; *word; word += strcspn(word, " ") + 1)
        if (is_taken(model, "", name, "_", model_format(model, "%.*s", (int)strcspn(word, " "), word)))
            return true;
    return false;
}

static bool takes_member(struct model *model, const struct model_type *type, const char *name)
{
    if (type->type.kind == MMS_T_STRUCT)
        for (size_t i = 0; i < type->type.count; i++)
            if (is_taken(model, "", name, "_get_", type->type.fields[i].name) ||
                is_taken(model, "", name, "_set_", type->type.fields[i].name))
                return true;
    for (size_t i = 0; type->variants && i < type->type.count; i++) {
        const char *variant = type->type.variants[i].name;

        if (is_taken(model, "", name, "_", variant) || is_taken(model, "", name, "_", type->variants[i].c_name) ||
            is_taken(model, "Archived", name, "_", variant) || is_taken(model, "", name, "_as_", variant))
            return true;
    }
    return false;
}

/* A type gets an underscore, or two, if a header has its name, or one that is made of it: enum
   P { ALL } is not to make P_ALL, which <sys/wait.h> has. */
static void avoid_headers(struct model *model)
{
    for (size_t i = 0; i < model->count; i++) {
        struct model_type *type = model->types[i];

        if (type->type.kind <= MMS_T_STRING && type->type.kind != MMS_T_UNIT)
            continue;
        while (is_taken(model, "", type->mangled, "", "") || is_taken(model, "Archived", type->mangled, "", "") ||
               (type->defined && (takes_call(model, type->mangled) || takes_member(model, type, type->mangled))))
            type->mangled = model_format(model, "%s_", type->mangled);
    }
}

/* ---- Names that are made ---- */

/* `E_read` of enum E { read } is a function already. */
static void check_variant_names(const struct model *model, const struct model_type *type)
{
    for (size_t i = 0; i < type->type.count && type->type.kind == MMS_T_ENUM; i++)
        if (is_call(type->type.variants[i].name) && strcmp(type->type.variants[i].name, "Ok") != 0 &&
            strcmp(type->type.variants[i].name, "Err") != 0)
            source_error(model->source, type->variants[i].at, "`%s_%s` is a name that C code for %s needs; rename it",
                         type->mangled, type->type.variants[i].name, type->type.name);
}

/* All constants and structs that variants get: TYPE_VARIANT, and the type that it is of. */
static void collect_made(struct model *model, struct names *made)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct model_type *type = model->types[i];

        for (size_t k = 0; type->variants && k < type->type.count; k++) {
            names_add(model, made, model_format(model, "%s_%s", type->mangled, type->type.variants[k].name), type);
            names_add(model, made, model_format(model, "%s_%s", type->mangled, type->variants[k].c_name), type);
        }
    }
}

/* Is a name, as NAME_read is of NAME, made because of another type? */
static const struct model_type *maker_of(struct model *model, const struct names *types, const struct names *made,
                                         const char *name, const struct model_type *self)
{
    char *start = model_format(model, "%s", name);
    const struct model_type *other = names_get(made, name);

    for (char *end = strrchr(start, '_'); !other && end; end = strrchr(start, '_')) {
        *end = '\0';
        other = is_call(name + (end - start) + 1) ? names_get(types, start) : NULL;
    }
    return other != self ? other : NULL;
}

static void check_made_names(struct model *model, const struct names *types)
{
    struct names made = {.count = 0};

    collect_made(model, &made);
    for (size_t i = 0; i < model->count; i++) {
        const struct model_type *type = model->types[i], *other;

        if (!type->defined)
            continue;
        check_variant_names(model, type);
        other = maker_of(model, types, &made, type->mangled, type);
        if (!other && begins(type->mangled, "Archived")) {
            other = names_get(types, type->mangled + 8);
            other = other ? other : maker_of(model, types, &made, type->mangled + 8, type);
        }
        if (other)
            source_error(model->source, type->at, "`%s` is a name that C code for %s needs; rename it", type->type.name,
                         other->type.name);
    }
}

/* ---- Names of tables ---- */

/* `Prices_table` and what begins so. */
static void check_table_names(struct model *model, struct names *types)
{
    static const char calls_of_tables[] = "type begin put delete read of get contains get_many next check";
    struct names made = {.count = 0};

    if (!model->tables)
        return;
    collect_made(model, &made);
    for (const struct model_table *table = model->tables; table; table = table->next) {
        const char *name = model_format(model, "%s_table", table->name);
        const struct model_type *other = model_find(model, table->name);

        if (other)
            source_error(model->source, table->at, "there is a type `%s`, too; rename one of them", table->name);
        other = names_get(types, name);
        for (const char *word = calls_of_tables; !other && *word;
             word += strcspn(word, " ") + (strchr(word, ' ') ? 1 : 0))
            other = names_get(&made, model_format(model, "%s_%.*s", name, (int)strcspn(word, " "), word));
        if (other)
            source_error(model->source, table->at, "C code for the table `%s` needs names that %s has; rename it",
                         table->name, other->type.name);
    }
}

bool model_check(struct model *model)
{
    struct names types = {.count = 0};

    if (!check_defined(model))
        return false;
    avoid_headers(model);
    check_names(model, &types);
    check_made_names(model, &types);
    check_table_names(model, &types);
    return !model->source->failed;
}
