/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a value that somebody takes for a table. Readers do so for each view, so all of the common
   case is inline, and stays in registers. */
#ifndef MMS_TABLE_OPEN_H
#define MMS_TABLE_OPEN_H

#include "table/keys.h"

/* What is in the head; each word was loaded once. */
struct mms__said {
    uint64_t magic, version, size;
    struct mms__keys keys;
};

static inline uint64_t mms__entry_head_of(uint64_t flags)
{
    uint64_t words = 1 + (flags & MMS__TABLE_EXPIRING) + (flags & MMS__TABLE_AGED);

    static_assert(MMS__TABLE_EXPIRING == 1 && MMS__TABLE_AGED == 2, "what each takes, in words");
    return words * sizeof(uint64_t);
}

/* The lowest power of two from `count` on, less one. */
static inline uint64_t mms__mask_of(uint64_t count)
{
    return count < 2 ? 0 : UINT64_MAX >> __builtin_clzll(count - 1);
}

static inline struct mms__keys mms__keys_of(const struct mms__table_head *head)
{
    struct mms__keys keys;

    keys.seed[0] = mms__load_relaxed(&head->seed[0]);
    keys.seed[1] = mms__load_relaxed(&head->seed[1]);
    keys.buckets = mms__load_relaxed(&head->buckets);
    keys.mask = mms__mask_of(keys.buckets);
    keys.directory = mms__load_relaxed(&head->directory) << MMS__UNIT_BITS;
    keys.segments = mms__load_relaxed(&head->segments);
    keys.flags = mms__load_relaxed(&head->flags);
    keys.entry_head = mms__entry_head_of(keys.flags);
    keys.count = mms__load_relaxed(&head->count);
    return keys;
}

/* ---- What must hold ---- */

static inline bool mms__are_flags_known(const struct mms__said *said)
{
    return (said->keys.flags & ~(uint64_t)MMS__TABLE_FLAGS) == 0;
}

static inline bool mms__is_size_right(const struct mms__said *said, uint64_t size)
{
    return said->size == size && size % MMS__UNIT == 0;
}

static inline bool mms__have_buckets_room(const struct mms__said *said, uint64_t size)
{
    return said->keys.buckets - 1 < size / MMS__LINE; /* and there are some */
}

static inline bool mms__have_segments_room(const struct mms__said *said, uint64_t size)
{
    return said->keys.segments >= (said->keys.buckets + MMS__SEGMENT - 1) >> MMS__SEGMENT_BITS &&
           said->keys.segments <= size / sizeof(mms__word);
}

static inline bool mms__is_directory_inside(const struct mms__said *said, uint64_t size)
{
    uint64_t directory = said->keys.directory >> MMS__UNIT_BITS; /* not loaded again: it may have changed */

    return directory > MMS__HEAD_UNITS && directory < size >> MMS__UNIT_BITS &&
           said->keys.segments * sizeof(mms__word) <= size - said->keys.directory;
}

static inline bool mms__is_right(const struct mms__said *said, uint64_t size)
{
    return said->magic == MMS__TABLE_MAGIC && said->version == MMS__TABLE_VERSION && mms__are_flags_known(said) &&
           mms__is_size_right(said, size) && mms__have_buckets_room(said, size) &&
           mms__have_segments_room(said, size) && mms__is_directory_inside(said, size);
}

/* ---- Opening ---- */

/* Store why these bytes are no table. `path` is for messages; NULL: not known. */
int mms__refuse_place(const void *data, uint64_t size, const char *path); /* no head can be there */
int mms__refuse_head(const struct mms__said *said, uint64_t size, const char *path);

/* Check the head, and take from it what look-ups need. The codes of mms_table_of; details are stored. */
static inline int mms__keys_open(const void *data, uint64_t size, const char *path, struct mms__keys *out)
{
    const struct mms__table_head *head = data;
    struct mms__said said;

    if (__builtin_expect(((uintptr_t)data & (MMS__UNIT - 1)) != 0 || size < sizeof *head, false))
        return mms__refuse_place(data, size, path);
    said.magic = mms__load_relaxed(&head->magic);
    said.version = mms__load_relaxed(&head->version);
    said.size = mms__load_relaxed(&head->size);
    said.keys = mms__keys_of(head);
    if (__builtin_expect(!mms__is_right(&said, size), false)) {
        const struct mms__said copy = said; /* or all would have to be in memory, even if it is right */

        return mms__refuse_head(&copy, size, path);
    }
    *out = said.keys;
    return 0;
}

#endif
