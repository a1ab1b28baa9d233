/* SPDX-License-Identifier: Apache-2.0 */
/* What typed reads and writes need from the core beyond the public calls. */
#ifndef MMS_API_TYPED_H
#define MMS_API_TYPED_H

#include <mmsync/table.h>
#include <string.h>

/* Whether two type ids are the same. */
static inline bool mms__same_type(const uint64_t a[2], const uint64_t b[2])
{
    return memcmp(a, b, 2 * sizeof *a) == 0;
}

/* With a view held, after looking at its bytes: 0 if they were whole up to here. Otherwise
   MMS_E_EVICTED, and the view has ended. */
int mms__reader_verify(struct mms_reader *reader);

/* Whether the bytes of the view that is held must be checked before they are read as the type with
   `token`. Not if the library serialized them as the type that was published with them, which the
   caller has compared, nor if a reader of this region has checked this generation as that type;
   but always with options.check_always. */
bool mms__reader_needs_check(const struct mms_reader *reader, uint32_t token);
/* Tell the other readers of the region that the view was checked, and verified after that. */
void mms__reader_note_checked(struct mms_reader *reader, uint32_t token);

/* mms_write_commit for bytes that the library serialized itself, all of them, as the type that was
   set. The write has begun, and has room for `size` bytes. */
int mms__write_commit_serialized(mms_writer *writer, size_t size, mms_receipt *receipt);

/* True if the view that is held is a table of this type, and the library vouches for its keys and
   values. False with options.check_always. */
bool mms__reader_has_made_table(const struct mms_reader *reader, const uint64_t type_id[2]);

/* ---- Typed tables ---- */

/* mms_table_begin for a typed table, with the id, schema and sizes in `type`. The commit vouches for
   the table's values if those that the update began with were vouched for, and all others came from
   mms__table_put_typed. */
int mms__table_begin_typed(mms_writer *writer, const mms_table_options *type, const mms_table_options *given,
                           mms_table **out);
/* 0 if an update of a table of this type has begun; otherwise a detail is stored. */
int mms__table_check_type(const mms_table *table, const uint64_t type_id[2], const char *call);
/* mms_table_put of a value of the table's type; the caller has compared the types. */
int mms__table_put_typed(mms_table *table, const mms_key *key, const mms_value *value, const char *call);

/* ---- Updates of typed values ---- */

/* What is known of the value that an update began with. */
struct mms__updated {
    const char *path;    /* of the region */
    uint64_t generation; /* 0: there is no value */
    uint64_t type_id[2];
    bool has_types;  /* false: the format of the files has no type ids */
    bool serialized; /* the library vouches for the bytes, as that type */
};
/* After mms_write_update. */
void mms__write_updated(const mms_writer *writer, struct mms__updated *out);

/* From here on in such an update: its bytes are right for the type that they have, and stay right
   while only mms__write_set changes them. The commit then vouches for them to readers. */
void mms__write_allow_setters(mms_writer *writer);
/* 0 if they are allowed; otherwise a detail is stored. */
int mms__write_check_setters(const mms_writer *writer);
/* If they are: whether `size` bytes at `at` belong to the value that is updated. */
bool mms__write_holds(const mms_writer *writer, const void *at, size_t size);
/* If they do: store these bytes there, and touch them. They must keep the value right. */
void mms__write_set(mms_writer *writer, const void *at, const void *data, size_t size);

/* mms_read_copy that also stores the type id of the value, whenever it stores the size; {0, 0} if
   the format of the files has none. */
int mms__read_copy_typed(mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *generation,
                         uint64_t type_id[2]);

/* False if the format of the files has no type ids. For handles of this process. */
bool mms__region_has_types(const struct mms_region *region);
bool mms__reader_has_types(const struct mms_reader *reader);

#endif
