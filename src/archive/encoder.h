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

/* ---- What may be refused: text that is not UTF-8, a tag that does not exist ---- */

int mms__encode_check_text(mms_str text, const struct mms__step *step);
int mms__encode_variant(const mms_type *type, const void *in, const mms_type_variant **out,
                        const struct mms__step *step);

/* ---- For those who write containers ---- */

int mms__encode_push(struct mms__encoder *e, size_t position, const struct mms__step *step);
/* Zeroes up to the alignment, then `count` times `size` bytes of 0: *at is where these start. */
int mms__encode_reserve(struct mms__encoder *e, size_t align, size_t size, size_t count, size_t *at,
                        const struct mms__step *step);
/* A relative pointer at a position. */
int mms__encode_offset(struct mms__encoder *e, const mms_type *type, size_t at, size_t target,
                       const struct mms__step *step);
/* A length, as wide as an offset. */
int mms__encode_count(struct mms__encoder *e, const mms_type *type, size_t at, size_t count,
                      const struct mms__step *step);
int mms__encode_no_memory(const struct mms__step *step);

/* The children of a HashMap or HashSet (two words: displacements, entries), and of a BTreeMap (one: the root). */
int mms__encode_map(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__step *step);
int mms__encode_tree(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__step *step);

static inline const void *mms__item(const mms_type *item, mms_items items, size_t index)
{
    return (const char *)items.data + index * item->input_size;
}

#endif
