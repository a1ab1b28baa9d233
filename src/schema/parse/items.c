/* SPDX-License-Identifier: Apache-2.0 */
/* The items of all modules: those with names that types may need are noted, and all are
   skipped. */
#include "schema/parse/parse.h"
#include <string.h>

enum { DEEPEST_MODULE = 64 };

/* Under what conditions a module's items are there. */
struct condition {
    const struct token *open;
    bool test_only;
};

static void scan_module(struct parser *p, struct scope *scope, size_t end, struct condition condition, unsigned depth);

/* ---- Noting ---- */

static void note_twin(struct item *first, struct item *second)
{
    if (!first->open && !second->open)
        return;
    first->twin = second;
    second->twin = first;
}

static struct item *note(struct parser *p, enum item_kind kind, const char *name, size_t at, struct condition condition)
{
    struct item *item = model_allocate(p->model, sizeof *item), *other;
    struct names *names = kind == ITEM_CONSTANT ? &p->scope->values : &p->scope->types;

    *item = (struct item){.scope = p->scope, .kind = kind, .name = name, .at = at, .open = condition.open};
    item->test_only = condition.test_only;
    *p->last = item;
    p->last = &item->next;
    if (names_add(p->model, names, name, item))
        return item;
    other = (struct item *)(uintptr_t)names_get(names, name);
    note_twin(other, item);
    if (other->kind == ITEM_USE && kind != ITEM_USE)
        names_set(names, name, item);
    return item;
}

/* After the keyword: a name, and what follows it. */
static void note_named(struct parser *p, enum item_kind kind, size_t attributes, struct condition condition)
{
    size_t keyword = p->lex.index, at;
    const char *name;
    struct item *item;

    lex_next(&p->lex);
    at = p->lex.token.at;
    name = schema_parse_name(p, "a name");
    if (!name)
        return;
    item = note(p, kind, name, at, condition);
    item->keyword = keyword;
    item->body = p->lex.index;
    item->attributes = attributes;
}

static struct scope *new_scope(struct parser *p, struct scope *parent)
{
    struct scope *scope = model_allocate(p->model, sizeof *scope);

    scope->parent = parent;
    return scope;
}

static void note_module(struct parser *p, struct condition condition, size_t end, unsigned depth)
{
    struct scope *scope = p->scope;
    struct item *item;
    const char *name;
    size_t at, close;

    lex_next(&p->lex);
    at = p->lex.token.at;
    name = schema_parse_name(p, "a name");
    if (!name || !lex_is_mark(&p->lex, '{')) { /* `mod x;` is in another file */
        if (name)
            note(p, ITEM_MODULE, name, at, condition);
        schema_skip_to(p, ';', end, false);
        schema_expect_end(p, end, "`;`");
        return;
    }
    item = note(p, ITEM_MODULE, name, at, condition);
    item->inside = new_scope(p, scope);
    close = p->lex.token.pair;
    lex_next(&p->lex);
    scan_module(p, item->inside, close, condition, depth + 1);
    p->scope = scope;
    lex_go(&p->lex, close);
    lex_next(&p->lex);
}

/* ---- use ---- */

static void note_use(struct parser *p, const char *path, const char *name, size_t at, struct condition condition)
{
    if (strcmp(name, "_") != 0)
        note(p, ITEM_USE, name, at, condition)->path = path;
}

static void note_glob(struct parser *p, const char *path)
{
    struct scope *scope = p->scope;
    size_t count = scope->glob_count;

    if ((count & (count - 1)) == 0) { /* 0, 1, 2, 4, ...: full */
        const char **globs = model_allocate(p->model, (count > 0 ? 2 * count : 1) * sizeof *globs);

        if (count > 0)
            memcpy(globs, scope->globs, count * sizeof *globs);
        scope->globs = globs;
    }
    scope->globs[scope->glob_count++] = path;
}

/* a, a as b, a::b, a::*, a::{b, c}; `path` is what stands before, with its `::`. */
static void scan_use(struct parser *p, const char *path, size_t end, struct condition condition, unsigned depth)
{
    const char *name = "";
    size_t at = p->lex.token.at;

    while (p->lex.index < end && p->lex.token.kind == TOKEN_NAME) {
        name = model_format(p->model, "%.*s", (int)p->lex.token.size, p->lex.token.text);
        at = p->lex.token.at;
        lex_next(&p->lex);
        if (p->lex.token.kind != TOKEN_PATH)
            break;
        path = model_format(p->model, "%s%s::", path, name);
        name = "";
        lex_next(&p->lex);
    }
    if (*name && !strcmp(name, "self") && *path) { /* a::{self} is a */
        path = model_format(p->model, "%.*s", (int)strlen(path) - 2, path);
        name = strrchr(path, ':') ? strrchr(path, ':') + 1 : path;
    } else if (*name) {
        path = model_format(p->model, "%s%s", path, name);
    }
    if (*name) {
        if (lex_is_name(&p->lex, "as")) {
            lex_next(&p->lex);
            name = schema_parse_name(p, "a name");
        }
        if (name)
            note_use(p, path, name, at, condition);
    } else if (lex_is_mark(&p->lex, '*')) {
        lex_next(&p->lex);
        note_glob(p, model_format(p->model, "%.*s", *path ? (int)strlen(path) - 2 : 0, path));
    } else if (lex_is_mark(&p->lex, '{') && depth < DEEPEST_MODULE) {
        size_t close = p->lex.token.pair;

        lex_next(&p->lex);
        while (p->lex.index < close) {
            scan_use(p, path, close, condition, depth + 1);
            schema_skip_to(p, ',', close, false);
            if (p->lex.index < close)
                lex_next(&p->lex);
        }
    }
}

static void note_uses(struct parser *p, size_t end, struct condition condition)
{
    const char *path = "";

    lex_next(&p->lex);
    if (p->lex.token.kind == TOKEN_PATH) {
        path = "::";
        lex_next(&p->lex);
    }
    scan_use(p, path, end, condition, 0);
}

/* extern crate a as b; */
static void note_crate(struct parser *p, struct condition condition)
{
    const char *crate, *name;
    size_t at;

    lex_next(&p->lex);
    lex_next(&p->lex);
    at = p->lex.token.at;
    crate = name = schema_parse_name(p, "a name");
    if (crate && lex_is_name(&p->lex, "as")) {
        lex_next(&p->lex);
        name = schema_parse_name(p, "a name");
    }
    if (name && strcmp(crate, "self") != 0)
        note_use(p, model_format(p->model, "::%s", crate), name, at, condition);
}

/* ---- impl ---- */

/* The constants of `impl X {`, and whether it is an impl of Archive. */
static void scan_impl(struct parser *p, size_t end, struct condition condition, unsigned depth)
{
    struct scope *outer = p->scope, *scope;
    const char *name = NULL;
    bool archive = false;
    size_t close;

    lex_next(&p->lex);
    if (lex_is_mark(&p->lex, '<'))
        schema_skip_generics(p, end);
    while (p->lex.index < end && !lex_is_mark(&p->lex, '{') && !lex_is_name(&p->lex, "where")) {
        if (lex_is_name(&p->lex, "for"))
            archive = name && !strcmp(name, "Archive");
        else if (p->lex.token.kind == TOKEN_NAME)
            name = model_format(p->model, "%.*s", (int)p->lex.token.size, p->lex.token.text);
        if (lex_is_mark(&p->lex, '<'))
            schema_skip_generics(p, end);
        else
            lex_skip_group(&p->lex);
    }
    schema_skip_to(p, '{', end, false);
    if (!name || p->lex.index >= end)
        return;
    if (archive)
        names_add(p->model, &p->by_hand, name, name);
    scope = (struct scope *)(uintptr_t)names_get(&p->impls, name);
    if (!scope) {
        scope = new_scope(p, outer);
        scope->is_impl = true;
        names_add(p->model, &p->impls, name, scope);
    }
    close = p->lex.token.pair;
    lex_next(&p->lex);
    scan_module(p, scope, close, condition, depth + 1);
    p->scope = outer;
}

/* ---- cfg_if! ---- */

/* cfg_if::cfg_if! { ... }, with any path before it. */
static bool is_cfg_if(const struct parser *p)
{
    const struct token *token = lex_ahead(&p->lex, 0);

    if (!schema_is_macro(p))
        return false;
    while (!token_is_mark(token + 1, '!'))
        token++;
    return token_is_name(token, "cfg_if");
}

static struct condition joined(struct condition outer, const struct attributes *a)
{
    return a->kept != CFG_OPEN || (outer.open && outer.test_only) ? outer : (struct condition){a->open, a->test_only};
}

/* `if #[cfg(...)]`, `else if #[cfg(...)]` or `else`: the condition, as attributes have it. */
static bool parse_branch(struct parser *p, struct attributes *a)
{
    *a = (struct attributes){.kept = CFG_TRUE};
    if (lex_is_name(&p->lex, "else"))
        lex_next(&p->lex);
    if (lex_is_name(&p->lex, "if")) {
        lex_next(&p->lex);
        if (!schema_parse_attributes(p, ON_ITEM, a))
            return false;
    }
    if (lex_is_mark(&p->lex, '{'))
        return true;
    schema_parse_expected(p, "`if #[cfg(...)] {` or `else {`");
    return false;
}

/* A branch is there if its condition holds and none before it does. So behind an open one all
   are open. */
static void scan_cfg_if(struct parser *p, size_t end, struct condition condition, unsigned depth)
{
    struct scope *scope = p->scope;
    struct attributes a = {.kept = CFG_FALSE};
    size_t close;

    schema_skip_to(p, '!', end, false);
    lex_next(&p->lex);
    if (!lex_opens(&p->lex))
        return;
    close = p->lex.token.pair;
    lex_next(&p->lex);
    while (p->lex.index < close && a.kept != CFG_TRUE && parse_branch(p, &a)) {
        size_t last = p->lex.token.pair;

        lex_next(&p->lex);
        if (a.kept != CFG_FALSE)
            scan_module(p, scope, last, joined(condition, &a), depth + 1);
        a.test_only = false; /* what follows is there where it is not a test */
        condition = joined(condition, &a);
        lex_go(&p->lex, last + 1);
    }
}

/* ---- All ---- */

static void note_item(struct parser *p, size_t attributes, size_t end, struct condition condition, unsigned depth)
{
    if (schema_is_definition(p))
        note_named(p, ITEM_TYPE, attributes, condition);
    else if (lex_is_name(&p->lex, "type"))
        note_named(p, ITEM_ALIAS, attributes, condition);
    else if (schema_is_constant(p) && lex_ahead(&p->lex, 1)->kind == TOKEN_NAME &&
             !token_is_name(lex_ahead(&p->lex, 1), "_"))
        note_named(p, ITEM_CONSTANT, attributes, condition);
    else if (lex_is_name(&p->lex, "use"))
        note_uses(p, end, condition);
    else if (lex_is_name(&p->lex, "extern") && token_is_name(lex_ahead(&p->lex, 1), "crate"))
        note_crate(p, condition);
    else if (lex_is_name(&p->lex, "impl") ||
             (lex_is_name(&p->lex, "unsafe") && token_is_name(lex_ahead(&p->lex, 1), "impl"))) {
        if (lex_is_name(&p->lex, "unsafe"))
            lex_next(&p->lex);
        scan_impl(p, end, condition, depth);
    }
}

static void scan_item(struct parser *p, size_t end, struct condition condition, unsigned depth)
{
    struct attributes a;
    struct lexer start;
    size_t attributes = p->lex.index;

    if (!schema_parse_attributes(p, ON_ITEM, &a)) {
        lex_next(&p->lex);
        return;
    }
    if (p->lex.index >= end)
        return;
    schema_skip_visibility(p);
    condition = joined(condition, &a);
    start = p->lex;
    if (a.table && a.kept != CFG_FALSE && !lex_is_name(&p->lex, "type"))
        source_error(p->lex.source, a.table->at, "#[mmsync::table] stands before an alias: type NAME = HashMap<K, V>;");
    if (a.kept != CFG_FALSE && lex_is_name(&p->lex, "mod")) {
        note_module(p, condition, end, depth);
        return;
    }
    if (a.kept != CFG_FALSE && is_cfg_if(p))
        scan_cfg_if(p, end, condition, depth);
    else if (a.kept != CFG_FALSE && !schema_is_macro(p))
        note_item(p, attributes, end, condition, depth);
    p->lex = start;
    schema_skip_item(p, end);
}

static void scan_module(struct parser *p, struct scope *scope, size_t end, struct condition condition, unsigned depth)
{
    struct attributes a;

    p->scope = scope;
    if (depth > DEEPEST_MODULE) {
        source_error(p->lex.source, p->lex.token.at, "modules are nested more than %d deep", DEEPEST_MODULE);
        return;
    }
    schema_parse_inner_attributes(p, &a);
    if (a.kept == CFG_FALSE)
        return;
    if (a.kept == CFG_OPEN && !condition.open)
        condition = (struct condition){a.open, a.test_only};
    while (p->lex.index < end && p->lex.token.kind != TOKEN_END) {
        p->scope = scope;
        scan_item(p, end, condition, depth);
    }
}

/* What only rkyv 0.8 has, whose archives differ. */
static void check_version(struct parser *p)
{
    static const char modules[] = " rancor api munge place traits seal primitive Portable Place ";

    for (const struct token *t = p->lex.tokens; t->kind != TOKEN_END; t++) {
        bool of_rkyv = token_is_name(t, "rkyv") && t[1].kind == TOKEN_PATH && token_is_one_of(t + 2, modules);
        bool rancor = token_is_name(t, "use") && token_is_name(t + 1, "rancor");

        if (!of_rkyv && !rancor)
            continue;
        source_error(p->lex.source, t[rancor ? 1 : 2].at,
                     "`%.*s` belongs to rkyv 0.8, whose archives differ; mmsc takes schemas for rkyv 0.7",
                     (int)t[rancor ? 1 : 2].size, t[rancor ? 1 : 2].text);
        return;
    }
}

void schema_scan(struct parser *p)
{
    p->last = &p->items;
    p->root = model_allocate(p->model, sizeof *p->root);
    scan_module(p, p->root, p->end, (struct condition){NULL, false}, 0);
    for (struct item *item = p->items; item; item = item->next) {
        struct attributes a;

        if (item->kind != ITEM_TYPE && item->kind != ITEM_ALIAS)
            continue;
        p->scope = item->scope;
        lex_go(&p->lex, item->attributes);
        schema_parse_attributes(p, ON_ITEM, &a);
        item->table = a.table != NULL;
        if (item->kind != ITEM_TYPE)
            continue;
        item->archived = a.archived;
        p->any_archived = p->any_archived || a.archived;
    }
    check_version(p);
}

bool schema_is_counted(const struct parser *p, const struct item *item)
{
    return !token_is_name(&p->lex.tokens[item->keyword], "union") && (item->archived || !p->any_archived);
}
