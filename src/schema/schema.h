/* SPDX-License-Identifier: Apache-2.0 */
/* Types at run time, from the text of a schema: for the tool, and for tests. */
#ifndef MMS_SCHEMA_H
#define MMS_SCHEMA_H

#include "schema/model.h"
#include <mmsync/typed_table.h>

struct schema {
    struct source source;
    struct model model;
    mms_archive archive;  /* of the root, if that is a type */
    mms_table_type table; /* or else of the table */
};

/* The type `root` of a text, which must stay as long as the schema. Errors go to `errors`, which may be NULL. Free the
   schema in any case. */
bool schema_read(struct schema *schema, const char *name, const char *text, size_t size, const char *root, bool wide,
                 FILE *errors);
/* The same, of a type or of a table. */
bool schema_read_any(struct schema *schema, const char *name, const char *text, size_t size, const char *root,
                     bool wide, FILE *errors);
/* The same from the text that is stored with a value: false if it is none, or does not have the type id. */
bool schema_read_stored(struct schema *schema, const char *text, size_t size, const uint64_t type_id[2], FILE *errors);
/* The same from the text that is stored with a typed table. */
bool schema_read_stored_table(struct schema *schema, const char *text, size_t size, const uint64_t type_id[2],
                              FILE *errors);
/* After either: another one of its types or tables. */
bool schema_take_type(struct schema *schema, const char *root);
bool schema_take_table(struct schema *schema, const char *name);
void schema_free(struct schema *schema);

#endif
