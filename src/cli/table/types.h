/* SPDX-License-Identifier: Apache-2.0 */
/* The types of a typed table's keys and values, from the schema that is stored with it. */
#ifndef MMS_CLI_TABLE_TYPES_H
#define MMS_CLI_TABLE_TYPES_H

#include <mmsync/typed_table.h>

struct schema;

/* Start from zeros; free in any case. */
struct table_types {
    char *text;
    struct schema *schema;
    const mms_table_type *type; /* in it; NULL: a table of bytes, as far as anybody knows */
};

/* Take the types from a schema text, if it is that of a table with this type id. An exit status;
   anything but EXIT_OK has been reported, here and below. */
int table_types_take(struct table_types *types, const uint64_t type_id[2], const char *text, size_t size);
/* From the newest value of a region. */
int table_types_fetch(struct table_types *types, mms_region *region, const uint64_t type_id[2]);
/* From the view that a reader holds. */
int table_types_take_held(struct table_types *types, mms_reader *reader, const uint64_t type_id[2]);
void table_types_free(struct table_types *types);

#endif
