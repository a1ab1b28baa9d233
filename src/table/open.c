/* SPDX-License-Identifier: Apache-2.0 */
/* Why a value is no table. */
#include "table/open.h"
#include "base/error.h"

struct suspect {
    uint64_t size;
    const char *prefix, *path;
};

static int damaged(const struct suspect *suspect, const char *what, uint64_t found)
{
    return mms__fail(MMS_E_CORRUPT,
                     "opening the table%s%s: its head is damaged: %s of %llu cannot be in %llu bytes; go back to an "
                     "older value with mms_write_rollback, or publish another one",
                     suspect->prefix, suspect->path, what, (unsigned long long)found,
                     (unsigned long long)suspect->size);
}

static int refuse(const struct suspect *suspect, int code, const char *why)
{
    return mms__fail(code, "opening the table%s%s: %s", suspect->prefix, suspect->path, why);
}

static int refuse_magic(const struct suspect *suspect, uint64_t magic)
{
    if (magic == __builtin_bswap64(MMS__TABLE_MAGIC))
        return refuse(suspect, MMS_E_BYTE_ORDER, "it was made on a machine of the other byte order");
    return refuse(suspect, MMS_E_TYPE, "the value is no table");
}

static struct suspect suspect_of(uint64_t size, const char *path)
{
    return (struct suspect){size, path ? " of " : "", path ? path : ""};
}

/* There is no room for a head, or not where it must be. */
int mms__refuse_place(const void *data, uint64_t size, const char *path)
{
    struct suspect suspect = suspect_of(size, path);
    uint64_t magic;

    if (((uintptr_t)data & (MMS__UNIT - 1)) != 0)
        return refuse(&suspect, MMS_E_INVALID, "its bytes must be at a multiple of 16 in memory");
    if (size < sizeof magic)
        return refuse(&suspect, MMS_E_TYPE, "the value is no table");
    magic = mms__load_relaxed((const mms__word *)data);
    if (magic != MMS__TABLE_MAGIC)
        return refuse_magic(&suspect, magic);
    return damaged(&suspect, "a head", sizeof(struct mms__table_head));
}

int mms__refuse_head(const struct mms__said *said, uint64_t size, const char *path)
{
    struct suspect suspect = suspect_of(size, path);

    if (said->magic != MMS__TABLE_MAGIC)
        return refuse_magic(&suspect, said->magic);
    if (said->version != MMS__TABLE_VERSION)
        return refuse(&suspect, MMS_E_VERSION, "it has a version of the format that this library does not know");
    if (!mms__are_flags_known(said))
        return damaged(&suspect, "flags", said->keys.flags);
    if (!mms__is_size_right(said, size))
        return damaged(&suspect, "a size", said->size);
    if (!mms__have_buckets_room(said, size))
        return damaged(&suspect, "buckets", said->keys.buckets);
    if (!mms__have_segments_room(said, size))
        return damaged(&suspect, "segments", said->keys.segments);
    return damaged(&suspect, "a directory", said->keys.directory >> MMS__UNIT_BITS);
}
