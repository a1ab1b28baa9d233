/* SPDX-License-Identifier: Apache-2.0 */
/* The keys and values of typed tables, as bytes. */
#ifndef MMS_ARCHIVE_TABLE_CONTENT_H
#define MMS_ARCHIVE_TABLE_CONTENT_H

#include "archive/path.h"
#include <mmsync/typed_table.h>

/* Its bytes are the text itself. */
static inline bool mms__is_text_key(const mms_type *type)
{
    return type->kind == MMS_T_STRING || type->kind == MMS_T_BOX_STR;
}

/* The path "Prices.key", or "Prices.value", of an error. */
static inline struct mms__path mms__table_path(const mms_table_type *type, const struct mms__path *table,
                                               const mms_type *part)
{
    return mms__path_field(table, part == type->key ? "key" : "value");
}

/* The key's bytes, in room[0] to room[type->size - 1], where they are, or where the text is. */
int mms__table_key(const mms_table_type *type, const void *key, unsigned char *room, mms_key *out);

/* Whether bytes are a key of the type. Anything may be in them. */
int mms__table_check_key(const mms_table_type *type, const mms_key *key);
/* The root of a value. `vouched`: the library made it. */
int mms__table_root(const mms_table_type *type, const mms_value *value, bool vouched, const void **root);

#endif
