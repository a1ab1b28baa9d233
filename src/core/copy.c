/* SPDX-License-Identifier: Apache-2.0 */
/* Reading without the right to write: no announcement, so the writer may take the slot at any time, and the slot's
   generation word tells afterwards. */
#include "core/error.h"
#include "core/protocol.h"
#include "core/region.h"
#include <string.h>

enum { COPY_TRIES = 64 };

/* Atomic loads, since the writer may be storing: whole words, then the bytes of the last one. */
static void copy_racing(unsigned char *to, const unsigned char *from, size_t size)
{
    size_t i = 0;

    for (; i + sizeof(uint64_t) <= size; i += sizeof(uint64_t)) {
        uint64_t word = mms__load_relaxed((const mms__word *)(const void *)(from + i));

        memcpy(to + i, &word, sizeof word);
    }
    for (; i < size; i++)
        to[i] = mms__load_relaxed(from + i);
}

/* One try: true if what was copied, and the size, were whole. *size is the value's. */
static bool try_copy(const struct mms_region *region, uint64_t word, void *buffer, size_t capacity, size_t *size)
{
    const struct mms__descriptor *slot = mms__region_slot(region, mms__word_slot(word));
    uint64_t stored;

    if (mms__word_slot(word) >= region->header.max_slots)
        return false;
    stored = mms__load_relaxed(&slot->size);
    *size = (size_t)(stored < region->header.max_size ? stored : region->header.max_size);
    if (*size <= capacity)
        copy_racing(buffer, region->data + mms__word_slot(word) * region->header.stride, *size);
    return mms__still_whole(&region->control->current, &slot->generation, word);
}

static int check_type(const struct mms_region *region, uint64_t word)
{
    const uint64_t *wanted = region->options.type_id;
    const struct mms__descriptor *slot = mms__region_slot(region, mms__word_slot(word));

    if ((wanted[0] | wanted[1]) == 0 ||
        (wanted[0] == mms__load_relaxed(&slot->type_id[0]) && wanted[1] == mms__load_relaxed(&slot->type_id[1])))
        return 0;
    if (!mms__still_whole(&region->control->current, &slot->generation, word))
        return MMS_E_AGAIN;
    return mms__fail(MMS_E_TYPE, "copying from %s: the value has another type than was asked for", region->place.path);
}

int mms_read_copy(mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *generation)
{
    size_t found = 0;

    if (!region || (!buffer && capacity > 0))
        return mms__fail(MMS_E_INVALID, "mms_read_copy: %s is NULL", region ? "buffer" : "region");
    if (mms__region_is_forked(region))
        return mms__fail(MMS_E_FORKED, "copying from %s: open the region in this process", region->place.path);
    for (int tries = 0; tries < COPY_TRIES; tries++) {
        uint64_t word = mms__region_current(region);
        int code;

        if (!mms__word_pinnable(word))
            return mms__fail_unpinnable(region, word);
        if (!try_copy(region, word, buffer, capacity, &found) || (code = check_type(region, word)) == MMS_E_AGAIN)
            continue;
        if (code != 0)
            return code;
        if (size)
            *size = found;
        if (generation)
            *generation = mms__word_generation(word);
        if (found > capacity)
            return mms__fail(MMS_E_TOO_BIG,
                             "copying from %s: the value has %zu bytes, the buffer %zu; give a larger one",
                             region->place.path, found, capacity);
        return 0;
    }
    return mms__fail(MMS_E_AGAIN, "copying from %s: the writer was faster %d times; try again, or read in place",
                     region->place.path, COPY_TRIES);
}
