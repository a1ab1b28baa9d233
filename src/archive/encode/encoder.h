/* SPDX-License-Identifier: Apache-2.0 */
/* Writing an archive, depth first: the children of a value go to the buffer, then the value
   itself. Where a child went is kept as a word on a stack until its owner is written:
   mms__encode_children pushes the words, mms__encode_value takes them in the same order.
   Without a buffer only sizes are counted. */
#ifndef MMS_ARCHIVE_ENCODE_ENCODER_H
#define MMS_ARCHIVE_ENCODE_ENCODER_H

#include "archive/bytes.h"
#include "archive/path.h"

#define MMS__ENCODE "serializing"

/* A value whose children are being written. */
struct mms__open {
    enum { MMS__OPEN_FIELDS, MMS__OPEN_ARRAY, MMS__OPEN_ITEMS, MMS__OPEN_MAP, MMS__OPEN_TREE } what;
    struct mms__path own, variant; /* its place; and of FIELDS that of the variant that they belong to */
    const mms_type_field *fields;  /* of FIELDS */
    const mms_type *type;          /* of ARRAY and ITEMS: of each */
    mms_items items;               /* ARRAY, ITEMS; of FIELDS: what they are in, and how many they are */
    size_t index;                  /* of the next */
    size_t mark;                   /* of ITEMS: their first word */
    void *table;                   /* of MAP and TREE; NULL: it could not be made */
};

enum { MMS__OPEN_CHUNK = 16 };

struct mms__open_chunk {
    struct mms__open_chunk *before, *next;
    size_t used;
    struct mms__open open[MMS__OPEN_CHUNK];
};

struct mms__encoder {
    unsigned char *base; /* NULL: count */
    size_t capacity, position;
    /* Make room for `needed` bytes: set base and capacity. NULL: there is no more. */
    int (*grow)(struct mms__encoder *encoder, size_t needed);
    mms_writer *writer;          /* for grow */
    uint64_t *words, *allocated; /* the latter: NULL while the first few, on somebody's stack, are enough */
    size_t used, next, room;
    struct mms__open_chunk *chunk; /* the last one in use; the first is on somebody's stack */
    size_t opened;
    unsigned depth;
};

int mms__encode_children(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__path *path);
/* A part of it: what can be written at once; the rest is opened. */
int mms__encode_begin(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__path *path);
/* After a failure, too. */
void mms__encode_close_all(struct mms__encoder *e);
/* Of a String, which is not short, or a Box<str>. */
int mms__encode_text(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__path *path);

/* At a position whose bytes are 0. Does nothing when counting. */
int mms__encode_value(struct mms__encoder *e, const mms_type *type, const void *in, size_t at,
                      const struct mms__path *path);

/* Of elements side by side, whose children were written; at is where the first one goes. */
int mms__encode_values(struct mms__encoder *e, const mms_type *item, mms_items items, size_t at,
                       const struct mms__path *path);

/* A whole archive, from the start of the buffer on; position is its size. */
int mms__encode_root(struct mms__encoder *e, const mms_type *type, const void *value);

/* The whole archive of a flat value, the quick way. False, without a reason: encode.c has to do
   it, and the buffer holds garbage. */
bool mms__encode_flat(const mms_type *type, const void *value, void *buffer, size_t capacity, size_t *size);

/* ---- What may be refused: text that is not UTF-8, a tag that does not exist ---- */

int mms__encode_check_text(mms_str text, const struct mms__path *path);
int mms__encode_variant(const mms_type *type, const void *in, const mms_type_variant **out,
                        const struct mms__path *path);

int mms__encode_check_non_zero(const mms_type *type, const void *in, const struct mms__path *path); /* non_zero.c */
/* Of kinds whose bytes are not all given: IP, SOCKET_V6, SOCKET (address.c). */
int mms__encode_address(struct mms__encoder *e, const mms_type *type, const void *in, size_t at,
                        const struct mms__path *path);

/* ---- For those who write containers ---- */

int mms__encode_more_words(struct mms__encoder *e, const struct mms__path *path);

static inline int mms__encode_push(struct mms__encoder *e, size_t position, const struct mms__path *path)
{
    int code = e->base && e->used == e->room ? mms__encode_more_words(e, path) : 0;

    if (code == 0 && e->base)
        e->words[e->used++] = position;
    return code;
}

static inline uint64_t mms__encode_take(struct mms__encoder *e)
{
    return e->words[e->next++];
}

/* Room for `size` bytes at *at, which is aligned. Only the padding before it is zeroed. */
int mms__encode_more_room(struct mms__encoder *e, size_t align, size_t size, size_t *at, const struct mms__path *path);

static inline int mms__encode_room(struct mms__encoder *e, size_t align, size_t size, size_t *at,
                                   const struct mms__path *path)
{
    size_t start = mms__round_up_size(e->position, align);

    if (MMS__LIKELY(e->base && start >= e->position && start <= e->capacity && size <= e->capacity - start)) {
        while (e->position < start)
            e->base[e->position++] = 0;
        e->position = start + size;
        *at = start;
        return 0;
    }
    return mms__encode_more_room(e, align, size, at, path);
}

/* Zeroes up to the alignment, then `count` times `size` bytes of 0: *at is where these start. */
int mms__encode_reserve(struct mms__encoder *e, size_t align, size_t size, size_t count, size_t *at,
                        const struct mms__path *path);
int mms__encode_too_far(int64_t offset, const struct mms__path *path);
int mms__encode_too_many(size_t count, const struct mms__path *path);

/* A relative pointer at a position. */
static inline int mms__encode_offset(struct mms__encoder *e, const mms_type *type, size_t at, size_t target,
                                     const struct mms__path *path)
{
    int64_t offset = (int64_t)target - (int64_t)at;

    if (!mms__is_wide(type) && offset != (int32_t)offset)
        return mms__encode_too_far(offset, path);
    mms__put_uint(e->base + at, mms__word_size(type), (uint64_t)offset);
    return 0;
}

/* A length, as wide as an offset. */
static inline int mms__encode_count(struct mms__encoder *e, const mms_type *type, size_t at, size_t count,
                                    const struct mms__path *path)
{
    if (!mms__is_wide(type) && count > UINT32_MAX)
        return mms__encode_too_many(count, path);
    mms__put_uint(e->base + at, mms__word_size(type), count);
    return 0;
}

int mms__encode_no_memory(const struct mms__path *path);
#ifdef __clang_analyzer__ /* as in base/error.h */
#define mms__encode_no_memory(path) (mms__encode_no_memory(path), -1)
#endif

/* A HashMap or HashSet (two words: displacements, entries), and a BTreeMap or BTreeSet (one:
   the root). After `begin`, which may leave NULL, call `next` until it reports the end; then,
   and after a failure, `free`. `path` stays where it is. */
int mms__encode_map_begin(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__path *path,
                          void **table);
int mms__encode_map_next(struct mms__encoder *e, void *table, bool *over);
void mms__encode_map_free(void *table);
int mms__encode_tree_begin(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__path *path,
                           void **table);
int mms__encode_tree_next(struct mms__encoder *e, void *table, bool *over);
void mms__encode_tree_free(void *table);

static inline const void *mms__item(const mms_type *item, mms_items items, size_t index)
{
    return (const char *)items.data + index * item->input_size;
}

#endif
