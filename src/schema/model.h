/* SPDX-License-Identifier: Apache-2.0 */
/* A schema as a list of types: those that it defines, and every container over them that it
   names, once each. */
#ifndef MMS_MODEL_H
#define MMS_MODEL_H

#include "schema/parse/names.h"
#include "schema/source.h"
#include <mmsync/archive.h>

/* What C needs to know of a field besides its mms_type_field, in arrays of the same length. */
struct field_text {
    const char *doc;    /* NULL, or lines that end with \n */
    const char *c_name; /* the name, or one that C and C++ allow */
    size_t at;          /* in the source */
};

struct variant_text {
    const char *doc, *c_name;
    const struct field_text *fields;
    size_t at;
};

struct model_type {
    mms_type type;       /* first: an mms_type * of the model leads to it */
    const char *mangled; /* the name as an identifier: "Vec_String" */
    const char *doc;
    const struct field_text *fields;     /* of structs */
    const struct variant_text *variants; /* of enums */
    size_t at;                           /* the definition, or the first use */
    size_t index;                        /* in the model */
    size_t input_align;
    bool defined;                 /* by the schema: a struct or enum */
    bool c_like;                  /* an enum without data */
    bool bare;                    /* what a set holds: in C, the key itself */
    bool tag_repr;                /* an enum with #[repr(u8)], or as wide as its tag is */
    bool valued;                  /* an enum whose variants have other values than their indices */
    int range;                    /* not 0: Range<T> and the like */
    bool in_key;                  /* while keys are checked: a key has this part */
    unsigned key_ways, key_depth; /* in which a key may have it; how deep its parts are nested */
    bool in_table_key;            /* it may be part of the key of a table */
    int state;                    /* of measuring */
    size_t met;                   /* the last canonical text that it is in */
    size_t part_align;            /* of all that belongs to it; 0: nothing does, SIZE_MAX: there are several */
};

/* A type of table: an alias with #[mmsync::table]. */
struct model_table {
    struct model_table *next; /* in the text */
    const char *name, *doc;
    size_t at;
    const struct model_type *key, *value;
};

enum { MODEL_RANGE = 1, MODEL_RANGE_INCLUSIVE };

/* How many aliases and constants of a file are expanded: a chain may double at each link. */
enum { MOST_EXPANSIONS = 1 << 18 };

struct model {
    struct source *source;
    bool wide;
    bool stored;               /* it is the text that is stored with values, which has no attributes */
    struct model_type **types; /* all, in the order of their first mention */
    size_t count, room;
    struct model_table *tables, *last_table;
    struct names table_names;
    struct names by_name;
    struct names standard;           /* names of standard types that are used */
    const struct model_type **queue; /* of model_canon */
    size_t canons;                   /* texts that it made */
    unsigned depth;                  /* of measuring */
    unsigned expansions;             /* of aliases and constants */
    struct block *blocks;            /* memory */
    size_t free;                     /* bytes at the end of the first block */
};

/* ---- Building (model.c) ---- */

/* Memory that lives as long as the model, zeroed; the program ends if there is none. */
void *model_allocate(struct model *model, size_t size);
char *model_format(struct model *model, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The type with a name, made if there is none; `at` is for errors. */
struct model_type *model_intern(struct model *model, const char *name, const char *mangled, int kind, size_t at);
struct model_type *model_find(const struct model *model, const char *name);
const struct model_table *model_find_table(const struct model *model, const char *name);

static inline struct model_type *model_of(const mms_type *type)
{
    return (struct model_type *)(uintptr_t)type;
}

/* Sets and maps, each a table of entries. */
static inline bool model_is_set(const mms_type *type)
{
    return type->kind == MMS_T_SET || type->kind == MMS_T_TREE_SET;
}

static inline bool model_is_tree(const mms_type *type)
{
    return type->kind == MMS_T_TREE || type->kind == MMS_T_TREE_SET;
}

static inline bool model_is_table(const mms_type *type)
{
    return type->kind == MMS_T_MAP || model_is_set(type) || model_is_tree(type);
}

/* ---- The passes: each returns false after an error was printed ---- */

bool model_parse(struct model *model);        /* parse.c: all definitions */
bool model_check(struct model *model);        /* check_model.c: names, what is not defined */
bool model_measure(struct model *model);      /* measure.c: sizes, alignments, offsets, flags */
bool model_check_keys(struct model *model);   /* check_keys.c: what is hashed, and what is ordered */
bool model_check_tables(struct model *model); /* check_tables.c: keys of tables */

/* All of them. Free the model in any case. */
bool model_read(struct model *model, struct source *source, bool wide, bool stored);
void model_free(struct model *model);

/* (canon.c) The text that says what a type is: comments and spelling do not matter. Hashed, it
   is the type id. */
const char *model_canon(struct model *model, const struct model_type *root);
const char *model_canon_table(struct model *model, const struct model_table *table);
void model_type_id(const char *canon, uint64_t type_id[2]);
/* A name and a width from the first line of such a text, and whether it is that of a table; false if it is none. The
   name is of `size` bytes. */
struct canon_head {
    char name[256];
    bool wide, table;
};
bool model_canon_head(const char *text, size_t text_size, struct canon_head *head);

#endif
