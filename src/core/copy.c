/* SPDX-License-Identifier: Apache-2.0 */
/* Reading without the right to write: no announcement, so the writer may take the slot at any time, and the slot's
   generation word tells afterwards. Through read calls and not through a map: where the writer has just given memory
   back, a map would take new memory, or end the process if there is none. */
#include "core/error.h"
#include "core/protocol.h"
#include "core/region.h"
#include <fcntl.h>
#include <string.h>

enum { COPY_TRIES = 64 };

/* One try: 1 if what was copied, and the size and type, were whole; 0 if not; -errno. *size is the value's. What a system
   call copies counts as read before the fence in mms__still_whole: it is this processor that does it. */
static int try_copy(struct mms_region *region, uint64_t word, void *buffer, size_t capacity, size_t *size,
                    uint64_t type_id[2])
{
    const struct mms__descriptor *slot = mms__region_slot(region, mms__word_slot(word));
    uint64_t stored;
    int code;

    if (mms__word_slot(word) >= region->header.max_slots)
        return 0;
    stored = mms__load_relaxed(&slot->size);
    *size = (size_t)(stored < region->header.max_size ? stored : region->header.max_size);
    type_id[0] = mms__load_relaxed(&slot->type_id[0]);
    type_id[1] = mms__load_relaxed(&slot->type_id[1]);
    MMS__STEP(copy_size_known);
    if (*size <= capacity) {
        code = mms__read_at(region->data_file.fd, buffer, *size, mms__word_slot(word) * region->header.stride);
        if (code != 0)
            return mms__fail(code, "reading %s/data", region->place.path);
    }
    MMS__STEP(copy_read);
    return mms__still_whole(&region->control->current, &slot->generation, word);
}

/* One copies at a time through the descriptor that may have to be opened again. */
static int ensure_data_file(struct mms_region *region)
{
    int code;

    pthread_mutex_lock(&region->mutex);
    code = mms__file_ensure(&region->data_file, region->place.path, "data", O_RDONLY);
    pthread_mutex_unlock(&region->mutex);
    if (code == MMS_E_GONE)
        return mms__fail(code, "copying from %s: its file `data` is not there; open the region again",
                         region->place.path);
    return code == 0 ? 0 : mms__fail(code, "copying from %s: looking for its file `data`", region->place.path);
}

static int check_type(const struct mms_region *region, const uint64_t found[2])
{
    const uint64_t *wanted = region->options.type_id;

    if ((wanted[0] | wanted[1]) == 0 || (wanted[0] == found[0] && wanted[1] == found[1]))
        return 0;
    return mms__fail(MMS_E_TYPE, "copying from %s: the value has another type than was asked for", region->place.path);
}

static int fail_arguments(const struct mms_region *region)
{
    if (!region)
        return mms__fail(MMS_E_INVALID, "mms_read_copy: region is NULL");
    return mms__fail(MMS_E_INVALID, "copying from %s: buffer is NULL, and capacity is not 0", region->place.path);
}

/* Returns as try_copy, or an error. */
static int try_typed(struct mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *word)
{
    uint64_t type_id[2];
    int code;

    *word = mms__region_current(region);
    if (!mms__word_pinnable(*word))
        return mms__fail_unpinnable(region, *word);
    MMS__STEP(copy_looked);
    code = try_copy(region, *word, buffer, capacity, size, type_id);
    if (code == 1 && check_type(region, type_id) != 0)
        return MMS_E_TYPE;
    return code;
}

int mms_read_copy(mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *generation)
{
    size_t found = 0;
    uint64_t word = 0;
    int code = 0;

    if (!region || (!buffer && capacity > 0))
        return fail_arguments(region);
    if (mms__region_is_forked(region))
        return mms__fail(MMS_E_FORKED, "copying from %s: open the region in this process", region->place.path);
    if (region->foreign)
        return region->foreign->copy(region, buffer, capacity, size, generation);
    code = ensure_data_file(region);
    if (code != 0)
        return code;
    for (int tries = 0; tries < COPY_TRIES && code == 0; tries++)
        code = try_typed(region, buffer, capacity, &found, &word);
    if (code < 0)
        return code;
    if (code == 0)
        return mms__fail(MMS_E_AGAIN, "copying from %s: the writer was faster %d times; try again, or read in place",
                         region->place.path, COPY_TRIES);
    if (size)
        *size = found;
    if (generation)
        *generation = mms__word_generation(word);
    if (found > capacity)
        return mms__fail(MMS_E_TOO_BIG, "copying from %s: the value has %zu bytes, the buffer %zu; give a larger one",
                         region->place.path, found, capacity);
    return 0;
}

/* One try at the schema, as above. A size that cannot be is one that was read while it changed. */
static int try_schema(struct mms_region *region, uint64_t word, char *buffer, size_t capacity, size_t *size,
                      uint64_t type_id[2])
{
    const struct mms__descriptor *slot = mms__region_slot(region, mms__word_slot(word));
    uint64_t value, stored;
    int code;

    if (mms__word_slot(word) >= region->header.max_slots)
        return 0;
    value = mms__load_relaxed(&slot->size);
    stored = mms__load_relaxed(&slot->schema_size);
    type_id[0] = mms__load_relaxed(&slot->type_id[0]);
    type_id[1] = mms__load_relaxed(&slot->type_id[1]);
    if (value > region->header.max_size || stored > region->header.stride ||
        mms__schema_at(value) + stored > region->header.stride)
        return 0;
    *size = (size_t)stored;
    if (*size <= capacity) {
        code = mms__read_at(region->data_file.fd, buffer, *size,
                            mms__word_slot(word) * region->header.stride + mms__schema_at(value));
        if (code != 0)
            return mms__fail(code, "reading %s/data", region->place.path);
    }
    return mms__still_whole(&region->control->current, &slot->generation, word);
}

/* Other programs' files have no room for one. */
static int no_schema(struct mms_region *region, size_t *size, uint64_t type_id[2], uint64_t *generation)
{
    uint64_t now = region->foreign->generation(region);

    if (now == 0)
        return mms__fail_unpinnable(region, mms__region_was_unlinked(region) ? MMS__TOMBSTONE : 0);
    *size = 0;
    if (type_id)
        type_id[0] = type_id[1] = 0;
    if (generation)
        *generation = now;
    return 0;
}

int mms_read_schema(mms_region *region, char *buffer, size_t capacity, size_t *size, uint64_t type_id[2],
                    uint64_t *generation)
{
    uint64_t type[2];
    size_t found = 0;
    int code;

    if (!region || !size || (!buffer && capacity > 0))
        return mms__fail(MMS_E_INVALID, "mms_read_schema: %s is NULL", !region ? "region" : size ? "buffer" : "size");
    if (mms__region_is_forked(region))
        return mms__fail(MMS_E_FORKED, "reading the schema of %s: open the region in this process", region->place.path);
    if (region->foreign)
        return no_schema(region, size, type_id, generation);
    code = ensure_data_file(region);
    if (code != 0)
        return code;
    for (int tries = 0; tries < COPY_TRIES; tries++) {
        uint64_t word = mms__region_current(region);

        if (!mms__word_pinnable(word))
            return mms__fail_unpinnable(region, word);
        code = try_schema(region, word, buffer, capacity, &found, type);
        if (code == 0)
            continue;
        if (code < 0)
            return code;
        *size = found;
        if (type_id)
            memcpy(type_id, type, sizeof type);
        if (generation)
            *generation = mms__word_generation(word);
        if (found > capacity)
            return mms__fail(MMS_E_TOO_BIG,
                             "reading the schema of %s: it has %zu bytes, the buffer %zu; give a larger one",
                             region->place.path, found, capacity);
        return 0;
    }
    return mms__fail(MMS_E_AGAIN, "reading the schema of %s: the writer was faster %d times; try again",
                     region->place.path, COPY_TRIES);
}
