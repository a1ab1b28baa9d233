/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's calls. */
#include "handle/writer.h"
#include "api/backend.h"
#include "api/options.h"
#include "api/typed.h"
#include "api/writer.h"
#include "base/error.h"
#include "mmap_sync/backend.h"
#include "os/cancel.h"
#include <mmsync/step.h>
#include <stdio.h>
#include <string.h>

/* ---- Opening and closing ---- */

static void cancelled(void *writer)
{
    MMS__HOLD_CANCEL(before);

    mms__writer_free(writer, false);
}

/* Cancellation may end the wait for another writer; only the handle and its contents are held
   then. */
static int open_cancellable(struct mms_writer *writer)
{
    int code;

    pthread_cleanup_push(cancelled, writer);
    code = writer->backend->writer_open(writer);
    pthread_cleanup_pop(0);
    return code;
}

/* With options read: make the handle for what exists, or is to be made, at the path. Its options
   point to `mmap_sync`, which must stay until it is open. */
static int make(const char *path, const mms_writer_options *options, mms_mmap_sync_writer_options *mmap_sync,
                struct mms_writer **out)
{
    const struct mms__backend *backend;
    struct mms__place place;
    int code = mms__backend_find(path, &place, &backend);

    if (code != 0)
        return code;
    code = mms__writer_options_for_mmap_sync(options, backend == &mms__mmap_sync, place.path, mmap_sync);
    if (code != 0)
        return code;
    code = mms__writer_make(backend, out);
    if (code != 0)
        return mms__fail(code, "mms_writer_open: making a handle");
    (*out)->place = place;
    (*out)->options = *options;
    (*out)->options.mmap_sync = mmap_sync;
    return 0;
}

int mms_writer_open(const char *path, const mms_writer_options *options, mms_writer **out)
{
    MMS__HOLD_CANCEL(before);
    mms_mmap_sync_writer_options mmap_sync;
    mms_writer_options full;
    struct mms_writer *writer;
    int code;

    if (!out)
        return mms__fail(MMS_E_INVALID, "mms_writer_open: out is NULL");
    *out = NULL;
    code = mms__writer_options_read(options, &full);
    if (code != 0)
        return code;
    code = make(path, &full, &mmap_sync, &writer);
    if (code != 0)
        return code;
    writer->cancel_state = before;
    code = open_cancellable(writer);
    if (code != 0) {
        mms__writer_free(writer, false);
        return code;
    }
    mms__place_close(&writer->place);
    writer->options.mmap_sync = NULL;
    *out = writer;
    return 0;
}

int mms_writer_close(mms_writer *writer)
{
    MMS__HOLD_CANCEL(before);

    if (!writer)
        return 0;
    if (writer->process != mms__process_token()) {
        int code = mms__fail(MMS_E_FORKED,
                             "closing the writer of %s in a forked child: its copy is freed, the parent's goes on",
                             writer->place.path);
        mms__writer_free(writer, true);
        return code;
    }
    writer->backend->writer_closing(writer);
    mms__writer_free(writer, false);
    return 0;
}

/* ---- Writing ---- */

int mms_writer_set_grace(mms_writer *writer, int32_t grace_ms)
{
    int code = mms__writer_check(writer, writer && writer->building, "mms_writer_set_grace");

    return code == 0 ? mms__grace_read(grace_ms, &writer->options.grace_ms) : code;
}

int mms__writer_refuse(const struct mms_writer *writer, bool building, const char *call)
{
    if (!writer)
        return mms__fail(MMS_E_INVALID, "%s: the writer is NULL", call);
    if (writer->process != mms__process_token())
        return mms__fail(MMS_E_FORKED, "%s: the writer of %s belongs to the parent process; open one in this process",
                         call, writer->place.path);
    return mms__fail(MMS_E_INVALID,
                     building ? "%s: no write to %s has begun"
                              : "%s: a write to %s has already begun; commit or abort it",
                     call, writer->place.path);
}

int mms_write(mms_writer *writer, const void *data, size_t size, mms_receipt *receipt)
{
    int code = mms__writer_check(writer, false, "mms_write");

    if (code != 0)
        return code;
    if (!data && size > 0)
        return mms__fail(MMS_E_INVALID, "mms_write: data is NULL and size %zu", size);
    return writer->backend->write(writer, data, size, receipt);
}

int mms_write_begin(mms_writer *writer, size_t capacity, void **buffer, mms_receipt *receipt)
{
    int code = mms__writer_check(writer, false, "mms_write_begin");

    if (code != 0)
        return code;
    if (!buffer)
        return mms__fail(MMS_E_INVALID, "mms_write_begin: buffer is NULL");
    code = writer->backend->begin(writer, capacity, buffer, receipt);
    if (code != 0)
        return code;
    writer->building = true;
    writer->capacity = capacity;
    writer->buffer = *buffer;
    return 0;
}

/* A back end without updates of its own gets a copy of the whole newest value. */
static int copy_newest(struct mms_writer *writer, mms_region *region, size_t *capacity, void **buffer, size_t *size,
                       mms_receipt *receipt)
{
    void *room;
    size_t found = 0;
    int code = mms_read_copy(region, NULL, 0, &found, NULL);

    if (code != 0 && code != MMS_E_TOO_BIG && code != MMS_E_EMPTY)
        return code;
    if (*capacity < found)
        *capacity = found;
    code = writer->backend->begin(writer, *capacity, &room, receipt);
    if (code == 0 && found > 0) {
        code = mms_read_copy(region, room, found, &found, NULL);
        if (code != 0)
            writer->backend->abort(writer);
    }
    if (code != 0)
        return code;
    *buffer = room;
    *size = found;
    return 0;
}

static int update_by_copy(struct mms_writer *writer, size_t *capacity, void **buffer, size_t *size,
                          mms_receipt *receipt)
{
    MMS__HOLD_CANCEL(before);
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    char path[sizeof writer->place.path + 16];
    mms_region *region;
    int code;

    snprintf(path, sizeof path, "mmap-sync:%s", writer->place.path); /* the one kind without */
    options.force_filesystem = writer->options.force_filesystem;
    code = mms_region_open(path, &options, &region);
    if (code != 0)
        return code;
    code = copy_newest(writer, region, capacity, buffer, size, receipt);
    (void)mms_region_close(region);
    return code;
}

int mms__writer_update(struct mms_writer *writer, size_t capacity, bool touches, void **buffer, size_t *size,
                       mms_receipt *receipt)
{
    int code = writer->backend->update ? writer->backend->update(writer, &capacity, touches, buffer, size, receipt)
                                       : update_by_copy(writer, &capacity, buffer, size, receipt);

    if (code != 0)
        return code;
    writer->building = writer->updating = true;
    writer->capacity = capacity;
    writer->updated = *size;
    writer->buffer = *buffer;
    return 0;
}

int mms_write_update(mms_writer *writer, size_t capacity, void **buffer, size_t *size, mms_receipt *receipt)
{
    int code = mms__writer_check(writer, false, "mms_write_update");

    if (code != 0)
        return code;
    if (!buffer || !size)
        return mms__fail(MMS_E_INVALID, "mms_write_update: %s is NULL", buffer ? "size" : "buffer");
    return mms__writer_update(writer, capacity, false, buffer, size, receipt);
}

/* A write has begun, and its bytes are the caller's: those of a table are not. */
static int check_own(const struct mms_writer *writer, const char *call)
{
    int code = mms__writer_check(writer, true, call);

    if (code != 0 || !writer->in_table)
        return code;
    return mms__fail(
        MMS_E_INVALID,
        "%s: the write to %s was begun with mms_table_begin; end it with mms_table_commit or mms_table_abort", call,
        writer->place.path);
}

static int check_touch(const struct mms_writer *writer, size_t offset, size_t length, const char *call)
{
    int code = check_own(writer, call);

    if (code != 0)
        return code;
    if (!writer->updating)
        return mms__fail(MMS_E_INVALID,
                         "%s: the write to %s was begun with mms_write_begin, which publishes a whole value; begin it "
                         "with mms_write_update",
                         call, writer->place.path);
    if (offset <= writer->capacity && length <= writer->capacity - offset)
        return 0;
    return mms__fail(MMS_E_INVALID, "%s: %zu bytes at %zu of %s, and the capacity is %zu; grow it with mms_write_grow",
                     call, length, offset, writer->place.path, writer->capacity);
}

int mms_write_touch(mms_writer *writer, size_t offset, size_t length)
{
    int code = check_touch(writer, offset, length, "mms_write_touch");

    if (code != 0)
        return code;
    writer->vouched = false;
    mms__writer_touch(writer, offset, length);
    return 0;
}

int mms_write_patch(mms_writer *writer, size_t offset, const void *data, size_t length)
{
    int code = check_touch(writer, offset, length, "mms_write_patch");

    if (code != 0 || length == 0)
        return code;
    if (!data)
        return mms__fail(MMS_E_INVALID, "mms_write_patch: data is NULL and length %zu", length);
    writer->vouched = false;
    mms__writer_touch(writer, offset, length);
    memmove((char *)writer->buffer + offset, data, length); /* it may be of the same buffer */
    return 0;
}

int mms_write_grow(mms_writer *writer, size_t capacity, void **buffer)
{
    int code = check_own(writer, "mms_write_grow");
    void *grown;

    if (code != 0)
        return code;
    writer->vouched = false; /* this gives away where its bytes are */
    code = mms__writer_grow(writer, capacity, &grown);
    if (code != 0)
        return code;
    if (buffer)
        *buffer = grown;
    return 0;
}

static void end(struct mms_writer *writer)
{
    writer->building = writer->updating = writer->in_table = writer->setting = false;
    writer->typed = writer->tagged = false;
}

static int check_commit(const struct mms_writer *writer, size_t size)
{
    int code = check_own(writer, "mms_write_commit");

    if (code != 0 || size <= writer->capacity)
        return code;
    return mms__fail(MMS_E_INVALID,
                     "mms_write_commit: %zu bytes of %s, and the capacity is %zu; grow it, or commit less", size,
                     writer->place.path, writer->capacity);
}

/* A commit that fails can be repeated. `serialized` is said for this one, so that no other write can inherit it,
   whatever becomes of this one. */
int mms__writer_commit(struct mms_writer *writer, size_t size, bool serialized, mms_receipt *receipt)
{
    int code;

    writer->serialized = serialized;
    code = writer->backend->commit(writer, size, receipt);
    if (code == 0)
        end(writer);
    return code;
}

int mms_write_commit(mms_writer *writer, size_t size, mms_receipt *receipt)
{
    int code = check_commit(writer, size);

    if (code != 0)
        return code;
    return mms__writer_commit(writer, size, writer->setting && writer->vouched && size == writer->updated, receipt);
}

int mms__write_commit_serialized(mms_writer *writer, size_t size, mms_receipt *receipt)
{
    return mms__writer_commit(writer, size, true, receipt);
}

int mms_write_set_type(mms_writer *writer, const uint64_t type_id[2], const char *schema, size_t schema_size)
{
    int code = mms__writer_check(writer, true, "mms_write_set_type");

    if (code != 0)
        return code;
    if (!type_id || (!schema && schema_size > 0))
        return mms__fail(MMS_E_INVALID, "mms_write_set_type: %s is NULL", type_id ? "schema" : "type_id");
    writer->vouched = false; /* the bytes are right as the old one */
    writer->typed = true;
    writer->type_id[0] = type_id[0];
    writer->type_id[1] = type_id[1];
    writer->schema = schema;
    writer->schema_size = schema_size;
    return 0;
}

int mms_write_set_tag(mms_writer *writer, uint64_t tag)
{
    int code = mms__writer_check(writer, true, "mms_write_set_tag");

    if (code != 0)
        return code;
    if (tag != 0 && !writer->backend->has_types)
        return mms__fail(MMS_E_INVALID, "mms_write_set_tag: the files of mmap-sync at %s have no room for a tag",
                         writer->place.path);
    writer->tagged = true;
    writer->tag = tag;
    return 0;
}

int mms_write_abort(mms_writer *writer)
{
    int code = mms__writer_check(writer, true, "mms_write_abort");

    if (code != 0)
        return code;
    end(writer);
    writer->backend->abort(writer);
    return 0;
}
