/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/target.h"
#include "cli/lock_wait.h"
#include <string.h>
#include <sys/statvfs.h>

/* Eight huge pages: they are made in the time that it takes to bring what was asked for ahead. */
#define RESERVE_STEP (UINT64_C(16) << 20)

int target_open(struct target *target, const char *path, const mms_writer_options *options)
{
    mms_region_options reading = MMS_REGION_OPTIONS_INIT;
    mms_info info;
    int code;

    *target = (struct target){.path = path};
    reading.force_filesystem = options->force_filesystem;
    reading.trust_owner = options->trust_owner;
    reading.trusted_uid = options->trusted_uid;
    reading.fence = options->fence == MMS_FENCE_SYMMETRIC ? MMS_FENCE_SYMMETRIC : MMS_FENCE_AUTO;
    code = open_writer(path, options, &target->writer);
    if (code == 0)
        code = mms_region_open(path, &reading, &target->region);
    if (code == 0)
        code = mms_reader_open(target->region, &target->reader);
    if (code == 0)
        code = mms_inspect(path, &info);
    if (code != 0) {
        target_close(target);
        return code;
    }
    target->generation = mms_generation(target->region);
    target->max_size = info.max_size;
    target->is_durable = info.durable;
    return 0;
}

void target_close(struct target *target)
{
    mms_reader_close(target->reader);
    mms_region_close(target->region);
    mms_writer_close(target->writer);
    *target = (struct target){.path = target->path};
}

int target_reserve(struct target *target, uint64_t capacity)
{
    size_t size = 0;
    void *buffer = target->buffer;
    int code;

    if (capacity > target->max_size) /* on 32 bits it may not even be a size_t */
        return MMS_E_TOO_BIG;
    if (buffer && capacity <= target->capacity)
        return 0;
    if (buffer) {
        code = mms_write_grow(target->writer, (size_t)capacity, &buffer);
    } else {
        code = mms_write_update(target->writer, (size_t)capacity, &buffer, &size, NULL);
        if (code == 0)
            target->size = size;
    }
    if (code != 0)
        return code;
    target->buffer = buffer;
    target->capacity = capacity > target->size ? capacity : target->size;
    return 0;
}

static bool has_room(const struct target *target, uint64_t size)
{
    struct statvfs disk;

    return statvfs(target->path, &disk) == 0 && (uint64_t)disk.f_bavail * disk.f_frsize >= size;
}

int target_reserve_step(struct target *target, uint64_t end, uint64_t whole)
{
    const uint64_t step = end / RESERVE_STEP * RESERVE_STEP + RESERVE_STEP;

    if (whole > target->max_size)
        return MMS_E_TOO_BIG;
    if (target->buffer && end <= target->capacity)
        return 0;
    if (step >= whole || !has_room(target, whole - (target->buffer ? target->capacity : 0)))
        return target_reserve(target, end < whole ? whole : end);
    return target_reserve(target, step);
}

int target_put(struct target *target, uint64_t offset, const void *data, uint64_t length)
{
    return mms_write_patch(target->writer, (size_t)offset, data, (size_t)length);
}

int target_touch(struct target *target, uint64_t offset, uint64_t length)
{
    return mms_write_touch(target->writer, (size_t)offset, (size_t)length);
}

int target_commit(struct target *target, uint64_t size, const struct record *meta, const char *schema,
                  size_t schema_size)
{
    mms_receipt receipt;
    int code = target_reserve(target, size);

    if (code == 0)
        code = mms_write_set_type(target->writer, meta->type_id, schema, schema_size);
    if (code == 0)
        code = mms_write_set_tag(target->writer, meta->tag);
    if (code == 0)
        code = mms_write_commit(target->writer, (size_t)size, &receipt);
    if (code != 0)
        return code;
    target->generation = receipt.generation;
    target->buffer = NULL;
    return 0;
}

void target_abort(struct target *target)
{
    if (target->buffer)
        mms_write_abort(target->writer);
    target->buffer = NULL;
}

int target_view(struct target *target, mms_view *view)
{
    return mms_read(target->reader, view);
}

int target_view_end(struct target *target)
{
    return mms_release(target->reader);
}
