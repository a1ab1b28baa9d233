/* SPDX-License-Identifier: Apache-2.0 */
/* C from a model: a header with types and inline functions, and a source file with tables. */
#ifndef MMS_SCHEMA_EMIT_EMIT_H
#define MMS_SCHEMA_EMIT_EMIT_H

#include "schema/model.h"

struct emit {
    FILE *out;
    struct model *model;
    const char *prefix; /* of all names */
    const char *stem;   /* of the names of tables: an identifier */
    const char *header; /* the header's file name */
    const char *schema; /* the schema's file name */
};

/* ---- Names (names.c); all live as long as the model ---- */

const char *emit_name(const struct emit *e, const mms_type *type);          /* "HelloWorld", "Vec_String" */
const char *emit_archived_name(const struct emit *e, const mms_type *type); /* "ArchivedHelloWorld" */
const char *emit_input(const struct emit *e, const mms_type *type);         /* the C type of an input value */
const char *emit_archived(const struct emit *e, const mms_type *type);      /* and of an archived one */
const char *emit_pointer(const struct emit *e, const char *to);             /* "const X *" */
int emit_bits(const struct emit *e);                                        /* 32 or 64 */
bool emit_exists(const mms_type *type);    /* false: the type has no size, and C no such type */
bool emit_has_input(const mms_type *type); /* the same of its input */
/* The entry of a HashSet, which C has as the key itself. */
bool emit_is_bare_key(const mms_type *type);
/* A container that two schemas may both generate, because nothing in it is theirs. */
bool emit_is_shared(const mms_type *type);

/* A comment from a doc, with an indentation. Nothing without a doc. */
void emit_doc(const struct emit *e, const char *doc, const char *indent);

/* ---- Parts ---- */

void emit_types(const struct emit *e);         /* types.c: enums, structs, unions, assertions */
void emit_accessors(const struct emit *e);     /* access.c: containers, fields, variants */
void emit_setters(const struct emit *e);       /* setters.c: changes in an update */
void emit_roots(const struct emit *e);         /* roots.c: what can be done with whole values */
void emit_tables(const struct emit *e);        /* tables.c: what can be done with typed tables */
void emit_header(const struct emit *e);        /* roots.c: all of these */
void emit_source(const struct emit *e);        /* source.c: the types */
void emit_table_sources(const struct emit *e); /* tables.c: the types of tables */

/* A schema as a C string, with a name (source.c). */
void emit_schema(const struct emit *e, const char *name, const char *canon);

#endif
