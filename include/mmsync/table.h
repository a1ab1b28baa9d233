/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: many keys in one region. A table is a value like any other: one view is one consistent
   state of all keys. A look-up reads only the bytes of the view; it takes no lock, copies nothing
   and makes no system call. A commit publishes any number of puts and deletes as one generation,
   and costs what they change (mms_write_update).

   A key is 0 to 64 KiB of any bytes. A value is any bytes, as many as fit into the region, and is
   aligned to 16. A process that dies during an update publishes nothing of it.

   The writer:                                         A reader:

     mms_table_begin(writer, NULL, &table);              mms_read(reader, &view);
     mms_table_put(table, "k", 1, "value", 5);           mms_table_of(&view, &keys);
     mms_table_commit(table, NULL);                      value = mms_table_get(&keys, "k", 1, &size);
                                                         ...
                                                         mms_release(reader);

   Look-ups trust no byte of the view. In a damaged table a key may be missing or have the wrong
   value, but no look-up leaves the view or runs forever. mms_table_check checks a whole table.
   docs/format.md has the layout. */
#ifndef MMSYNC_TABLE_H
#define MMSYNC_TABLE_H

#include <mmsync.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

/* The type id of a table that was created without one: "mmsync table 1". */
#define MMS_TABLE_TYPE_0 UINT64_C(0x6d6d73796e632074)
#define MMS_TABLE_TYPE_1 UINT64_C(0x61626c6520310000)

#define MMS_TABLE_KEY_MAX ((size_t)64 << 10)          /* the longest key */
#define MMS_TABLE_VALUE_MAX (((uint64_t)1 << 40) - 1) /* the longest value */

typedef struct mms_table mms_table;

/* A key: any bytes. */
typedef struct mms_key {
    const void *data;
    size_t size;
} mms_key;

/* A value: any bytes. */
typedef struct mms_value {
    const void *data; /* NULL in a result: there is no such key */
    size_t size;
} mms_value;

/* Start from MMS_TABLE_OPTIONS_INIT. Zero means the default, given in brackets. Options marked
   `creation` take effect when the table is created. Later leave them 0 or repeat them: a different
   type_id is refused with MMS_E_TYPE, a different key_size or value_size with MMS_E_INVALID, and
   so are expiring and max_bytes if the table was created without them; the others are ignored. */
typedef struct mms_table_options {
    size_t struct_size;
    uint64_t type_id[2]; /* creation: for typed tables [MMS_TABLE_TYPE_0 and _1] */
    const char *schema;  /* creation: text that describes the type to tools; must stay until the
                               commit [NULL] */
    size_t schema_size;  /* its size in bytes [0] */
    uint64_t expected;   /* creation: how many entries to make room for; it grows as needed [0] */
    size_t key_size;     /* creation: the size that every key must have [any] */
    size_t value_size;   /* creation: the size that every value must have [any] */
    uint64_t max_bytes;  /* creation: makes the table a cache. Once its entries take more memory,
                               those written longest ago are evicted. Later updates may change the
                               limit [no limit; later: unchanged] */
    uint64_t expires_ns; /* when the next puts expire: see mms_table_set_expiry [0: never] */
    uint64_t seed[2];    /* creation: for tests that need the same bytes each time. Otherwise leave
                               it 0: whoever knows the seed can make keys that collide [random] */
    bool expiring;       /* creation: entries can expire; costs 8 bytes each [expires_ns != 0] */
    uint8_t reserved[7]; /* leave these 0 */
} mms_table_options;

#ifdef __cplusplus
MMS__DEFINE_INIT(mms_table_options)
#endif
#define MMS_TABLE_OPTIONS_INIT MMS__INIT(mms_table_options)

/* ---- Writing ---- */

/* Begin an update of the region's table, or create an empty one if the region has no value yet.
   The update is the writer's one write under way until it is committed or aborted. The handle
   belongs to the writer: do not free it. NULL options mean the defaults. Until the end
   mms_write_commit, mms_write_grow, mms_write_touch and mms_write_patch fail with MMS_E_INVALID:
   the bytes are the table's. mms_write_set_tag is for this write, too, and mms_write_abort ends it.
   MMS_E_TYPE: the value is not a table, or is one of another type. MMS_E_CORRUPT: it is a damaged
   one. MMS_E_INVALID: a write or an update has already begun. Other errors are those of
   mms_write_update. */
int mms_table_begin(mms_writer *writer, const mms_table_options *options, mms_table **out);

/* Store a copy of the value under the key, replacing any value that the key has. Neither may be in the
   table's own memory, where mms_table_current finds them: copy them first.
   MMS_E_TOO_BIG: the key is longer than MMS_TABLE_KEY_MAX, the entry takes more than max_bytes, or
   the table would outgrow the region's max_size. -ENOSPC: out of memory, for this update or for the
   next one, which needs as much. MMS_E_INVALID: a size that the table does not allow, or no update
   has begun. Where there is no room, a cache first evicts entries, and any other table removes some
   that have expired; if the put fails all the same, these are gone, nothing is stored, and earlier
   puts stay and can be committed. */
int mms_table_put(mms_table *table, const void *key, size_t key_size, const void *value, size_t size);
/* As mms_table_put, but you fill in the value: *value is room for it, aligned to 16, with
   undefined content. Fill it before the next call for this table. */
int mms_table_reserve(mms_table *table, const void *key, size_t key_size, size_t size, void **value);
/* Put many entries, as with mms_table_put, but fetch memory ahead. Stops at the first put that
   fails; *done (may be NULL) is how many succeeded. */
int mms_table_put_many(mms_table *table, size_t count, const mms_key *keys, const mms_value *values, size_t *done);

/* Delete a key. MMS_E_NOT_FOUND: there is no such key; nothing has changed. */
int mms_table_delete(mms_table *table, const void *key, size_t key_size);
/* Delete all entries, in time that does not depend on how many there are. The table keeps its
   options and its seed, and is as small as a new one. This also drops any damage: after
   MMS_E_CORRUPT the cleared table can be committed. MMS_E_TOO_BIG: not even an empty table fits
   into max_size; nothing has changed. */
int mms_table_clear(mms_table *table);

/* When the entries that are put from here on expire: CLOCK_REALTIME in nanoseconds, 0 for never.
   From then on, or some milliseconds later (now_ns), views do not show them, and later
   commits remove them, a few at a time.
   MMS_E_INVALID: the table was not created as `expiring`. */
int mms_table_set_expiry(mms_table *table, uint64_t expires_ns);

/* Publish the update. Also removes some of the expired entries, and some of those over max_bytes,
   in a time that does not depend on the size of the table; the receipt counts them. After an error
   the update is still open: commit again, or abort. */
int mms_table_commit(mms_table *table, mms_receipt *receipt);
/* Discard all changes since mms_table_begin. */
int mms_table_abort(mms_table *table);

/* ---- Reading ---- */

/* A view of a table. Valid as long as the mms_view that it was made from; from mms_table_current,
   until the next change. */
typedef struct mms_table_view {
    const void *data;
    size_t size;
    uint64_t generation;
    uint64_t now_ns; /* entries that expire at or before this time are not shown. mms_table_of sets
                             it, to a clock that is up to some milliseconds late; you may change it */
    uint64_t type_id[2];
    uint64_t inside[9]; /* what look-ups need, copied from the table */
    bool vouched;       /* set by mms_typed_table_read: the library made all values */
    uint8_t reserved[7];
    uint64_t reserved_word;
} mms_table_view;

/* clang-format off */
#define MMS_TABLE_VIEW_INIT {NULL, 0, 0, 0, {0, 0}, {0, 0, 0, 0, 0, 0, 0, 0, 0}, false, {0, 0, 0, 0, 0, 0, 0}, 0}
/* clang-format on */

/* What mms_table_next found. Valid as long as the view. */
typedef struct mms_entry {
    mms_key key;
    mms_value value;
    uint64_t expires_ns; /* 0: never */
    uint64_t reserved[2];
} mms_entry;

/* The position of an iteration. Start from MMS_TABLE_CURSOR_INIT. */
typedef struct mms_table_cursor {
    uint64_t bucket;
    uint32_t node, slot;
} mms_table_cursor;

/* clang-format off */
#define MMS_TABLE_CURSOR_INIT {0, 0, 0}
/* clang-format on */

/* A table in a view, whatever its bytes: a whole value from a reader, or a copy of one that is
   aligned to 16. MMS_E_TYPE: not a table. MMS_E_CORRUPT: a damaged one. MMS_E_VERSION or
   MMS_E_BYTE_ORDER: one from a newer library, or from a machine of the other byte order.
   MMS_E_INVALID: not aligned. MMS_E_NO_VIEW: the view is empty. On an error *out is unchanged.
   Cheap: call it for each view. */
int mms_table_of(const mms_view *view, mms_table_view *out);
/* The same for a table view that is kept from one read of a reader to the next: as long as they give
   the same generation there is nothing to do, so a look-up takes half the time. Start from
   MMS_TABLE_VIEW_INIT, once for each reader. After an error *table is empty. */
int mms_table_follow(const mms_view *view, mms_table_view *table);
/* The update itself, as a commit now would publish it. */
int mms_table_current(mms_table *table, mms_table_view *out);

/* The key's value, aligned to 16, and its *size (`size` may be NULL); NULL if there is no such
   key. Never fails. Keys of 4 and 8 bytes are fastest. */
const void *mms_table_get(const mms_table_view *view, const void *key, size_t key_size, size_t *size);
/* Look up many keys, with the results in out[0] to out[count - 1]; returns how many were found.
   Memory is fetched ahead, so in a large table each key takes a fraction of the time of a single
   look-up. */
size_t mms_table_get_many(const mms_table_view *view, size_t count, const mms_key *keys, mms_value *out);
/* The next entry, in no particular order; false at the end. */
bool mms_table_next(const mms_table_view *view, mms_table_cursor *cursor, mms_entry *out);
/* How many entries there are, including expired ones that no commit has removed yet. */
uint64_t mms_table_count(const mms_table_view *view);

/* For tools. */
typedef struct mms_table_info {
    uint64_t count;            /* as mms_table_count */
    uint64_t buckets;          /* of 64 bytes; they grow by one at a time */
    uint64_t bytes;            /* what entries take: keys, values and overhead */
    uint64_t free_bytes;       /* free within the value, for later puts */
    uint64_t size;             /* of the value */
    uint64_t max_bytes;        /* 0: no limit */
    uint64_t evicted, expired; /* entries removed since the table was created */
    uint64_t key_size;         /* 0: any */
    uint64_t value_size;       /* 0: any */
    uint64_t type_id[2];
    bool expiring;
    uint8_t reserved[7];
    uint64_t reserved_words[4];
} mms_table_info;

/* Describe a table. */
void mms_table_describe(const mms_table_view *view, mms_table_info *out);

/* Check every structure of a table, which takes time in proportion to its size. MMS_E_CORRUPT: the
   detail says what is wrong. -ENOMEM. */
int mms_table_check(const mms_table_view *view);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
