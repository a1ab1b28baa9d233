/* SPDX-License-Identifier: Apache-2.0 */
/* From tokens to types. First the items of all modules are found and skipped over (items.c);
   then those that are archived are read (parse.c), and names in them are looked up where they
   stand (resolve.c). */
#ifndef MMS_SCHEMA_PARSE_PARSE_H
#define MMS_SCHEMA_PARSE_PARSE_H

#include "schema/model.h"
#include "schema/parse/cfg.h"
#include "schema/parse/known.h"
#include "schema/parse/lex.h"
#include "schema/parse/names.h"

enum item_kind { ITEM_TYPE, ITEM_ALIAS, ITEM_CONSTANT, ITEM_MODULE, ITEM_USE };

/* Something with a name in a module. */
struct item {
    struct item *next;   /* in the text */
    struct scope *scope; /* where it is named */
    const char *name;
    enum item_kind kind;
    size_t at;                /* of the name */
    size_t keyword, body;     /* tokens: `struct`, and what follows the name */
    size_t attributes;        /* token: the first one, or the keyword */
    struct scope *inside;     /* of a module */
    const char *path;         /* of a use */
    const struct token *open; /* the condition that nobody has decided; NULL: it is there */
    const struct item *twin;  /* another one of that name, if either is open */
    bool archived;            /* derives rkyv's Archive */
    bool table;               /* an alias with #[mmsync::table] */
    bool test_only;           /* open, and not there but in tests */
    bool busy;                /* being worked out */
};

/* A module, or the constants of an impl block. */
struct scope {
    struct scope *parent; /* NULL: the file */
    struct names types, values;
    const char **globs; /* paths of `use path::*` */
    size_t glob_count;
    bool is_impl; /* what is not found in it may be in its parent */
};

/* What a generic parameter of an alias stands for. */
struct binding {
    const struct binding *next;
    const char *name;
    struct model_type *type;
};

struct parser {
    struct lexer lex;
    struct model *model;
    struct scope *root, *scope; /* scope: where the lexer is */
    struct item *items, **last; /* of all scopes */
    const struct item *self;    /* what `Self` is */
    const struct binding *bound;
    struct names impls;   /* scopes of the constants in impl blocks, by the type's name */
    struct names by_hand; /* types with an impl of Archive */
    struct names warned;  /* attributes */
    size_t end;           /* the index of the last token */
    unsigned depth;       /* of types in types, and of aliases */
    bool any_archived;    /* some type derives Archive */
};

/* A type that is only mentioned as yet. */
enum { MODEL_UNDEFINED = -1 };

/* ---- Words (words.c) ---- */

/* "expected WHAT, found ...", at the current token. */
void schema_parse_expected(struct parser *p, const char *what);
bool schema_parse_mark(struct parser *p, char mark);         /* take it, or an error */
char *schema_parse_name(struct parser *p, const char *what); /* take an identifier; NULL after an error */
/* Take `pub`, `pub(crate)` ... if there is one. */
void schema_skip_visibility(struct parser *p);
/* To a mark outside of all brackets, or to the token `end`. `generic`: angle brackets count
   too. */
void schema_skip_to(struct parser *p, char mark, size_t end, bool generic);
/* From a `<` to behind its `>`, or to the token `end`. */
void schema_skip_generics(struct parser *p, size_t end);
/* To the `>` that ends the arguments, whatever they are. */
void schema_skip_arguments(struct parser *p);
/* The name, or with underscores if C or C++ has another use for it. */
const char *schema_c_name(struct model *model, const char *name);

/* ---- Attributes (attributes.c) ---- */

/* On items nothing is refused, as most of them are no types. */
enum place { ON_ITEM, ON_TYPE, ON_FIELD, ON_VARIANT, ON_ALIAS };

enum { MOST_REPRS = 8 };

struct attributes {
    const char *doc;
    enum cfg_answer kept;                  /* is it there? */
    const struct token *open;              /* if that is open: because of this */
    bool test_only;                        /* open, and not there where `test` is false */
    bool archived;                         /* derives rkyv's Archive */
    const struct token *table;             /* #[mmsync::table]; NULL: it is not there */
    const struct token *reprs[MOST_REPRS]; /* of the archived type: what stands in repr(...) */
    size_t repr_count;
    unsigned tag_repr; /* of #[repr(u8)]: 1, of u16: 2 */
};

/* All that stand here, and doc comments. */
bool schema_parse_attributes(struct parser *p, enum place place, struct attributes *a);
/* Those of the whole module, `#![...]`. */
void schema_parse_inner_attributes(struct parser *p, struct attributes *a);
/* What repr(...) of an archived type may be without changing anything. */
bool schema_check_reprs(struct parser *p, const struct attributes *a, const struct model_type *type);

/* ---- Past items (skip.c) ---- */

bool schema_is_macro(const struct parser *p);      /* name!(...);  name! { ... }  macro_rules! name { ... } */
bool schema_is_definition(const struct parser *p); /* of a struct, an enum or a union */
bool schema_is_constant(const struct parser *p);   /* `const`, and not `const fn` and the like */
/* Past the item that stands here, behind its attributes and its visibility. */
void schema_skip_item(struct parser *p, size_t end);
/* Past the current token; an error if `end` has been reached. */
void schema_expect_end(struct parser *p, size_t end, const char *what);

/* ---- Items (items.c) ---- */

/* Those of the whole text. */
void schema_scan(struct parser *p);
/* Is it one of those that a program can have archived? */
bool schema_is_counted(const struct parser *p, const struct item *item);

/* ---- Names (resolve.c) ---- */

struct found {
    const struct item *item;        /* of this text */
    const struct known_type *known; /* or what all schemas know */
    const char *path;               /* or something else's: its path, as far as it can be told */
    const struct token *open;       /* what decides if it is this one */
    const char *glob;               /* a bare name: `use glob::*` may bring another */
};

/* A path, looked up in a module. `values`: constants, else types. */
struct found schema_resolve(struct parser *p, const struct scope *scope, const char *path, bool values);

/* ---- Constants (constant.c) ---- */

/* The expression up to a bracket, or a semicolon, as a length. */
bool schema_parse_length(struct parser *p, uint64_t *length);

/* ---- Types ---- */

/* All return NULL after an error. `at`: where the type's name is in the source. */

/* Any type expression (type.c). */
struct model_type *schema_parse_type(struct parser *p);
/* What the name of a known type stands for, which the parser is past (standard.c). */
struct model_type *schema_parse_known(struct parser *p, const struct known_type *known, size_t at);
/* A known type with arguments, which the parser is at (container.c). */
struct model_type *schema_parse_container(struct parser *p, const struct known_type *known, size_t at);
struct model_type *schema_make_container(struct model *model, const struct known_type *known,
                                         struct model_type **arguments, size_t at);
/* The generic arguments, behind the `<`, up to behind the `>`. */
bool schema_parse_type_arguments(struct parser *p, const struct known_type *known, struct model_type **arguments);
/* #[mmsync::table] type NAME = HashMap<K, V>; (table.c) */
void schema_parse_table(struct parser *p, const struct item *item);
/* What `type NAME = ...;` stands for; the parser is past the name where that is used (alias.c). */
struct model_type *schema_parse_alias(struct parser *p, const struct item *item, size_t at);

#endif
