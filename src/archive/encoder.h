/* SPDX-License-Identifier: Apache-2.0 */
/* Writing an archive, depth first: the children of a value go to the buffer, then the value itself. Where a child went
   is kept as a word on a stack until its owner is written: mms__encode_children pushes the words, mms__encode_value
   takes them in the same order. Without a buffer only sizes are counted. */
#ifndef MMS_ENCODER_H
#define MMS_ENCODER_H

#include "archive/load.h"
#include "archive/path.h"

#define MMS__ENCODE "serializing"

struct mms__encoder {
    unsigned char *base; /* NULL: count */
    size_t capacity, position;
    /* Make room for `needed` bytes: set base and capacity. NULL: there is no more. */
    int (*grow)(struct mms__encoder *encoder, size_t needed);
    mms_writer *writer;          /* for grow */
    uint64_t *words, *allocated; /* the latter: NULL while the first few, on somebody's stack, are enough */
    size_t used, next, room;
    unsigned depth;
};

int mms__encode_children(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__step *step);
/* At a position whose bytes are 0. Does nothing when counting. */
int mms__encode_value(struct mms__encoder *e, const mms_type *type, const void *in, size_t at,
                      const struct mms__step *step);

/* Of elements side by side, whose children were written; at is where the first one goes. */
int mms__encode_values(struct mms__encoder *e, const mms_type *item, mms_items items, size_t at,
                       const struct mms__step *step);

/* The whole archive of a flat value, the quick way. False: nothing is said of why, and encode.c is to do it; the buffer
   has garbage then. */
bool mms__encode_flat(const mms_type *type, const void *value, void *buffer, size_t capacity, size_t *size);

/* ---- What may be refused: text that is not UTF-8, a tag that does not exist ---- */

int mms__encode_check_text(mms_str text, const struct mms__step *step);
int mms__encode_variant(const mms_type *type, const void *in, const mms_type_variant **out,
                        const struct mms__step *step);

/* ---- For those who write containers ---- */

int mms__encode_more_words(struct mms__encoder *e, const struct mms__step *step);

static inline int mms__encode_push(struct mms__encoder *e, size_t position, const struct mms__step *step)
{
    int code = e->base && e->used == e->room ? mms__encode_more_words(e, step) : 0;

    if (code == 0 && e->base)
        e->words[e->used++] = position;
    return code;
}

static inline uint64_t mms__encode_take(struct mms__encoder *e)
{
    return e->words[e->next++];
}

/* Room for `size` bytes from *at on, which is aligned; what lies before it is zeroed, but not these. */
int mms__encode_more_room(struct mms__encoder *e, size_t align, size_t size, size_t *at, const struct mms__step *step);

static inline int mms__encode_room(struct mms__encoder *e, size_t align, size_t size, size_t *at,
                                   const struct mms__step *step)
{
    size_t start = mms__round_up(e->position, align);

    if (MMS__LIKELY(e->base && start >= e->position && start <= e->capacity && size <= e->capacity - start)) {
        while (e->position < start)
            e->base[e->position++] = 0;
        e->position = start + size;
        *at = start;
        return 0;
    }
    return mms__encode_more_room(e, align, size, at, step);
}

/* Zeroes up to the alignment, then `count` times `size` bytes of 0: *at is where these start. */
int mms__encode_reserve(struct mms__encoder *e, size_t align, size_t size, size_t count, size_t *at,
                        const struct mms__step *step);
int mms__encode_too_far(int64_t offset, const struct mms__step *step);
int mms__encode_too_many(size_t count, const struct mms__step *step);

/* A relative pointer at a position. */
static inline int mms__encode_offset(struct mms__encoder *e, const mms_type *type, size_t at, size_t target,
                                     const struct mms__step *step)
{
    int64_t offset = (int64_t)target - (int64_t)at;

    if (!mms__is_wide(type) && offset != (int32_t)offset)
        return mms__encode_too_far(offset, step);
    mms__store_uint(e->base + at, mms__word_size(type), (uint64_t)offset);
    return 0;
}

/* A length, as wide as an offset. */
static inline int mms__encode_count(struct mms__encoder *e, const mms_type *type, size_t at, size_t count,
                                    const struct mms__step *step)
{
    if (!mms__is_wide(type) && count > UINT32_MAX)
        return mms__encode_too_many(count, step);
    mms__store_uint(e->base + at, mms__word_size(type), count);
    return 0;
}

int mms__encode_no_memory(const struct mms__step *step);
#ifdef __clang_analyzer__ /* as in core/error.h */
#define mms__encode_no_memory(step) (mms__encode_no_memory(step), -1)
#endif

/* The children of a HashMap or HashSet (two words: displacements, entries), and of a BTreeMap (one: the root). */
int mms__encode_map(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__step *step);
int mms__encode_tree(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__step *step);

static inline const void *mms__item(const mms_type *item, mms_items items, size_t index)
{
    return (const char *)items.data + index * item->input_size;
}

#endif
