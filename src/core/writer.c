/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: opening, writing, closing. */
#include "core/writer.h"
#include "core/attach.h"
#include "core/bulk.h"
#include "core/checksum.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/futex.h"
#include "core/options.h"
#include "core/protocol.h"
#include "core/replace.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void forked(struct mms__member *member)
{
    struct mms_writer *writer = (struct mms_writer *)(void *)((char *)member - offsetof(struct mms_writer, member));

    mms__file_close(&writer->lock.file);
    mms__file_close(&writer->readers_file); /* its description may hold a dead reader's lock for a moment */
}

int mms__writer_allocate(struct mms_writer **out)
{
    struct mms_writer *writer = calloc(1, sizeof *writer);
    int code;

    if (!writer)
        return -ENOMEM;
    writer->process = mms__process_token();
    writer->member.forked = forked;
    writer->lock = MMS__NO_WRITER_LOCK;
    writer->place.directory = writer->data_file = writer->readers_file = MMS__NO_FILE;
    code = mms__member_join(&writer->member);
    if (code == 0)
        *out = writer;
    else
        free(writer);
    return code;
}

void mms__writer_dismantle(struct mms_writer *writer, bool inherited)
{
    if (writer->foreign)
        writer->foreign->writer_free(writer, inherited);
    if (!inherited) { /* a child is not on the list, has none of these maps, and by now may have others there */
        mms__member_leave(&writer->member);
        mms__unmap(&writer->control_map);
        MMS__STEP(close_control_unmapped);
        mms__unmap(&writer->readers_map);
        MMS__STEP(close_readers_unmapped);
        mms__unmap(&writer->data_map);
        MMS__STEP(close_data_unmapped);
        mms__writer_lock_drop(&writer->lock); /* last: until here nobody may write */
    }
    mms__file_close(&writer->data_file);
    mms__file_close(&writer->readers_file);
    mms__place_leave(&writer->place);
    mms__pool_free(&writer->pool);
    free(writer);
}

static int refuse_foreign_options(const struct mms_writer *writer)
{
    if (writer->options.on_grace != MMS_RESET && !writer->options.unlocked)
        return 0;
    return mms__fail(MMS_E_INVALID, "opening %s: option %s is for the files of mmap-sync alone", writer->place.path,
                     writer->options.unlocked ? "unlocked" : "on_grace = MMS_RESET");
}

static int enter(struct mms_writer *writer)
{
    int code;

    if (writer->foreign)
        return writer->foreign->writer_open(writer);
    code = refuse_foreign_options(writer);
    if (code == 0)
        code = mms__writer_enter(writer);

    if (code == 0)
        code = mms__header_compare(&writer->pool.header, &writer->options, writer->place.path);
    if (code == MMS_E_GEOMETRY && writer->options.replace)
        code = mms__replace(writer);
    return code;
}

int mms_writer_open(const char *path, const mms_writer_options *options, mms_writer **out)
{
    struct mms_writer *writer;
    int code;

    if (!out)
        return mms__fail(MMS_E_INVALID, "mms_writer_open: out is NULL");
    *out = NULL;
    code = mms__writer_allocate(&writer);
    if (code != 0)
        return mms__fail(code, "mms_writer_open: making a handle");
    code = mms__writer_options_read(options, &writer->options);
    if (code == 0)
        code = mms__foreign_find(path, writer->options.format, &writer->place, &writer->foreign);
    if (code == 0)
        code = enter(writer);
    if (code != 0) {
        mms__writer_dismantle(writer, false);
        return code;
    }
    mms__place_leave(&writer->place);
    *out = writer;
    return 0;
}

int mms_writer_close(mms_writer *writer)
{
    if (!writer)
        return 0;
    if (writer->process != mms__process_token()) {
        int code = mms__fail(MMS_E_FORKED,
                             "closing the writer of %s in a forked child: its copy is freed, the parent's goes on",
                             writer->place.path);
        mms__writer_dismantle(writer, true);
        return code;
    }
    mms__writer_dismantle(writer, false);
    return 0;
}

/* ---- Writing ---- */

static int check_handle(const struct mms_writer *writer, bool building, const char *call)
{
    if (!writer)
        return mms__fail(MMS_E_INVALID, "%s: the writer is NULL", call);
    if (writer->process != mms__process_token())
        return mms__fail(MMS_E_FORKED, "%s: the writer of %s belongs to the parent process; open one in this process",
                         call, writer->place.path);
    if (writer->building != building)
        return mms__fail(MMS_E_INVALID,
                         building ? "%s: no write to %s was begun"
                                  : "%s: a write to %s was begun already; commit or abort it",
                         call, writer->place.path);
    return 0;
}

static int check_size(const struct mms_writer *writer, uint64_t size)
{
    if (size <= writer->pool.header.max_size)
        return 0;
    return mms__fail(MMS_E_TOO_BIG,
                     "writing %s: %llu bytes, and its max_size is %llu; open it with a larger max_size and replace set",
                     writer->place.path, (unsigned long long)size, (unsigned long long)writer->pool.header.max_size);
}

/* Where a map does not keep the lock, a host that closes descriptors has dropped it. */
static int check_lock(const struct mms_writer *writer)
{
    if (!writer->place.loses_locks || mms__file_is_ours(&writer->lock.file))
        return 0;
    return mms__fail(MMS_E_GONE,
                     "writing %s: this program has closed the descriptor that held the writer's lock, and another may "
                     "have it; open the writer again",
                     writer->place.path);
}

static unsigned char *slot_data(const struct mms_writer *writer, unsigned slot)
{
    return writer->pool.data + slot * writer->pool.header.stride;
}

static int take(struct mms_writer *writer, size_t capacity, mms_receipt *receipt)
{
    struct mms__patience patience = {writer->options.grace_ms, writer->options.on_grace};
    int code = check_size(writer, capacity);

    if (code == 0)
        code = check_lock(writer);
    memset(&writer->receipt, 0, sizeof writer->receipt);
    writer->typed = false;
    if (code == 0)
        code = mms__pool_take(&writer->pool, capacity, patience, &writer->slot, &writer->receipt);
    if (code == 0) {
        writer->receipt.slot = writer->slot;
        /* not the last that was given out: slots may have been marked anew after it, to make room */
        writer->receipt.generation = writer->pool.slots[writer->slot].generation;
    }
    if (receipt && (code == 0 || code == MMS_E_AGAIN))
        *receipt = writer->receipt;
    return code;
}

/* What goes with a value in its descriptor. */
static struct mms__descriptor describe(const struct mms_writer *writer, unsigned slot, size_t size)
{
    const mms_writer_options *options = &writer->options;
    const uint64_t *type_id = writer->typed ? writer->type_id : options->type_id;

    return (struct mms__descriptor){
        .type_id = {type_id[0], type_id[1]},
        .tag = options->tag,
        .checksum = options->checksum ? mms__checksum(slot_data(writer, slot), size) : 0,
        .publish_ns = mms__read_clock(CLOCK_REALTIME_COARSE),
        .flags = options->checksum ? MMS__HAS_CHECKSUM : 0,
    };
}

void mms__writer_publish_as(struct mms_writer *writer, unsigned slot, size_t size, const struct mms__descriptor *as)
{
    struct mms__descriptor *descriptor = &writer->control->slots[slot];
    struct mms__readers *readers = writer->readers_map.base;
    uint64_t generation = writer->pool.slots[slot].generation;

    mms__store_relaxed(&descriptor->size, size);
    MMS__STEP(publish_size_stored);
    mms__store_relaxed(&descriptor->type_id[0], as->type_id[0]);
    MMS__STEP(publish_type_half_stored);
    mms__store_relaxed(&descriptor->type_id[1], as->type_id[1]);
    MMS__STEP(publish_type_stored);
    mms__store_relaxed(&descriptor->tag, as->tag);
    MMS__STEP(publish_tag_stored);
    mms__store_relaxed(&descriptor->checksum, as->checksum);
    MMS__STEP(publish_checksum_stored);
    mms__store_relaxed(&descriptor->publish_ns, as->publish_ns);
    MMS__STEP(publish_time_stored);
    mms__store_relaxed(&descriptor->flags, as->flags);
    MMS__STEP(publish_flags_stored);
    mms__store_relaxed(&descriptor->schema_size, as->schema_size);
    mms__publish(&writer->control->current, generation, slot);
    mms__pool_publish(&writer->pool, slot);
    if (mms__wake_due(&writer->control->wake, &readers->waiting))
        mms__futex_wake_all(&writer->control->wake);
    MMS__STEP(publish_done);
}

/* Behind the value. A value without its schema is better than none, so a lack of room is no error. */
static size_t store_schema(struct mms_writer *writer, size_t size)
{
    uint64_t at = mms__schema_at(size), end = at + writer->schema_size;

    if (!writer->typed || writer->schema_size == 0 || end > writer->pool.header.stride)
        return 0;
    if (end > writer->capacity && mms__pool_grow(&writer->pool, writer->slot, end) != 0)
        return 0;
    memcpy(slot_data(writer, writer->slot) + at, writer->schema, writer->schema_size);
    MMS__STEP(publish_schema_copied);
    return writer->schema_size;
}

static void finish(struct mms_writer *writer, size_t size, mms_receipt *receipt)
{
    struct mms__descriptor as = describe(writer, writer->slot, size);

    as.schema_size = store_schema(writer, size);

    mms__writer_publish_as(writer, writer->slot, size, &as);
    writer->receipt.size = size;
    if (receipt)
        *receipt = writer->receipt;
}

int mms_write(mms_writer *writer, const void *data, size_t size, mms_receipt *receipt)
{
    int code = check_handle(writer, false, "mms_write");

    if (code != 0)
        return code;
    if (!data && size > 0)
        return mms__fail(MMS_E_INVALID, "mms_write: data is NULL and size %zu", size);
    if (writer->foreign)
        return writer->foreign->write(writer, data, size, receipt);
    code = take(writer, size, receipt);
    if (code != 0)
        return code;
    mms__copy_in(slot_data(writer, writer->slot), data, size);
    MMS__STEP(write_copied);
    finish(writer, size, receipt);
    return 0;
}

static int begin_foreign(struct mms_writer *writer, size_t capacity, void **buffer, mms_receipt *receipt)
{
    int code = writer->foreign->begin(writer, capacity, buffer);

    if (code != 0)
        return code;
    if (receipt)
        *receipt = (mms_receipt){0}; /* which slot it will be is known at the commit */
    writer->building = true;
    writer->capacity = capacity;
    return 0;
}

int mms_write_begin(mms_writer *writer, size_t capacity, void **buffer, mms_receipt *receipt)
{
    int code = check_handle(writer, false, "mms_write_begin");

    if (code != 0)
        return code;
    if (!buffer)
        return mms__fail(MMS_E_INVALID, "mms_write_begin: buffer is NULL");
    if (writer->foreign)
        return begin_foreign(writer, capacity, buffer, receipt);
    code = take(writer, capacity, receipt);
    if (code != 0)
        return code;
    writer->building = true;
    writer->capacity = capacity;
    *buffer = slot_data(writer, writer->slot);
    return 0;
}

int mms_write_grow(mms_writer *writer, size_t capacity, void **buffer)
{
    int code = check_handle(writer, true, "mms_write_grow");
    void *grown = NULL;

    if (code == 0 && writer->foreign) {
        code = writer->foreign->grow(writer, capacity, &grown);
    } else {
        if (code == 0)
            code = check_size(writer, capacity);
        if (code == 0)
            code = mms__pool_grow(&writer->pool, writer->slot, capacity);
    }
    if (code != 0)
        return code;
    MMS__STEP(write_grown);
    if (writer->capacity < capacity)
        writer->capacity = capacity;
    if (buffer)
        *buffer = writer->foreign ? grown : slot_data(writer, writer->slot);
    return 0;
}

int mms_write_commit(mms_writer *writer, size_t size, mms_receipt *receipt)
{
    int code = check_handle(writer, true, "mms_write_commit");

    if (code != 0)
        return code;
    if (size > writer->capacity)
        return mms__fail(MMS_E_INVALID,
                         "mms_write_commit: %zu bytes of %s, and the capacity is %zu; grow it, or commit less", size,
                         writer->place.path, writer->capacity);
    if (writer->foreign) { /* what fails can be committed again */
        code = writer->foreign->commit(writer, size, receipt);
        writer->building = code != 0;
        return code;
    }
    mms__fence_seq_cst(); /* streaming stores of the caller are not ordered by the release in mms__publish */
    MMS__STEP(write_fenced);
    writer->building = false;
    finish(writer, size, receipt);
    return 0;
}

int mms_writer_set_type(mms_writer *writer, const uint64_t type_id[2], const char *schema, size_t schema_size)
{
    int code = check_handle(writer, true, "mms_writer_set_type");

    if (code != 0)
        return code;
    if (!type_id || (!schema && schema_size > 0))
        return mms__fail(MMS_E_INVALID, "mms_writer_set_type: %s is NULL", type_id ? "schema" : "type_id");
    writer->typed = true;
    writer->type_id[0] = type_id[0];
    writer->type_id[1] = type_id[1];
    writer->schema = schema;
    writer->schema_size = schema_size;
    return 0;
}

int mms_write_abort(mms_writer *writer)
{
    int code = check_handle(writer, true, "mms_write_abort");

    if (code != 0)
        return code;
    writer->building = false;
    if (!writer->foreign)
        mms__pool_put(&writer->pool, writer->slot);
    return 0;
}
