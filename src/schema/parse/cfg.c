/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/parse/cfg.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- The command line ---- */

static size_t trim(const char **text, size_t size)
{
    while (size > 0 && isspace((unsigned char)**text)) {
        ++*text;
        size--;
    }
    while (size > 0 && isspace((unsigned char)(*text)[size - 1]))
        size--;
    return size;
}

static bool is_name(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_')
            return false;
    return size > 0 && !isdigit((unsigned char)*text);
}

/* NAME, KEY=VALUE or KEY="VALUE". */
static bool read_fact(struct cfg_fact *fact, const char *text, size_t size)
{
    const char *equals = memchr(text, '=', size);

    fact->key = text;
    fact->key_size = trim(&fact->key, equals ? (size_t)(equals - text) : size);
    fact->value = NULL;
    fact->value_size = 0;
    if (equals) {
        fact->value = equals + 1;
        fact->value_size = trim(&fact->value, size - (size_t)(equals + 1 - text));
        if (fact->value_size >= 2 && *fact->value == '"' && fact->value[fact->value_size - 1] == '"') {
            fact->value++;
            fact->value_size -= 2;
        }
        if (memchr(fact->value, '"', fact->value_size))
            return false;
    }
    return is_name(fact->key, fact->key_size);
}

static bool is_same_text(const char *a, size_t a_size, const char *b, size_t b_size)
{
    return a_size == b_size && !memcmp(a, b, a_size);
}

static bool is_same(const struct cfg_fact *a, const struct cfg_fact *b)
{
    if (!is_same_text(a->key, a->key_size, b->key, b->key_size))
        return false;
    if (!a->value || !b->value)
        return !a->value && !b->value;
    return is_same_text(a->value, a->value_size, b->value, b->value_size);
}

bool cfg_add(struct cfg *cfg, const char *text)
{
    struct cfg_fact fact = {.holds = true}, *facts;
    size_t size = trim(&text, strlen(text));

    while (size > 5 && !strncmp(text, "not(", 4) && text[size - 1] == ')') {
        text += 4;
        size = trim(&text, size - 5);
        fact.holds = !fact.holds;
    }
    if (!read_fact(&fact, text, size))
        return false;
    for (size_t i = 0; i < cfg->count; i++)
        if (is_same(&cfg->facts[i], &fact) && cfg->facts[i].holds != fact.holds)
            return false;
    facts = realloc(cfg->facts, (cfg->count + 1) * sizeof *facts);
    if (!facts)
        return false;
    cfg->facts = facts;
    cfg->facts[cfg->count++] = fact;
    return true;
}

/* ---- Answers ---- */

/* Keys that have one value at a time, and what is known about programs that use the library,
   which needs Linux. */
static const struct {
    const char *key, *value;
} single[] = {
    {"target_os", "linux"}, {"target_family", "unix"}, {"target_arch", NULL},          {"target_endian", NULL},
    {"target_env", NULL},   {"target_vendor", NULL},   {"target_pointer_width", NULL}, {"panic", NULL},
};

static bool key_is(const struct cfg_fact *fact, const char *key)
{
    return fact->key_size == strlen(key) && !memcmp(fact->key, key, fact->key_size);
}

static enum cfg_answer answer_default(const struct cfg_fact *fact)
{
    if (!fact->value && (key_is(fact, "unix") || key_is(fact, "true")))
        return CFG_TRUE;
    if (!fact->value && (key_is(fact, "windows") || key_is(fact, "false")))
        return CFG_FALSE;
    for (size_t i = 0; fact->value && i < sizeof single / sizeof *single; i++)
        if (single[i].value && key_is(fact, single[i].key))
            return fact->value_size == strlen(single[i].value) &&
                           !memcmp(fact->value, single[i].value, fact->value_size)
                       ? CFG_TRUE
                       : CFG_FALSE;
    return CFG_OPEN;
}

static bool is_single(const struct cfg_fact *fact)
{
    for (size_t i = 0; fact->value && i < sizeof single / sizeof *single; i++)
        if (key_is(fact, single[i].key))
            return true;
    return false;
}

static enum cfg_answer answer(const struct cfg *cfg, const struct cfg_fact *fact)
{
    for (size_t i = 0; cfg && i < cfg->count; i++)
        if (is_same(&cfg->facts[i], fact))
            return cfg->facts[i].holds ? CFG_TRUE : CFG_FALSE;
    for (size_t i = 0; cfg && is_single(fact) && i < cfg->count; i++) /* another value of the key holds */
        if (cfg->facts[i].holds && cfg->facts[i].value && cfg->facts[i].key_size == fact->key_size &&
            !memcmp(cfg->facts[i].key, fact->key, fact->key_size))
            return CFG_FALSE;
    return answer_default(fact);
}

enum cfg_answer cfg_both(enum cfg_answer a, enum cfg_answer b)
{
    if (a == CFG_FALSE || b == CFG_FALSE)
        return CFG_FALSE;
    return a == CFG_TRUE ? b : CFG_OPEN;
}

static enum cfg_answer negate(enum cfg_answer a)
{
    return a == CFG_OPEN ? CFG_OPEN : a == CFG_TRUE ? CFG_FALSE : CFG_TRUE;
}

/* What is in the parentheses of all(...), and with both sides negated, of any(...). */
static enum cfg_answer evaluate_list(struct lexer *lexer, bool any, const struct token **open)
{
    size_t end = lexer->token.pair;
    enum cfg_answer all = CFG_TRUE;

    lex_next(lexer);
    while (lexer->index < end) {
        enum cfg_answer one = cfg_evaluate(lexer, open);

        all = cfg_both(all, any ? negate(one) : one);
        if (lex_is_mark(lexer, ','))
            lex_next(lexer);
    }
    lex_go(lexer, end);
    lex_next(lexer);
    return any ? negate(all) : all;
}

static enum cfg_answer evaluate_fact(struct lexer *lexer, const struct token **open)
{
    const struct token *at = lex_ahead(lexer, 0);
    struct cfg_fact fact = {.key = lexer->token.text, .key_size = lexer->token.size};
    enum cfg_answer result;

    lex_next(lexer);
    if (lex_is_mark(lexer, '=') && lex_ahead(lexer, 1)->kind == TOKEN_TEXT && lex_ahead(lexer, 1)->size >= 2) {
        lex_next(lexer);
        fact.value = lexer->token.text + 1;
        fact.value_size = lexer->token.size - 2;
        lex_next(lexer);
    }
    result = answer(lexer->source->cfg, &fact);
    if (result == CFG_OPEN)
        *open = at;
    return result;
}

enum cfg_answer cfg_evaluate(struct lexer *lexer, const struct token **open)
{
    bool all = lex_is_name(lexer, "all"), any = lex_is_name(lexer, "any"), not = lex_is_name(lexer, "not");
    const struct token *at = lex_ahead(lexer, 0);

    if (lexer->token.kind != TOKEN_NAME || lex_opens(lexer)) {
        *open = at;
        lex_skip_group(lexer);
        return CFG_OPEN;
    }
    if (!token_is_mark(at + 1, '('))
        return evaluate_fact(lexer, open);
    lex_next(lexer);
    if (all || any)
        return evaluate_list(lexer, any, open);
    if (not )
        return negate(evaluate_list(lexer, false, open));
    *open = at; /* version(...), accessible(...) */
    lex_skip_group(lexer);
    return CFG_OPEN;
}

/* ---- Errors ---- */

void cfg_error(struct source *source, const struct token *open, const char *what)
{
    int size = (int)open->size, value_size = 0;
    const char *equals = "", *value = "";

    if (open->kind != TOKEN_NAME || token_is_mark(open + 1, '(')) {
        source_error(source, open->at, "%s depends on a condition that mmsc does not know", what);
        return;
    }
    if (token_is_mark(open + 1, '=') && open[2].kind == TOKEN_TEXT) {
        equals = "=";
        value = open[2].text;
        value_size = (int)open[2].size;
    }
    source_error(source, open->at,
                 "%s depends on `%.*s%s%.*s`; say with --cfg '%.*s%s%.*s' that it holds, or with "
                 "--cfg 'not(%.*s%s%.*s)' that it does not",
                 what, size, open->text, equals, value_size, value, size, open->text, equals, value_size, value, size,
                 open->text, equals, value_size, value);
}

bool cfg_is_test(const struct token *open)
{
    return token_is_name(open, "test") && !token_is_mark(open + 1, '=') && !token_is_mark(open + 1, '(');
}
