/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a region; opening and closing its handle. */
#include "region/writer.h"
#include "base/bulk.h"
#include "base/checksum.h"
#include "base/error.h"
#include "base/probe.h"
#include "os/cancel.h"
#include "os/clock.h"
#include "region/backend.h"
#include "region/boot.h"
#include "region/files.h"
#include "region/pool_take.h"
#include "region/protocol.h"
#include "region/replace.h"
#include "region/room.h"
#include "region/update.h"
#include "region/wake.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void forked(struct mms__member *member)
{
    struct mms__native_writer *writer =
        (struct mms__native_writer *)(void *)((char *)member - offsetof(struct mms__native_writer, front.member));

    mms__file_close(&writer->lock.file);
    mms__file_close(&writer->readers_file); /* may briefly hold a dead reader's lock */
    mms__file_close(&writer->durable.file);
    mms__tracking_close(&writer->tracking); /* it tracks the parent's memory */
}

struct mms_writer *mms__native_writer_new(void)
{
    struct mms__native_writer *writer = calloc(1, sizeof *writer);

    if (!writer)
        return NULL;
    writer->front.member.forked = forked;
    writer->lock = MMS__NO_WRITER_LOCK;
    writer->data_file = writer->readers_file = writer->durable.file = MMS__NO_FILE;
    writer->tracking.pages = MMS__NO_PAGE_TRACK;
    return (struct mms_writer *)writer;
}

void mms__native_writer_free(struct mms_writer *front, bool inherited)
{
    struct mms__native_writer *writer = mms__native_writer_of(front);

    if (!inherited) { /* a forked child has other mappings there, or none */
        mms__unmap(&writer->control_map);
        MMS__STEP(close_control_unmapped);
        mms__unmap(&writer->readers_map);
        MMS__STEP(close_readers_unmapped);
        mms__unmap(&writer->data_map);
        MMS__STEP(close_data_unmapped);
        mms__writer_lock_drop(&writer->lock); /* last: nobody else may write until here */
    }
    mms__update_free(writer, inherited);
    mms__tracking_close(&writer->tracking); /* after the map, or the kernel would take off all its marks */
    mms__file_close(&writer->data_file);
    mms__file_close(&writer->readers_file);
    mms__file_close(&writer->durable.file);
    mms__pool_free(&writer->pool);
}

int mms__native_writer_open(struct mms_writer *front)
{
    struct mms__native_writer *writer = mms__native_writer_of(front);
    struct mms__tracked tracked;
    int code = mms__writer_open_region(writer);

    if (code != 0)
        return code;
    code = mms__header_compare(&writer->pool.header, &front->options, front->place.path);
    if (code == MMS_E_GEOMETRY && front->options.replace)
        code = mms__replace(writer);
    if (code != 0)
        return code;
    tracked = mms__writer_tracked(writer);
    code = mms__tracking_open(&writer->tracking, &tracked);
    writer->durable.opened = code == 0;
    return code;
}

/* Record what the clock now says about this boot. */
static void store_boot(struct mms__native_writer *writer)
{
    if (!writer->front.place.volatile_memory)
        mms__boot_refresh(writer->control);
}

/* The clock may have been set since the last write. */
void mms__native_writer_closing(struct mms_writer *front)
{
    store_boot(mms__native_writer_of(front));
}

/* ---- Writing ---- */

int mms__writer_check_size(const struct mms__native_writer *writer, uint64_t size)
{
    if (size <= writer->pool.header.max_size)
        return 0;
    return mms__fail(
        MMS_E_TOO_BIG,
        "writing %s: %llu bytes, and its options.max_size is %llu; open it with a larger one and options.replace",
        writer->front.place.path, (unsigned long long)size, (unsigned long long)writer->pool.header.max_size);
}

/* Writes of a tight loop between two looks: few enough to notice soon. */
enum { WRITES_UNLOOKED = 1024 };

static bool is_unlinked(const struct mms__native_writer *writer)
{
    struct stat status;

    return mms__file_stat(&writer->data_file, &status) == 0 && status.st_nlink == 0;
}

__attribute__((noinline, cold)) static int look(struct mms__native_writer *writer, bool thoroughly)
{
    MMS__HOLD_CANCEL(before);

    writer->front.gone = writer->front.gone || (thoroughly ? mms__writer_is_gone(writer) : is_unlinked(writer));
    writer->unlooked = 0;
    if (thoroughly) {
        writer->looked_ns = writer->time_ns;
        store_boot(writer);
    }
    if (writer->durable.failed != 0)
        return mms__durable_refuse(writer);
    return writer->front.gone ? mms__writer_fail_gone(&writer->front) : 0;
}

/* Notice that the region was deleted by hand. Looking at the names costs as much as many writes,
   so they do it once per tick of the kernel's clock, which is also what publish_ns says. */
MMS__INLINE int check_gone(struct mms__native_writer *writer)
{
    bool thoroughly;

    writer->time_ns = mms__time_coarse_ns();
    thoroughly = writer->time_ns != writer->looked_ns;
    if (MMS__LIKELY(!thoroughly && !writer->front.gone && ++writer->unlooked < WRITES_UNLOOKED))
        return 0;
    return look(writer, thoroughly);
}

unsigned char *mms__writer_slot(const struct mms__native_writer *writer, unsigned slot)
{
    return writer->pool.data + slot * writer->pool.header.stride;
}

MMS__INLINE int check(struct mms__native_writer *writer)
{
    int code = mms__writer_check_lock(&writer->front, &writer->lock.file);

    return code == 0 ? check_gone(writer) : code;
}

int mms__writer_look(struct mms__native_writer *writer)
{
    return check(writer);
}

/* What mms__copy_in stores plainly for certain: memcpy bypasses the caches from 16 KiB up, if at all. */
enum { PLAIN_MOST = 4096 };

/* What this write has stored last, as it was stored and not out of writer->receipt: a wider load of two such fields
   would wait until their stores have left the processor's buffer, which takes as long as all of a small write. */
MMS__INLINE void fill_receipt(const struct mms__native_writer *writer, size_t size, mms_receipt *receipt)
{
    *receipt = writer->receipt;
    receipt->slot = writer->slot;
    /* not the last one given out: making room may have marked other slots with newer ones */
    receipt->generation = writer->pool.slots[writer->slot].generation;
    receipt->size = size;
}

/* Before each write. */
MMS__INLINE int start(struct mms__native_writer *writer)
{
    if (!MMS__LIKELY(!writer->has_receipt)) {
        writer->receipt = (mms_receipt){.generation = 0};
        writer->has_receipt = false;
    }
    return check(writer);
}

/* For a whole value. `plain`: see mms__slot_take_plain. */
MMS__INLINE int take(struct mms__native_writer *writer, size_t capacity, bool plain, mms_receipt *receipt)
{
    int code = mms__writer_check_size(writer, capacity);

    if (code == 0)
        code = start(writer);
    if (code != 0)
        return code;
    if (MMS__LIKELY(mms__pool_take_ready(&writer->pool, capacity, plain, &writer->slot)))
        return 0;
    writer->has_receipt = true;
    code = mms__pool_take(&writer->pool, capacity, mms__patience_of(&writer->front.options), &writer->slot,
                          &writer->receipt);
    if (receipt && code == MMS_E_AGAIN)
        *receipt = writer->receipt;
    return code;
}

int mms__writer_take_newest(struct mms__native_writer *writer, size_t capacity, bool seek, struct mms__taken *taken,
                            mms_receipt *receipt)
{
    int code = start(writer);

    if (code != 0)
        return code;
    writer->has_receipt = true;
    if (seek)
        mms__pool_seek_newest(&writer->pool, &writer->receipt);
    code = mms__pool_take_newest(&writer->pool, capacity, mms__patience_of(&writer->front.options), &writer->slot,
                                 taken, &writer->receipt);
    if (receipt && code == 0)
        fill_receipt(writer, 0, receipt);
    if (receipt && code == MMS_E_AGAIN)
        *receipt = writer->receipt;
    return code;
}

/* What the descriptor says about a value, as far as the options decide it. */
MMS__INLINE struct mms__descriptor describe(struct mms__native_writer *writer, size_t size)
{
    const mms_writer_options *options = &writer->front.options;

    return (struct mms__descriptor){
        .type_id = {options->type_id[0], options->type_id[1]},
        .tag = options->tag,
        .checksum = options->checksum ? mms__checksum(mms__writer_slot(writer, writer->slot), size) : 0,
        .publish_ns = writer->time_ns, /* check_gone has read it */
        .flags = options->checksum ? MMS__HAS_CHECKSUM : 0,
    };
}

/* Inlined, so that what `describe` makes stays in registers. */
MMS__INLINE int publish_as(struct mms__native_writer *writer, unsigned slot, size_t size,
                           const struct mms__descriptor *as)
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
    mms__store_relaxed(&descriptor->changes_at, as->changes_at);
    if (!MMS__LIKELY(!writer->durable.each)) {
        int code = mms__durable_commit(writer, slot);

        if (code != 0)
            return code;
    }
    mms__publish(&writer->control->current, generation, slot);
    mms__pool_publish(&writer->pool, slot);
    MMS__PROBE4(publish, writer->pool.path, writer->pool.slots[slot].generation, size, slot);
    mms__wake_waiters(&writer->control->wake, readers);
    MMS__STEP(publish_done);
    mms__note_published(descriptor, generation); /* if the writer dies before this, the next one makes up for it */
    return 0;
}

int mms__writer_publish_as(struct mms__native_writer *writer, unsigned slot, size_t size,
                           const struct mms__descriptor *as)
{
    return publish_as(writer, slot, size, as);
}

static enum mms__pace pace_of(const struct mms__native_writer *writer)
{
    return writer->front.updating ? MMS__PACE_UPDATE : MMS__PACE_WHOLE;
}

/* Store the schema behind the value. A value without its schema is better than no value, so having
   no room for it is not an error. */
__attribute__((noinline)) static size_t store_schema(struct mms__native_writer *writer, size_t size)
{
    uint64_t at = mms__schema_at(size), end;

    if (writer->front.schema_size == 0 ||
        !mms__schema_fits(size, writer->front.schema_size, writer->pool.header.stride))
        return 0;
    end = at + writer->front.schema_size;
    if (end > writer->front.capacity && mms__room_grow(&writer->pool, writer->slot, end, pace_of(writer), true) != 0)
        return 0;
    memcpy(mms__writer_slot(writer, writer->slot) + at, writer->front.schema, writer->front.schema_size);
    MMS__STEP(publish_schema_copied);
    return writer->front.schema_size;
}

MMS__INLINE int finish(struct mms__native_writer *writer, size_t size, const struct mms__descriptor *as,
                       mms_receipt *receipt)
{
    int code = publish_as(writer, writer->slot, size, as);

    if (receipt && code == 0)
        fill_receipt(writer, size, receipt);
    return code;
}

int mms__native_write(struct mms_writer *front, const void *data, size_t size, mms_receipt *receipt)
{
    struct mms__native_writer *writer = mms__native_writer_of(front);
    struct mms__descriptor as;
    int code = take(writer, size, size <= PLAIN_MOST, receipt);

    if (code != 0)
        return code;
    mms__copy_in(mms__writer_slot(writer, writer->slot), data, size);
    MMS__STEP(write_copied);
    as = describe(writer, size);
    return finish(writer, size, &as, receipt);
}

int mms__native_begin(struct mms_writer *front, size_t capacity, void **buffer, mms_receipt *receipt)
{
    struct mms__native_writer *writer = mms__native_writer_of(front);
    int code = take(writer, capacity, false, receipt);

    if (code != 0)
        return code;
    *buffer = mms__writer_slot(writer, writer->slot);
    if (receipt)
        fill_receipt(writer, 0, receipt);
    return 0;
}

int mms__native_grow(struct mms_writer *front, size_t capacity, void **buffer)
{
    struct mms__native_writer *writer = mms__native_writer_of(front);
    int code = mms__writer_check_size(writer, capacity);

    if (code != 0)
        return code;
    *buffer = mms__writer_slot(writer, writer->slot);
    return mms__room_grow(&writer->pool, writer->slot, capacity, pace_of(writer), front->can_do_without);
}

/* Publish a value that was built, with what was said of it since its write began. */
static int finish_build(struct mms__native_writer *writer, size_t size, mms_receipt *receipt)
{
    struct mms__descriptor as = describe(writer, size);

    if (writer->front.typed) {
        as.type_id[0] = writer->front.type_id[0];
        as.type_id[1] = writer->front.type_id[1];
        as.schema_size = store_schema(writer, size);
    }
    if (writer->front.tagged)
        as.tag = writer->front.tag;
    if (writer->front.serialized)
        as.flags |= mms__vouching_flag(&writer->front);
    if (writer->front.updating)
        as.changes_at = mms__update_record(writer, size);
    return finish(writer, size, &as, receipt);
}

/* Before the schema is stored behind a value that may be shorter than what was begun: a commit that fails leaves the bytes
   as they are, and their touches complete. */
__attribute__((noinline, cold)) static int ensure_files(struct mms__native_writer *writer)
{
    MMS__HOLD_CANCEL(before);

    return mms__durable_ensure_files(writer);
}

int mms__native_commit(struct mms_writer *front, size_t size, mms_receipt *receipt)
{
    struct mms__native_writer *writer = mms__native_writer_of(front);
    int code = check_gone(writer);

    if (code != 0)
        return code;
    if (front->updating && (code = mms__update_check(writer, size)) != 0)
        return code;
    if (writer->durable.each && (code = ensure_files(writer)) != 0)
        return code;
    mms__fence_seq_cst(); /* the release in mms__publish does not order streaming stores */
    MMS__STEP(write_fenced);
    code = finish_build(writer, size, receipt);
    if (front->updating && code == 0)
        mms__update_done(writer);
    else if (front->updating)
        mms__update_failed(writer);
    return code;
}

void mms__native_abort(struct mms_writer *front)
{
    struct mms__native_writer *writer = mms__native_writer_of(front);

    mms__update_undo(writer);
    mms__pool_put(&writer->pool, writer->slot);
    mms__update_end(writer);
}
