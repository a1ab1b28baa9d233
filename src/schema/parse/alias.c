/* SPDX-License-Identifier: Apache-2.0 */
/* What `type NAME<...> = ...;` stands for. */
#include "schema/parse/parse.h"

/* The next argument of a use of an alias, which `p` is at. NULL without an error: there are no
   more. */
static struct model_type *parse_argument(struct parser *p)
{
    struct model_type *type;

    while (p->lex.token.kind == TOKEN_TEXT) { /* a lifetime */
        lex_next(&p->lex);
        if (lex_is_mark(&p->lex, ','))
            lex_next(&p->lex);
    }
    if (lex_is_mark(&p->lex, '>'))
        return NULL;
    type = schema_parse_type(p);
    if (type && lex_is_mark(&p->lex, ','))
        lex_next(&p->lex);
    return type;
}

/* Bind the parameter that `alias` is at, which ends at `end`, to an argument, or to its
   default. */
static bool bind_one(struct parser *p, struct parser *alias, size_t end, bool more)
{
    struct binding *binding = model_allocate(p->model, sizeof *binding);

    if (alias->lex.token.kind == TOKEN_TEXT)
        return true;
    if (lex_is_name(&alias->lex, "const")) {
        source_error(p->lex.source, alias->lex.token.at, "an alias may have only types as parameters");
        return false;
    }
    binding->name = schema_parse_name(alias, "a parameter");
    if (!binding->name)
        return false;
    if (more && !lex_is_mark(&p->lex, '>')) {
        binding->type = parse_argument(p);
    } else {
        schema_skip_to(alias, '=', end, true);
        if (alias->lex.index >= end) {
            schema_parse_expected(p, model_format(p->model, "a type for `%s`", binding->name));
            return false;
        }
        lex_next(&alias->lex);
        binding->type = schema_parse_type(alias);
    }
    binding->next = alias->bound;
    alias->bound = binding;
    return binding->type != NULL;
}

/* The parameters of an alias, which `alias` is at, and the arguments, which `p` is at. */
static bool bind_parameters(struct parser *p, struct parser *alias)
{
    bool more = lex_is_mark(&p->lex, '<');
    struct parser ahead;
    size_t stop, end;

    if (more)
        lex_next(&p->lex);
    lex_next(&alias->lex);
    ahead = *alias;
    schema_skip_to(&ahead, '>', alias->end, true);
    stop = ahead.lex.index;
    while (alias->lex.index < stop) {
        ahead = *alias;
        schema_skip_to(&ahead, ',', stop, true);
        end = ahead.lex.index;
        if (!bind_one(p, alias, end, more))
            return false;
        lex_go(&alias->lex, end < stop ? end + 1 : stop);
    }
    lex_next(&alias->lex);
    return !more || schema_parse_mark(p, '>');
}

/* What `type NAME = ...;` stands for. */
struct model_type *schema_parse_alias(struct parser *p, const struct item *item, size_t at)
{
    struct item *busy = (struct item *)(uintptr_t)item;
    struct parser alias = *p;
    struct model_type *type;

    if (item->busy) {
        source_error(p->lex.source, at, "the alias `%s` refers to itself", item->name);
        return NULL;
    }
    if (++p->model->expansions > MOST_EXPANSIONS) {
        source_error(p->lex.source, at, "aliases expand to too many types; define structs instead");
        return NULL;
    }
    alias.scope = item->scope;
    alias.bound = NULL;
    alias.self = NULL;
    lex_go(&alias.lex, item->body);
    busy->busy = true;
    if (lex_is_mark(&alias.lex, '<') && !bind_parameters(p, &alias)) {
        busy->busy = false;
        return NULL;
    }
    schema_skip_to(&alias, '=', alias.end, false);
    lex_next(&alias.lex);
    type = schema_parse_type(&alias);
    busy->busy = false;
    p->warned = alias.warned;
    return type && (lex_is_mark(&alias.lex, ';') || lex_is_name(&alias.lex, "where") || schema_parse_mark(&alias, ';'))
               ? type
               : NULL;
}
