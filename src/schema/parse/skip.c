/* SPDX-License-Identifier: Apache-2.0 */
/* Past whole items, whatever they are: what kind of item begins here, and where it ends. */
#include "schema/parse/parse.h"

void schema_expect_end(struct parser *p, size_t end, const char *what)
{
    if (p->lex.index >= end)
        schema_parse_expected(p, what);
    else
        lex_next(&p->lex);
}

static void skip_statement(struct parser *p, size_t end)
{
    schema_skip_to(p, ';', end, false);
    schema_expect_end(p, end, "`;`");
}

/* To the braces that end an item, or to its semicolon. Braces in generic arguments end nothing. */
static void skip_block(struct parser *p, size_t end)
{
    while (p->lex.index < end && !lex_is_mark(&p->lex, ';')) {
        bool brace = lex_is_mark(&p->lex, '{');

        lex_skip_group(&p->lex);
        if (brace && !lex_is_mark(&p->lex, '>') && !lex_is_mark(&p->lex, ','))
            return;
    }
    schema_expect_end(p, end, "`;` or `{`");
}

/* struct A(u8) may lack its semicolon: then what follows is another item. */
static void skip_definition(struct parser *p, size_t end)
{
    lex_next(&p->lex);
    lex_next(&p->lex);
    if (lex_is_mark(&p->lex, '<'))
        schema_skip_generics(p, end);
    if (lex_is_mark(&p->lex, '(')) {
        lex_skip_group(&p->lex);
        if (lex_is_name(&p->lex, "where"))
            schema_skip_to(p, ';', end, false);
        if (lex_is_mark(&p->lex, ';'))
            lex_next(&p->lex);
        return;
    }
    skip_block(p, end);
}

bool schema_is_macro(const struct parser *p)
{
    const struct token *token = lex_ahead(&p->lex, 0);

    if (token->kind == TOKEN_PATH)
        token++;
    while (token->kind == TOKEN_NAME && token[1].kind == TOKEN_PATH)
        token += 2;
    return token->kind == TOKEN_NAME && token_is_mark(token + 1, '!');
}

static void skip_macro(struct parser *p, size_t end)
{
    bool brace;

    schema_skip_to(p, '!', end, false);
    lex_next(&p->lex);
    if (p->lex.token.kind == TOKEN_NAME)
        lex_next(&p->lex);
    if (p->lex.index >= end || !lex_opens(&p->lex)) {
        schema_parse_expected(p, "`{`, `(` or `[`");
        return;
    }
    brace = lex_is_mark(&p->lex, '{');
    lex_skip_group(&p->lex);
    if (!brace && lex_is_mark(&p->lex, ';'))
        lex_next(&p->lex);
}

bool schema_is_constant(const struct parser *p)
{
    return lex_is_name(&p->lex, "const") &&
           !token_is_one_of(lex_ahead(&p->lex, 1), " fn unsafe async extern safe trait impl ");
}

static bool is_union(const struct parser *p)
{
    return lex_is_name(&p->lex, "union") && lex_ahead(&p->lex, 1)->kind == TOKEN_NAME;
}

bool schema_is_definition(const struct parser *p)
{
    return lex_is_name(&p->lex, "struct") || lex_is_name(&p->lex, "enum") || is_union(p);
}

static bool is_statement(const struct parser *p)
{
    return lex_is_name(&p->lex, "use") || lex_is_name(&p->lex, "type") || schema_is_constant(p) ||
           (lex_is_name(&p->lex, "static") && lex_ahead(&p->lex, 1)->kind == TOKEN_NAME);
}

void schema_skip_item(struct parser *p, size_t end)
{
    static const char blocks[] = " fn const static impl trait mod extern unsafe async auto default safe gen macro ";

    if (schema_is_macro(p))
        skip_macro(p, end);
    else if (schema_is_definition(p))
        skip_definition(p, end);
    else if (is_statement(p))
        skip_statement(p, end);
    else if (lex_is_mark(&p->lex, ';'))
        lex_next(&p->lex);
    else if (token_is_one_of(&p->lex.token, blocks))
        skip_block(p, end);
    else {
        schema_parse_expected(p, "an item, as `struct` or `enum`");
        schema_skip_to(p, ';', end, false);
        if (p->lex.index < end)
            lex_next(&p->lex);
    }
}
