/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the newest value, and of its schema. */
#include "api/typed.h"
#include "base/error.h"
#include "handle/region.h"
#include "os/cancel.h"

static int check_region(mms_region *region, const char *doing)
{
    if (mms__region_is_forked(region))
        return mms__fail(MMS_E_FORKED, "%s %s: open the region in this process", doing, region->place.path);
    return mms__region_is_gone(region) ? mms__region_fail_gone(region) : 0;
}

/* A size that does not fit in a size_t: no buffer can be that large. */
static size_t size_of(const struct mms__copied *copied)
{
    return copied->size < SIZE_MAX ? (size_t)copied->size : SIZE_MAX;
}

int mms__read_copy_typed(mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *generation,
                         uint64_t type_id[2])
{
    MMS__HOLD_CANCEL(before);
    struct mms__copied copied = {0};
    int code;

    if (!region)
        return mms__fail(MMS_E_INVALID, "mms_read_copy: region is NULL");
    if (!buffer && capacity > 0)
        return mms__fail(MMS_E_INVALID, "copying from %s: buffer is NULL, and capacity is not 0", region->place.path);
    code = check_region(region, "copying from");
    if (code != 0)
        return code;
    code = region->backend->copy(region, buffer, capacity, &copied);
    if (code != 0)
        return code;
    if (size)
        *size = size_of(&copied);
    if (generation)
        *generation = copied.generation;
    type_id[0] = copied.type_id[0];
    type_id[1] = copied.type_id[1];
    if (copied.size > capacity)
        return mms__fail(MMS_E_TOO_BIG, "copying from %s: the value has %llu bytes, the buffer %zu; give a larger one",
                         region->place.path, (unsigned long long)copied.size, capacity);
    return 0;
}

int mms_read_copy(mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *generation)
{
    uint64_t type_id[2];

    return mms__read_copy_typed(region, buffer, capacity, size, generation, type_id);
}

int mms_read_schema(mms_region *region, char *buffer, size_t capacity, size_t *size, uint64_t type_id[2],
                    uint64_t *generation)
{
    MMS__HOLD_CANCEL(before);
    struct mms__copied copied = {0};
    int code;

    if (!region || !size || (!buffer && capacity > 0))
        return mms__fail(MMS_E_INVALID, "mms_read_schema: %s is NULL", !region ? "region" : size ? "buffer" : "size");
    code = check_region(region, "reading the schema of");
    if (code != 0)
        return code;
    code = region->backend->copy_schema(region, buffer, capacity, &copied);
    if (code != 0)
        return code;
    *size = size_of(&copied);
    if (type_id) {
        type_id[0] = copied.type_id[0];
        type_id[1] = copied.type_id[1];
    }
    if (generation)
        *generation = copied.generation;
    if (copied.size > capacity)
        return mms__fail(MMS_E_TOO_BIG,
                         "reading the schema of %s: it has %llu bytes, the buffer %zu; give a larger one",
                         region->place.path, (unsigned long long)copied.size, capacity);
    return 0;
}
