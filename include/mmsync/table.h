/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: many keys in one region. A table is a value like any other. One view is one consistent
   state of all keys, and a look-up reads the view's bytes and nothing else: it takes no lock, and
   makes no copy and no system call. A commit of any number of puts and deletes is one generation,
   and costs what it changes (mms_write_update).

   Keys are bytes, 0 to 64 KiB of them. Values are bytes too, as many as fit into the region.
   A value is aligned to 16. A process that dies in the middle of an update publishes nothing of it.

   The writer:                                         A reader:

     mms_table_begin(writer, NULL, &table);              mms_read(reader, &view);
     mms_table_put(table, "k", 1, "value", 5);           mms_table_of(&view, &keys);
     mms_table_commit(table, NULL);                      value = mms_table_get(&keys, "k", 1, &size);
                                                         ...
                                                         mms_release(reader);

   Look-ups trust no byte of the view: in a damaged table a key is not there, or has another value,
   but no access is outside of the view and no look-up is endless. mms_table_check looks at all of
   it. docs/format.md has the layout. */
#ifndef MMSYNC_TABLE_H
#define MMSYNC_TABLE_H

#include <mmsync.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

/* The type id that is stored with a table for which none was given: "mmsync table 1". */
#define MMS_TABLE_TYPE_0 UINT64_C(0x6d6d73796e632074)
#define MMS_TABLE_TYPE_1 UINT64_C(0x61626c6520310000)

#define MMS_TABLE_KEY_MAX ((size_t)64 << 10)          /* the longest key */
#define MMS_TABLE_VALUE_MAX (((uint64_t)1 << 40) - 1) /* the longest value that the format has room for */

typedef struct mms_table mms_table;

/* A key: any bytes. */
typedef struct mms_key {
    const void *data;
    size_t size;
} mms_key;

/* A value: any bytes. */
typedef struct mms_value {
    const void *data; /* NULL, as a result: there is no such key */
    size_t size;
} mms_value;

/* Start from MMS_TABLE_OPTIONS_INIT. Zero means the default, in brackets. Those marked `creation`
   count when there is no table yet. Later they may be 0; another value than the table's is refused
   with MMS_E_INVALID, and another type with MMS_E_TYPE. */
typedef struct mms_table_options {
    size_t struct_size;
    uint64_t type_id[2]; /* creation: for typed tables [MMS_TABLE_TYPE_0 and _1] */
    const char *schema;  /* creation: text that describes the type to tools, until the commit [NULL] */
    size_t schema_size;  /* of it, in bytes [0] */
    uint64_t expected;   /* creation: how many entries to make room for; it grows as needed [0] */
    size_t key_size;     /* creation: the size of every key [any]; others are refused */
    size_t value_size;   /* creation: the size of every value [any]; others are refused */
    uint64_t max_bytes;  /* a cache: once its entries take more memory, those written longest ago
                               go. Creation decides whether there is a limit, which later ones may
                               change [none; later: as it is] */
    uint64_t expires_ns; /* for the puts of this update: mms_table_set_expiry [0, never] */
    uint64_t seed[2];    /* creation: for tests that need the same bytes each time. Otherwise leave
                               it 0: whoever knows it can make keys that collide [random] */
    bool expiring;       /* creation: entries may expire, which takes 8 bytes each [expires_ns != 0] */
    uint8_t reserved[7]; /* leave them 0 */
} mms_table_options;

#ifdef __cplusplus
MMS__DEFINE_INIT(mms_table_options)
#endif
#define MMS_TABLE_OPTIONS_INIT MMS__INIT(mms_table_options)

/* ---- Writing ---- */

/* The newest table of the region, ready for changes; an empty one if there is no value yet. Until
   the commit or the abort this is the write that the writer has begun. The handle belongs to the
   writer, and is not freed. NULL options: all defaults.
   MMS_E_TYPE: the value is no table, or one of another type. MMS_E_CORRUPT. MMS_E_INVALID: a write,
   or a table, was begun before. And what mms_write_update returns. */
int mms_table_begin(mms_writer *writer, const mms_table_options *options, mms_table **out);

/* Store a copy of the value, in place of the key's last one if it has one.
   MMS_E_TOO_BIG: the key is over MMS_TABLE_KEY_MAX, or the table would be larger than the
   region's max_size. -ENOSPC: no memory. MMS_E_INVALID: another size than the table's, or no update
   has begun. What a put that fails would have stored is not in the table; what was put before
   stays, and can be committed. */
int mms_table_put(mms_table *table, const void *key, size_t key_size, const void *value, size_t size);
/* The same without a value: *value is room for it, aligned to 16 and of undefined content, to be
   filled before the next call for this table. */
int mms_table_reserve(mms_table *table, const void *key, size_t key_size, size_t size, void **value);
/* Several at a time: like as many calls of mms_table_put, but memory is fetched ahead. Stops at the
   first that fails; *done (may be NULL) is how many were put. */
int mms_table_put_many(mms_table *table, size_t count, const mms_key *keys, const mms_value *values, size_t *done);

/* MMS_E_NOT_FOUND: there is no such key. Nothing has changed then. */
int mms_table_delete(mms_table *table, const void *key, size_t key_size);
/* Delete all entries, in a time that does not depend on how many there are. The table keeps its
   options and its seed, and is as small as a new one. One that was found damaged (MMS_E_CORRUPT)
   may be committed again afterwards. MMS_E_TOO_BIG: max_size has no room for any table; nothing has
   changed then. */
int mms_table_clear(mms_table *table);

/* When entries that are put from here on expire: CLOCK_REALTIME in nanoseconds, 0 for never. From
   that time on a view of the table does not show them, and later commits remove them, some at a
   time. MMS_E_INVALID for a table that was not created as `expiring`. */
int mms_table_set_expiry(mms_table *table, uint64_t expires_ns);

/* Publish it. Removes some of the expired entries, and some of those past max_bytes, in a time
   that does not depend on the size of the table; the receipt counts them. After an error the
   update is still there: commit again, or abort. */
int mms_table_commit(mms_table *table, mms_receipt *receipt);
/* Forget all changes since the begin. */
int mms_table_abort(mms_table *table);

/* ---- Reading ---- */

/* A view of a table. Valid as long as the mms_view it was made of, or for mms_table_current until
   the next change. */
typedef struct mms_table_view {
    const void *data;
    size_t size;
    uint64_t generation;
    uint64_t now_ns; /* entries that expire at this time or before are not shown. Set at
                             mms_table_of, and yours to change */
    uint64_t type_id[2];
    uint64_t inside[9]; /* what look-ups need, copied from the table */
    bool vouched;       /* set by mms_typed_table_read: the library made all values */
    uint8_t reserved[7];
    uint64_t reserved_word;
} mms_table_view;

/* What mms_table_next finds. Valid as long as the view. */
typedef struct mms_entry {
    mms_key key;
    mms_value value;
    uint64_t expires_ns; /* 0: never */
    uint64_t reserved[2];
} mms_entry;

/* Where an iteration is. Start from MMS_TABLE_CURSOR_INIT. */
typedef struct mms_table_cursor {
    uint64_t bucket;
    uint32_t node, slot;
} mms_table_cursor;

/* clang-format off */
#define MMS_TABLE_CURSOR_INIT {0, 0, 0}
/* clang-format on */

/* Any bytes may be in the view: whole values from a reader, or a copy of one at a multiple of 16 in
   memory. MMS_E_TYPE: no table. MMS_E_CORRUPT, MMS_E_VERSION, MMS_E_INVALID. *out is left alone
   then. Cheap: call it for each view. */
int mms_table_of(const mms_view *view, mms_table_view *out);
/* The update itself: what it would publish if it were committed now. */
int mms_table_current(mms_table *table, mms_table_view *out);

/* A pointer to the key's value, aligned to 16, and its *size (`size` may be NULL); NULL if there is
   no such key. Never fails. Keys of 4 and of 8 bytes are fastest. */
const void *mms_table_get(const mms_table_view *view, const void *key, size_t key_size, size_t *size);
/* Many at a time, in out[0] to out[count - 1]; returns how many there are. Memory is fetched ahead,
   so in a large table each takes a fraction of the time of a single look-up. */
size_t mms_table_get_many(const mms_table_view *view, size_t count, const mms_key *keys, mms_value *out);
/* The next entry, in no particular order; false at the end. */
bool mms_table_next(const mms_table_view *view, mms_table_cursor *cursor, mms_entry *out);
/* How many entries there are, those that have expired and were not removed yet included. */
uint64_t mms_table_count(const mms_table_view *view);

/* For tools. */
typedef struct mms_table_info {
    uint64_t count;            /* as mms_table_count */
    uint64_t buckets;          /* of 64 bytes; grows by one at a time */
    uint64_t bytes;            /* that entries take: keys, values, and what belongs to them */
    uint64_t free_bytes;       /* within the value, to be used again */
    uint64_t size;             /* of the value */
    uint64_t max_bytes;        /* 0: no limit */
    uint64_t evicted, expired; /* entries that commits have removed since the creation */
    uint64_t key_size;         /* 0: any */
    uint64_t value_size;       /* 0: any */
    uint64_t type_id[2];
    bool expiring;
    uint8_t reserved[7];
    uint64_t reserved_words[4];
} mms_table_info;

/* What a table has. */
void mms_table_describe(const mms_table_view *view, mms_table_info *out);

/* Look at every byte that leads anywhere, which takes time in proportion to the size: 0, or
   MMS_E_CORRUPT with what is wrong as the detail. -ENOMEM. */
int mms_table_check(const mms_table_view *view);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
