/* SPDX-License-Identifier: Apache-2.0 */
#include "table/keys.h"
#include "base/error.h"

static uint64_t entry_head_of(uint64_t flags)
{
    uint64_t words = 1;

    if (flags & MMS__TABLE_EXPIRING)
        words++;
    if (flags & MMS__TABLE_AGED)
        words += 2;
    return words * sizeof(uint64_t);
}

/* The lowest power of two that is not below `count`, less 1. */
static uint64_t mask_of(uint64_t count)
{
    return count == 1 ? 0 : UINT64_MAX >> __builtin_clzll(count - 1);
}

void mms__keys_take(const struct mms__table_head *head, struct mms__keys *keys)
{
    keys->seed[0] = mms__load_relaxed(&head->seed[0]);
    keys->seed[1] = mms__load_relaxed(&head->seed[1]);
    keys->buckets = mms__load_relaxed(&head->buckets);
    keys->mask = mask_of(keys->buckets);
    keys->directory = mms__load_relaxed(&head->directory) << MMS__UNIT_BITS;
    keys->segments = mms__load_relaxed(&head->segments);
    keys->flags = mms__load_relaxed(&head->flags);
    keys->entry_head = entry_head_of(keys->flags);
    keys->count = mms__load_relaxed(&head->count);
}

/* A value that is about to be opened as a table. */
struct suspect {
    const struct mms__table_head *head;
    uint64_t size;
    const char *prefix, *path; /* for messages */
};

static int damaged(const struct suspect *suspect, const char *what, uint64_t found)
{
    return mms__fail(MMS_E_CORRUPT, "opening the table%s%s: its head is damaged: %s of %llu cannot be in %llu bytes",
                     suspect->prefix, suspect->path, what, (unsigned long long)found,
                     (unsigned long long)suspect->size);
}

static int refuse(const struct suspect *suspect, int code, const char *why)
{
    return mms__fail(code, "opening the table%s%s: %s", suspect->prefix, suspect->path, why);
}

static int check_magic(const struct suspect *suspect)
{
    uint64_t magic;

    if (((uintptr_t)suspect->head & (MMS__UNIT - 1)) != 0)
        return refuse(suspect, MMS_E_INVALID, "its bytes must be at a multiple of 16 in memory");
    if (suspect->size < sizeof magic)
        return refuse(suspect, MMS_E_TYPE, "the value is no table");
    magic = mms__load_relaxed(&suspect->head->magic);
    if (magic == __builtin_bswap64(MMS__TABLE_MAGIC))
        return refuse(suspect, MMS_E_BYTE_ORDER, "it was made on a machine of the other byte order");
    if (magic != MMS__TABLE_MAGIC)
        return refuse(suspect, MMS_E_TYPE, "the value is no table");
    return suspect->size < sizeof *suspect->head ? damaged(suspect, "a head", sizeof *suspect->head) : 0;
}

static int check_format(const struct suspect *suspect, const struct mms__keys *keys)
{
    uint64_t stored = mms__load_relaxed(&suspect->head->size);

    if (mms__load_relaxed(&suspect->head->version) != MMS__TABLE_VERSION)
        return refuse(suspect, MMS_E_VERSION, "it has a version of the format that this library does not know");
    if ((keys->flags & ~(uint64_t)MMS__TABLE_FLAGS) != 0)
        return damaged(suspect, "flags", keys->flags);
    if (stored != suspect->size || stored % MMS__UNIT != 0)
        return damaged(suspect, "a size", stored);
    return 0;
}

static int check_buckets(const struct suspect *suspect, const struct mms__keys *keys)
{
    uint64_t size = suspect->size, segments = (keys->buckets + MMS__SEGMENT - 1) >> MMS__SEGMENT_BITS;
    uint64_t directory = keys->directory >> MMS__UNIT_BITS; /* do not load it again */

    if (keys->buckets == 0 || keys->buckets > size / MMS__LINE)
        return damaged(suspect, "buckets", keys->buckets);
    if (keys->segments < segments || keys->segments > size / sizeof(mms__word))
        return damaged(suspect, "segments", keys->segments);
    if (directory <= MMS__HEAD_UNITS || directory >= size >> MMS__UNIT_BITS ||
        keys->segments * sizeof(mms__word) > size - keys->directory)
        return damaged(suspect, "a directory", directory);
    return 0;
}

int mms__keys_open(const void *data, uint64_t size, const char *path, struct mms__keys *out)
{
    struct suspect suspect = {data, size, path ? " of " : "", path ? path : ""};
    struct mms__keys keys;
    int code = check_magic(&suspect);

    if (code != 0)
        return code;
    mms__keys_take(data, &keys);
    code = check_format(&suspect, &keys);
    if (code == 0)
        code = check_buckets(&suspect, &keys);
    if (code == 0)
        *out = keys;
    return code;
}

const mms__word *mms__find_in(const struct mms__table_bytes *bytes, struct mms__words words, uint64_t tag,
                              const void *key, size_t key_size, struct mms__entry *out)
{
    do {
        for (unsigned found = mms__match(&words, tag); found != 0; found &= found - 1) {
            const mms__word *word = &words.first[__builtin_ctz(found)];

            if (mms__entry_at(bytes, mms__word_to_unit(mms__load_relaxed(word)), out) &&
                mms__key_equals(out, key, key_size))
                return word;
        }
    } while (mms__next_words(bytes, &words));
    return NULL;
}
