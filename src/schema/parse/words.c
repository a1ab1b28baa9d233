/* SPDX-License-Identifier: Apache-2.0 */
/* What all parts of the parser share. */
#include "schema/emit/c_names.h"
#include "schema/parse/parse.h"
#include <string.h>

void schema_parse_expected(struct parser *p, const char *what)
{
    const struct token *token = &p->lex.token;

    if (token->kind == TOKEN_END)
        source_error(p->lex.source, token->at, "expected %s, found the end of the file", what);
    else
        source_error(p->lex.source, token->at, "expected %s, found `%.*s`", what, (int)token->size, token->text);
}

bool schema_parse_mark(struct parser *p, char mark)
{
    const char what[] = {'`', mark, '`', '\0'};

    if (!lex_is_mark(&p->lex, mark)) {
        schema_parse_expected(p, what);
        return false;
    }
    lex_next(&p->lex);
    return true;
}

char *schema_parse_name(struct parser *p, const char *what)
{
    char *name;

    if (p->lex.token.kind != TOKEN_NAME) {
        schema_parse_expected(p, what);
        return NULL;
    }
    for (uint32_t i = 0; i < p->lex.token.size; i++)
        if ((unsigned char)p->lex.token.text[i] >= 0x80) {
            source_error(p->lex.source, p->lex.token.at + i, "names must be ASCII here");
            return NULL;
        }
    name = model_format(p->model, "%.*s", (int)p->lex.token.size, p->lex.token.text);
    lex_next(&p->lex);
    return name;
}

/* pub(crate) has one of these; pub (crate::X, Y) is a field of a tuple. */
static bool is_restriction(struct parser *p)
{
    const struct token *first = lex_ahead(&p->lex, 1), *second = lex_ahead(&p->lex, 2);

    if (token_is_name(first, "in"))
        return true;
    return token_is_mark(second, ')') &&
           (token_is_name(first, "crate") || token_is_name(first, "super") || token_is_name(first, "self"));
}

void schema_skip_visibility(struct parser *p)
{
    if (!lex_is_name(&p->lex, "pub"))
        return;
    lex_next(&p->lex);
    if (lex_is_mark(&p->lex, '(') && is_restriction(p))
        lex_skip_group(&p->lex);
}

void schema_skip_to(struct parser *p, char mark, size_t end, bool generic)
{
    unsigned angles = 0;

    while (p->lex.index < end && p->lex.token.kind != TOKEN_END && (angles > 0 || !lex_is_mark(&p->lex, mark))) {
        if (generic && lex_is_mark(&p->lex, '<'))
            angles++;
        else if (lex_is_mark(&p->lex, '>') && angles > 0)
            angles--;
        lex_skip_group(&p->lex);
    }
}

void schema_skip_generics(struct parser *p, size_t end)
{
    lex_next(&p->lex);
    schema_skip_to(p, '>', end, true);
    if (p->lex.index < end)
        lex_next(&p->lex);
}

void schema_skip_arguments(struct parser *p)
{
    schema_skip_to(p, '>', p->end, true);
}

const char *schema_c_name(struct model *model, const char *name)
{
    while (c_name_is_taken(name))
        name = model_format(model, "%s_", name);
    return name;
}
