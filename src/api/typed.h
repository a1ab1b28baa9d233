/* SPDX-License-Identifier: Apache-2.0 */
/* What typed reads and writes need of the core, and is no call of its own. */
#ifndef MMS_API_TYPED_H
#define MMS_API_TYPED_H

#include <mmsync/table.h>

/* With a view held, after a look at its bytes: 0 if they were whole up to here; else MMS_E_EVICTED, and the view has
   ended. */
int mms__reader_verify(struct mms_reader *reader);

/* Whether somebody has to look at the bytes of the view that is held before they are read as the type
   with `token`: not if the library serialized them as the type that was published with them, which
   was compared, nor if a reader of this region has checked this generation as that type, unless
   options.check_always wants it. */
bool mms__reader_needs_check(const struct mms_reader *reader, uint32_t token);
/* The view was checked, and after that verified: for the other readers of the region. */
void mms__reader_note_checked(struct mms_reader *reader, uint32_t token);

/* mms_write_commit of bytes that the library serialized itself, all of them, as the type that was set. */
int mms__write_commit_serialized(mms_writer *writer, size_t size, mms_receipt *receipt);

/* The view that is held is a table of this type, and the library vouches for its keys and values; false with
   options.check_always. */
bool mms__reader_has_made_table(const struct mms_reader *reader, const uint64_t type_id[2]);

/* ---- Typed tables ---- */

/* mms_table_begin of a table of a type, whose id, schema and sizes `type` has. A commit vouches for the table's values
   if those that it began with were vouched for, and only mms__table_put_typed has added to them. */
int mms__table_begin_typed(mms_writer *writer, const mms_table_options *type, const mms_table_options *given,
                           mms_table **out);
/* 0 if an update of a table of this type has begun; else a detail is stored. */
int mms__table_check_type(const mms_table *table, const uint64_t type_id[2], const char *call);
/* mms_table_put of a value of the table's type, which was compared. */
int mms__table_put_typed(mms_table *table, const mms_key *key, const mms_value *value, const char *call);

/* ---- Updates of typed values ---- */

/* After mms_write_update: what is known of the value that it began with. */
struct mms__updated {
    const char *path;    /* of the region */
    uint64_t generation; /* 0: there is no value */
    uint64_t type_id[2];
    bool has_types;  /* false: the format of the files has none */
    bool serialized; /* the library vouches for the bytes, as that type */
};
void mms__write_updated(const mms_writer *writer, struct mms__updated *out);

/* In such an update, from here on: its bytes are right, as the type that they have, and stay right while only
   mms__write_set changes them. A commit then vouches for them to readers. */
void mms__write_allow_setters(mms_writer *writer);
/* 0 if they are allowed; else a detail is stored. */
int mms__write_check_setters(const mms_writer *writer);
/* If they are: whether `size` bytes at a place belong to the value that is updated. */
bool mms__write_holds(const mms_writer *writer, const void *at, size_t size);
/* If it does: store these bytes there, and touch them. They keep the value right. */
void mms__write_set(mms_writer *writer, const void *at, const void *data, size_t size);

/* mms_read_copy, with the type id of the value; {0, 0} where the format has none. Set when the size is. */
int mms__read_copy_typed(mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *generation,
                         uint64_t type_id[2]);

/* False if the format of the files has none. Handles of this process. */
bool mms__region_has_types(const struct mms_region *region);
bool mms__reader_has_types(const struct mms_reader *reader);

#endif
