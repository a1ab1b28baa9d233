/* SPDX-License-Identifier: Apache-2.0 */
/* Type expressions: arrays, parentheses, and names that lead to a type. */
#include "schema/parse/parse.h"
#include <string.h>

enum { DEEPEST = 64, MOST_TYPES = 262144 };

static struct model_type *parse_array(struct parser *p, size_t at)
{
    struct model_type *item, *type;
    uint64_t length;

    lex_next(&p->lex);
    item = schema_parse_type(p);
    if (!item)
        return NULL;
    if (lex_is_mark(&p->lex, ']')) {
        source_error(p->lex.source, at, "a slice has no size of its own; use Vec<%s> or Box<[%s]>", item->type.name,
                     item->type.name);
        return NULL;
    }
    if (!schema_parse_mark(p, ';') || !schema_parse_length(p, &length) || !schema_parse_mark(p, ']'))
        return NULL;
    type = model_intern(p->model, model_format(p->model, "[%s; %llu]", item->type.name, (unsigned long long)length),
                        model_format(p->model, "Array_%s_%llu", item->mangled, (unsigned long long)length), MMS_T_ARRAY,
                        at);
    type->type.first = &item->type;
    type->type.count = (size_t)length;
    return type;
}

/* ---- Names ---- */

static const char *keyword_of(const struct parser *p, const struct item *item)
{
    return model_format(p->model, "%.*s", (int)p->lex.tokens[item->keyword].size, p->lex.tokens[item->keyword].text);
}

/* A struct or an enum of the schema. */
static struct model_type *parse_defined(struct parser *p, const struct item *item, size_t at)
{
    const struct token *keyword = &p->lex.tokens[item->keyword];

    if (token_is_name(keyword, "union")) {
        source_error(p->lex.source, at, "unions cannot be archived; use an enum");
        return NULL;
    }
    if (!schema_is_counted(p, item)) {
        source_error(p->lex.source, at, "the %s `%s` does not derive rkyv's Archive, as other types of this file do",
                     keyword_of(p, item), item->name);
        return NULL;
    }
    if (lex_is_mark(&p->lex, '<') || token_is_mark(&p->lex.tokens[item->body], '<')) {
        source_error(p->lex.source, at, "%s<...> is generic; write a struct for each type that it is used with",
                     item->name);
        return NULL;
    }
    if (names_get(&p->by_hand, item->name)) {
        source_error(p->lex.source, at, "`%s` has an impl of Archive by hand, so only Rust knows its layout",
                     item->name);
        return NULL;
    }
    return model_intern(p->model, item->name, schema_c_name(p->model, item->name), MODEL_UNDEFINED, at);
}

static struct model_type *parse_item_type(struct parser *p, const struct item *item, size_t at)
{
    const struct token *open = item->open ? item->open : item->twin ? item->twin->open : NULL;

    if (open) {
        cfg_error(p->lex.source, open, model_format(p->model, "what `%s` is", item->name));
        return NULL;
    }
    switch (item->kind) {
    case ITEM_TYPE: return parse_defined(p, item, at);
    case ITEM_ALIAS: return schema_parse_alias(p, item, at);
    default: source_error(p->lex.source, at, "`%s` is a module, not a type", item->name); return NULL;
    }
}

static void not_found(struct parser *p, const char *name, const char *path, size_t at)
{
    if (strcmp(name, path) != 0 && known_by_name(name))
        source_error(p->lex.source, at, "%s is not the standard `%s`; only std, core and alloc have that", path, name);
    else if (strcmp(name, path) != 0)
        source_error(p->lex.source, at, "there is no type `%s` in this file: it is %s", name, path);
    else if (lex_is_mark(&p->lex, '<'))
        source_error(p->lex.source, p->lex.token.at,
                     "%s<...> is generic; write a struct for each type that it is used with", name);
    else
        source_error(p->lex.source, at, "there is no type `%s`", name);
}

/* What a path leads to. */
static struct model_type *parse_path_type(struct parser *p, const char *path, const char *name, size_t at)
{
    struct found found = schema_resolve(p, p->scope, path, false);

    if (found.open) {
        cfg_error(p->lex.source, found.open, model_format(p->model, "what `%s` is", name));
        return NULL;
    }
    if (found.item)
        return parse_item_type(p, found.item, at);
    if (found.known && found.glob) {
        source_error(p->lex.source, at,
                     "`%s` may be another one than the standard one, by `use %s::*`; import it by name", name,
                     found.glob);
        return NULL;
    }
    if (found.known)
        return schema_parse_known(p, found.known, at);
    not_found(p, name, found.path, at);
    return NULL;
}

static struct model_type *parse_named(struct parser *p)
{
    size_t at = p->lex.token.at;
    bool rooted = p->lex.token.kind == TOKEN_PATH, raw;
    const char *name, *path;

    if (rooted)
        lex_next(&p->lex);
    raw = p->lex.token.raw;
    name = schema_parse_name(p, "a type");
    path = name && rooted ? model_format(p->model, "::%s", name) : name;
    while (name && p->lex.token.kind == TOKEN_PATH && lex_ahead(&p->lex, 1)->kind == TOKEN_NAME) {
        lex_next(&p->lex);
        at = p->lex.token.at;
        name = schema_parse_name(p, "a type");
        path = name ? model_format(p->model, "%s::%s", path, name) : NULL;
    }
    if (!name)
        return NULL;
    for (const struct binding *b = p->bound; b && path == name; b = b->next)
        if (!strcmp(b->name, name))
            return b->type;
    if (path == name && !raw && !strcmp(name, "Self") && p->self)
        return parse_defined(p, p->self, at);
    if (lex_is_mark(&p->lex, '!')) {
        source_error(p->lex.source, at, "`%s!` is a macro, which mmsc does not expand; write the type", name);
        return NULL;
    }
    return parse_path_type(p, path, name, at);
}

/* (T) is T, () is nothing, and all else a tuple. */
static struct model_type *parse_parentheses(struct parser *p, size_t at)
{
    struct model_type *type;
    struct parser inside = *p;
    size_t close = p->lex.token.pair;

    lex_next(&p->lex);
    if (p->lex.index == close) {
        lex_next(&p->lex);
        return model_intern(p->model, "()", "Unit", MMS_T_UNIT, at);
    }
    lex_next(&inside.lex);
    schema_skip_to(&inside, ',', close, true);
    if (inside.lex.index < close) {
        source_error(p->lex.source, at, "tuples have no fixed layout in Rust; define a struct with these fields");
        return NULL;
    }
    type = schema_parse_type(p);
    return type && schema_parse_mark(p, ')') ? type : NULL;
}

static struct model_type *parse_one(struct parser *p)
{
    static const char *const words[] = {"dyn", "impl", "fn", "unsafe", "extern", "for"};
    size_t at = p->lex.token.at;

    if (lex_is_mark(&p->lex, '['))
        return parse_array(p, at);
    if (lex_is_mark(&p->lex, '('))
        return parse_parentheses(p, at);
    if (lex_is_mark(&p->lex, '&') || lex_is_mark(&p->lex, '*')) {
        source_error(p->lex.source, at, "references and raw pointers cannot be archived; use Box, or the type itself");
        return NULL;
    }
    if (lex_is_mark(&p->lex, '<')) {
        source_error(p->lex.source, at, "mmsc does not know types of traits; write the type");
        return NULL;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lex_is_name(&p->lex, words[i])) {
            source_error(p->lex.source, at, "`%s` types cannot be archived", words[i]);
            return NULL;
        }
    return parse_named(p);
}

struct model_type *schema_parse_type(struct parser *p)
{
    struct model_type *type;

    if (p->depth >= DEEPEST) {
        source_error(p->lex.source, p->lex.token.at, "types are nested more than %d deep", DEEPEST);
        return NULL;
    }
    p->depth++;
    type = parse_one(p);
    p->depth--;
    if (p->model->count > MOST_TYPES) {
        source_error(p->lex.source, p->lex.token.at, "more than %d types", MOST_TYPES);
        return NULL;
    }
    return type;
}
