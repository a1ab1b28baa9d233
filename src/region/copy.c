/* SPDX-License-Identifier: Apache-2.0 */
/* Reading without the right to write: no announcement, so the writer may take the slot at any
   time, and the slot's generation word tells afterwards. By read(2), not through a mapping: where
   the writer has just given memory back, a mapping would allocate new memory, or kill the process
   if there is none. */
#include "base/error.h"
#include "base/minmax.h"
#include "region/backend.h"
#include "region/protocol.h"
#include "region/region.h"
#include <errno.h>
#include <fcntl.h>

enum { COPY_TRIES = 64 };

static void load_type(const struct mms__descriptor *slot, struct mms__copied *out)
{
    out->type_id[0] = mms__load_relaxed(&slot->type_id[0]);
    out->type_id[1] = mms__load_relaxed(&slot->type_id[1]);
}

/* Bytes from this offset in a slot. */
static int read_slot(const struct mms__native_region *region, unsigned slot, uint64_t offset, void *buffer,
                     uint64_t size)
{
    int code = mms__read_at(region->data_file.fd, buffer, (size_t)size, slot * region->header.stride + offset);

    return code == 0 ? 0 : mms__fail(code, "reading %s/data", region->front.place.path);
}

/* One try: 0, or -EAGAIN if what was copied, and the size and type, were not whole. What a system
   call copies counts as read before the fence in mms__still_whole, because this processor copies
   it. */
static int try_copy(struct mms__native_region *region, uint64_t word, void *buffer, size_t capacity,
                    struct mms__copied *out)
{
    const struct mms__descriptor *slot = mms__region_slot(region, mms__word_slot(word));
    uint64_t stored;
    int code;

    if (mms__word_slot(word) >= region->header.max_slots)
        return -EAGAIN;
    stored = mms__load_relaxed(&slot->size);
    out->size = mms__min(stored, region->header.max_size);
    load_type(slot, out);
    MMS__STEP(copy_size_known);
    code = out->size <= capacity ? read_slot(region, mms__word_slot(word), 0, buffer, out->size) : 0;
    if (code != 0)
        return code;
    MMS__STEP(copy_read);
    return mms__still_whole(&region->control->current, &slot->generation, word) ? 0 : -EAGAIN;
}

/* The same for the schema. An impossible size was read while it changed. */
static int try_schema(struct mms__native_region *region, uint64_t word, void *buffer, size_t capacity,
                      struct mms__copied *out)
{
    const struct mms__descriptor *slot = mms__region_slot(region, mms__word_slot(word));
    uint64_t value;
    int code;

    if (mms__word_slot(word) >= region->header.max_slots)
        return -EAGAIN;
    value = mms__load_relaxed(&slot->size);
    out->size = mms__load_relaxed(&slot->schema_size);
    load_type(slot, out);
    if (value > region->header.max_size || !mms__schema_fits(value, out->size, region->header.stride))
        return -EAGAIN;
    code =
        out->size <= capacity ? read_slot(region, mms__word_slot(word), mms__schema_at(value), buffer, out->size) : 0;
    if (code != 0)
        return code;
    return mms__still_whole(&region->control->current, &slot->generation, word) ? 0 : -EAGAIN;
}

static int check_type(const struct mms__native_region *region, const uint64_t found[2])
{
    const uint64_t *wanted = region->front.options.type_id;

    if ((wanted[0] | wanted[1]) == 0 || (wanted[0] == found[0] && wanted[1] == found[1]))
        return 0;
    return mms__fail(MMS_E_TYPE, "copying from %s: the value has another type than was asked for",
                     region->front.place.path);
}

static int try_typed(struct mms__native_region *region, uint64_t word, void *buffer, size_t capacity,
                     struct mms__copied *out)
{
    int code;

    MMS__STEP(copy_looked);
    code = try_copy(region, word, buffer, capacity, out);
    return code == 0 ? check_type(region, out->type_id) : code;
}

/* One thread at a time copies through the descriptor that may have to be reopened. */
static int ensure_data_file(struct mms__native_region *region)
{
    const char *path = region->front.place.path;
    int code;

    pthread_mutex_lock(&region->front.mutex);
    code = mms__file_ensure(&region->data_file, path, "data", O_RDONLY);
    pthread_mutex_unlock(&region->front.mutex);
    if (code == MMS_E_GONE)
        return mms__fail(code, "copying from %s: its file `data` is not there; open the region again", path);
    return code == 0 ? 0 : mms__fail(code, "copying from %s: looking for its file `data`", path);
}

typedef int try_function(struct mms__native_region *region, uint64_t word, void *buffer, size_t capacity,
                         struct mms__copied *out);

/* -EAGAIN, without detail: the writer was faster at each try. */
static int copy_newest(struct mms__native_region *region, try_function *try, void *buffer, size_t capacity,
                       struct mms__copied *out)
{
    int code = ensure_data_file(region);

    if (code != 0)
        return code;
    code = -EAGAIN;
    for (int tries = 0; tries < COPY_TRIES && code == -EAGAIN; tries++) {
        uint64_t word = mms__region_current(region);

        if (!mms__word_pinnable(word))
            return mms__fail_unpinnable(region, word);
        out->generation = mms__word_generation(word);
        code = try(region, word, buffer, capacity, out);
    }
    return code;
}

static int fail_slower(const struct mms_region *front, const char *copying, const char *advice)
{
    return mms__fail(MMS_E_AGAIN, "%s %s: the writer was faster %d times; %s", copying, front->place.path, COPY_TRIES,
                     advice);
}

int mms__native_copy(struct mms_region *front, void *buffer, size_t capacity, struct mms__copied *out)
{
    int code = copy_newest(mms__native_region_of(front), try_typed, buffer, capacity, out);

    return code == -EAGAIN ? fail_slower(front, "copying from", "try again, or read in place") : code;
}

int mms__native_copy_schema(struct mms_region *front, char *buffer, size_t capacity, struct mms__copied *out)
{
    int code = copy_newest(mms__native_region_of(front), try_schema, buffer, capacity, out);

    return code == -EAGAIN ? fail_slower(front, "reading the schema of", "try again") : code;
}
