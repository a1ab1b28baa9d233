/* SPDX-License-Identifier: Apache-2.0 */
/* Typed tables: keys and values of types that a schema defines. mmsc writes the functions that
   programs use, T_table_put, T_table_get and so on, for each alias with #[mmsync::table]
   (docs/schema.md). They are thin wrappers over what is here, which programs that know the types only
   at run time may use directly.

   The calls of mmsync/table.h work on these tables, too: mms_table_commit, mms_table_abort,
   mms_table_clear, mms_table_set_expiry, mms_table_count, mms_table_describe.

   A key is stored as bytes that are equal if and only if the keys are: text as it is, anything else
   as in an archive, with padding of 0. A value is stored as a whole archive.

   The library vouches for a table whose values were all put by mms_typed_table_put: readers do not
   check them. Any other put to a table of such a type withdraws that until mms_table_clear. Values
   that nobody vouches for are checked at each look-up, in time that depends on the value's size. */
#ifndef MMSYNC_TYPED_TABLE_H
#define MMSYNC_TYPED_TABLE_H

#include <mmsync/archive.h>
#include <mmsync/table.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

/* The longest key that is not text, in bytes. mmsc refuses larger ones. */
#define MMS_TYPED_TABLE_KEY_MAX 1024

/* A type of table. */
typedef struct mms_table_type {
    const char *name; /* as in the schema */
    const mms_type *key, *value;
    uint64_t type_id[2]; /* of the table; the key's type is part of it */
    const char *schema;  /* text from which the types can be made again; may be NULL */
    size_t schema_size;
} mms_table_type;

/* Keys and values passed in are input values (mmsync/archive.h); those that are found are archived.
   A found value is aligned as its type demands, and stays as long as the view. */

/* ---- Writing ---- */

/* mms_table_begin of a table of this type, whose type id, schema and sizes the options may leave 0.
   MMS_E_TYPE: the newest value is not a table, or is one of another type. */
int mms_typed_table_begin(mms_writer *writer, const mms_table_type *type, const mms_table_options *options,
                          mms_table **out);
/* Store a value. MMS_E_INVALID: the key or the value is not of its type; then nothing has changed.
   MMS_E_TYPE: the table is of another type. Other errors are those of mms_table_put. */
int mms_typed_table_put(mms_table *table, const mms_table_type *type, const void *key, const void *value);
/* MMS_E_NOT_FOUND: there is no such key. */
int mms_typed_table_delete(mms_table *table, const mms_table_type *type, const void *key);

/* ---- Reading ---- */

/* mms_read, and the table in the view. On failure the reader holds no view. MMS_E_TYPE: the value is
   not a table, or is one of another type. */
int mms_typed_table_read(mms_reader *reader, const mms_table_type *type, mms_view *view, mms_table_view *out);
/* mms_table_of for any bytes, which nobody vouches for. MMS_E_TYPE, and the codes of mms_table_of. */
int mms_typed_table_of(const mms_view *view, const mms_table_type *type, mms_table_view *out);

/* The key's value, or NULL: then mms_last_code() is MMS_E_NOT_FOUND, MMS_E_CORRUPT if what is stored
   is not of the value's type, MMS_E_INVALID if the key is not of its type, MMS_E_TYPE if the table is
   of another type. */
const void *mms_typed_table_get(const mms_table_view *view, const mms_table_type *type, const void *key);
/* Many at a time: keys side by side, and out[i] is as mms_typed_table_get would return it. Returns how
   many there are. Memory is fetched ahead. */
size_t mms_typed_table_get_many(const mms_table_view *view, const mms_table_type *type, size_t count, const void *keys,
                                const void **out);
/* The next entry, in no particular order; false at the end. *key is the key itself, archived: copied
   to memory of its type, or an mms_str for text. Either of key and value may be NULL. Entries whose
   key or value is not of its type are left out. */
bool mms_typed_table_next(const mms_table_view *view, const mms_table_type *type, mms_table_cursor *cursor, void *key,
                          const void **value);
/* mms_table_check, and a check of each key and value, whoever vouches for them. */
int mms_typed_table_check(const mms_table_view *view, const mms_table_type *type);

/* ---- For tools: the same with the key's bytes ---- */

/* The bytes that stand for a key, in `room`, or where the text is. MMS_E_INVALID. */
int mms_typed_table_key(const mms_table_type *type, const void *key, unsigned char room[MMS_TYPED_TABLE_KEY_MAX],
                        mms_key *out);
/* Check a value, and give its root; MMS_E_CORRUPT. */
int mms_typed_table_root(const mms_table_type *type, const mms_value *value, const void **root);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
