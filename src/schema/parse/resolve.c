/* SPDX-License-Identifier: Apache-2.0 */
/* What a path means where it stands: Rust's rules, as far as one file shows. */
#include "schema/parse/parse.h"
#include <string.h>

enum { MOST_LOOKUPS = 64 };

struct search {
    struct parser *p;
    bool values;
    unsigned lookups; /* so that `use` in circles ends */
    bool plain;       /* names come from no glob, as those in the path of a glob */
    const struct token *open;
};

static struct found resolve(struct search *s, const struct scope *scope, const char *path);

static bool begins(const char *text, const char *start)
{
    return !strncmp(text, start, strlen(start));
}

static const char *first_of(struct parser *p, const char *path, const char **rest)
{
    size_t size = strcspn(path, ":");

    *rest = path[size] ? path + size + 2 : NULL;
    return model_format(p->model, "%.*s", (int)size, path);
}

/* ---- In a module ---- */

static const struct item *find_in(struct search *s, const struct scope *scope, const char *name, bool values);

static struct found resolve_glob(struct search *s, const struct scope *scope, const char *path)
{
    bool plain = s->plain;
    struct found found;

    s->plain = true;
    found = resolve(s, scope, path);
    s->plain = plain;
    return found;
}

/* The module of this file that `use path::*` names, or NULL. */
static const struct scope *scope_of_glob(struct search *s, const struct scope *scope, const char *path)
{
    struct found found;

    if (!strcmp(path, "crate"))
        return s->p->root;
    if (!strcmp(path, "super"))
        return scope->parent;
    found = resolve_glob(s, scope, path);
    return found.item ? found.item->inside : NULL;
}

static const struct item *find_in_globs(struct search *s, const struct scope *scope, const char *name, bool values)
{
    for (size_t i = 0; i < scope->glob_count; i++) {
        const struct scope *other = scope_of_glob(s, scope, scope->globs[i]);
        const struct item *item = other && other != scope ? find_in(s, other, name, values) : NULL;

        if (item)
            return item;
    }
    return NULL;
}

static const struct item *find_in(struct search *s, const struct scope *scope, const char *name, bool values)
{
    const struct item *item = names_get(values ? &scope->values : &scope->types, name);

    if (!item && values) { /* `use a::CONSTANT` is among the types */
        item = names_get(&scope->types, name);
        item = item && item->kind == ITEM_USE ? item : NULL;
    }
    if (item && item->busy && item->kind == ITEM_USE)
        item = NULL;
    if (!item && !s->plain && s->lookups++ < MOST_LOOKUPS)
        item = find_in_globs(s, scope, name, values);
    if (!item && scope->is_impl)
        return find_in(s, scope->parent, name, values);
    return item;
}

/* ---- Outside of this file ---- */

/* Does `use path::*` bring nothing with a name that types have? */
static bool is_plain_crate(const char *path)
{
    static const char *const crates[] = {"std", "core", "alloc", "rkyv", "serde", "bytecheck"};
    size_t size = strcspn(path, ":");

    for (size_t i = 0; i < sizeof crates / sizeof *crates; i++)
        if (strlen(crates[i]) == size && !memcmp(path, crates[i], size))
            return true;
    return false;
}

static bool is_own(const char *path)
{
    return begins(path, "crate") || begins(path, "super") || begins(path, "self");
}

static bool in_prelude(const char *name)
{
    static const char *const names[] = {"Box", "Option", "Result", "String", "Vec"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

/* A name that stands alone and that no item of the file has: of the standard library, if no glob can bring another. */
static struct found resolve_bare(struct search *s, const struct scope *scope, const char *name)
{
    struct found found = {.known = known_by_name(name), .path = name, .open = s->open};

    if (!found.known || !*found.known->modules)
        return found;
    for (size_t i = 0; i < scope->glob_count && !s->plain && s->lookups++ < MOST_LOOKUPS; i++) {
        const struct scope *other = scope_of_glob(s, scope, scope->globs[i]);
        struct found from =
            other && other != scope ? resolve_bare(s, other, name) : resolve_glob(s, scope, scope->globs[i]);
        const char *path = from.item ? "self" : from.path ? from.path : "";

        if (other)
            found.glob = from.glob ? from.glob : found.glob;
        else if (*path && known_by_path(model_format(s->p->model, "%s::%s", path, name)))
            return (struct found){.known = found.known, .path = path, .open = s->open};
        else if (*path && !is_plain_crate(path) && !(is_own(path) && in_prelude(name)))
            found.glob = path;
    }
    return found;
}

static struct found resolve_outside(struct search *s, const char *path)
{
    path = begins(path, "::") ? path + 2 : path;
    return (struct found){.known = known_by_path(path), .path = path, .open = s->open};
}

/* ---- Paths ---- */

static struct found resolve_item(struct search *s, const struct item *item, const char *rest, const char *path)
{
    struct item *busy = (struct item *)(uintptr_t)item;
    struct found found;

    if (item->open)
        s->open = item->open;
    if (item->kind == ITEM_MODULE && rest && !item->inside) /* `mod x;` */
        return (struct found){.path = model_format(s->p->model, "self::%s", path), .open = s->open};
    if (item->kind == ITEM_MODULE && rest) {
        found = resolve(s, item->inside, model_format(s->p->model, "self::%s", rest));
        return found;
    }
    if (item->kind != ITEM_USE)
        return rest ? (struct found){.path = path, .open = s->open} : (struct found){.item = item, .open = s->open};
    busy->busy = true;
    found = resolve(s, item->scope, rest ? model_format(s->p->model, "%s::%s", item->path, rest) : item->path);
    busy->busy = false;
    return found;
}

/* crate::prices::Price in the file prices.rs is a Price of its own. */
static bool is_this_file(const struct parser *p, const char *name)
{
    const char *file = strrchr(p->lex.source->name, '/');
    size_t size = strlen(name);

    file = file ? file + 1 : p->lex.source->name;
    return !strncmp(file, name, size) && !strcmp(file + size, ".rs");
}

static struct found resolve(struct search *s, const struct scope *scope, const char *path)
{
    const char *whole = path, *rest, *name = first_of(s->p, path, &rest);
    bool inside = false, from_root = false;
    const struct item *item;

    if (s->lookups++ > MOST_LOOKUPS)
        return (struct found){.path = path, .open = s->open};
    if (begins(path, "::"))
        return resolve_outside(s, path);
    while (rest && (!strcmp(name, "crate") || !strcmp(name, "self") || !strcmp(name, "super"))) {
        inside = true;
        from_root = *name == 'c';
        scope = from_root ? s->p->root : !strcmp(name, "super") ? scope->parent : scope;
        if (!scope)
            return (struct found){.path = whole, .open = s->open};
        name = first_of(s->p, rest, &rest);
    }
    item = find_in(s, scope, name, s->values && !rest);
    if (!item && from_root && rest && is_this_file(s->p, name))
        return resolve(s, s->p->root, model_format(s->p->model, "self::%s", rest));
    if (item)
        return resolve_item(s, item, rest, whole);
    if (inside)
        return (struct found){.path = whole, .open = s->open};
    return rest ? resolve_outside(s, whole) : resolve_bare(s, scope, name);
}

struct found schema_resolve(struct parser *p, const struct scope *scope, const char *path, bool values)
{
    struct search search = {.p = p, .values = values};

    return resolve(&search, scope, path);
}
