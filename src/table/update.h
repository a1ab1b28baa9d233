/* SPDX-License-Identifier: Apache-2.0 */
/* An update of a table: the writer's half. Until the commit the bytes are the writer's alone, but
   they come from a published value and may be damaged: nothing in them is followed unchecked. */
#ifndef MMS_TABLE_UPDATE_H
#define MMS_TABLE_UPDATE_H

#include "handle/writer.h"
#include "table/keys.h"

struct mms_table {
    mms_writer *writer;
    unsigned char *data;
    struct mms__table_head *head; /* at data */
    uint64_t capacity;            /* bytes at data */
    uint64_t base_size;           /* of the value before; changes below it are touched */
    struct mms__keys keys;        /* what look-ups need from the head */
    struct mms__table_bytes now;  /* as look-ups see the table now */
    uint64_t expires_ns;          /* of the next puts */
    uint64_t changes;             /* puts and deletes since the last commit that was tried */
    uint64_t evicted, expired;    /* removed since the begin, for the receipt */
    const char *damage;           /* what is damaged; NULL: nothing is known to be. No commit then */
    uint64_t damaged_at;
};

static inline struct mms__free_block *mms__block(const struct mms_table *table, uint64_t unit)
{
    return (struct mms__free_block *)(void *)(table->data + (unit << MMS__UNIT_BITS));
}

/* Note that an update changes these bytes; before or after it stores them. */
void mms__dirty(struct mms_table *table, uint64_t offset, uint64_t length);

static inline void mms__dirty_word(struct mms_table *table, const mms__word *word)
{
    mms__dirty(table, (uint64_t)((const unsigned char *)word - table->data), sizeof *word);
}

static inline void mms__set_word(struct mms_table *table, mms__word *word, uint64_t value)
{
    *word = value;
    mms__dirty_word(table, word);
}

/* Report damage, and remember it for the commit. `what` ends with what `where` is: "no entry at
   unit". Returns MMS_E_CORRUPT. */
int mms__table_damaged(struct mms_table *table, const char *what, uint64_t where);
#ifdef __clang_analyzer__ /* as in base/error.h */
#define mms__table_damaged(...) (mms__table_damaged(__VA_ARGS__), -1)
#endif

/* Return `code`, with which the writer has refused room for a table of `size` bytes. Details are
   stored. */
int mms__table_fail_room(const struct mms_table *table, int code, uint64_t size);

/* ---- The calls, whose arguments are checked (api/table.c) ---- */

/* Before the writer's update: what would make mms__table_begin fail, if the back end can tell, so
   that a refusal costs no slot. */
int mms__table_prepare(mms_writer *writer, const mms_table_options *options);
/* In it, with the value that it began with. If this fails, abort the update. */
int mms__table_begin(mms_writer *writer, void *data, size_t size, const mms_table_options *options, mms_table **out);
int mms__table_reserve(mms_table *table, const void *key, size_t key_size, size_t size, void **value);
int mms__table_delete(mms_table *table, const void *key, size_t key_size);
int mms__table_clear(mms_table *table);
/* Before the commit of now.size bytes; may be repeated. */
int mms__table_finish(mms_table *table);
/* Prefetch what puts of these unchecked keys, at most MMS__FETCHED, will load. */
enum { MMS__FETCHED = 16 };
void mms__table_fetch(const mms_table *table, size_t count, const mms_key *keys);
/* Fill in a view of the table as it is now. */
void mms__table_show(const struct mms_table *table, mms_table_view *out);

#endif
