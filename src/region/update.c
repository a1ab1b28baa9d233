/* SPDX-License-Identifier: Apache-2.0 */
/* mms_write_update: a write that starts from the current value and says what it changes. */
#include "region/update.h"
#include "base/error.h"
#include "base/minmax.h"
#include "os/cancel.h"
#include "region/backend.h"
#include "region/catch_up.h"
#include "region/pool_take.h"
#include "region/prepare.h"
#include "region/protocol.h"
#include "region/recording.h"
#include "region/room.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct mms__update {
    struct mms__recording recording;
    struct mms__prepare prepare;
    struct mms__range_set touches;
    struct mms__range_set missed; /* scratch */
    bool was_large;               /* the last update that was published */
    bool tracked;                 /* it need not touch what it changes */
    bool undoable;                /* whatever it has changed is touched at any time, not only at the commit */
    uint64_t base;                /* `current` when the update began; stays so until the commit */
    uint32_t next; /* slot + 1, taken for the update after this one; 0: none, or the slot of the base will do */
};

/* However short the ring, a set holds this many touches before it merges any. */
#define FEWEST_TOUCHES ((size_t)8192)

/* If the last update changed more than one of these, a slot is looked for that has missed less. */
#define MANY_TOUCHES ((size_t)256)
#define MANY_BYTES (UINT64_C(256) << 10)

/* ---- The value being updated ---- */

static const struct mms__descriptor no_value;

static const struct mms__descriptor *base_of(const struct mms__native_writer *writer)
{
    uint64_t base = writer->update->base;

    return mms__word_pinnable(base) ? &writer->control->slots[mms__word_slot(base)] : &no_value;
}

static uint64_t base_size(const struct mms__native_writer *writer)
{
    return mms__load_relaxed(&base_of(writer)->size);
}

static const unsigned char *base_data(const struct mms__native_writer *writer)
{
    return mms__writer_slot(writer, mms__word_slot(writer->update->base));
}

static uint64_t base_generation(const struct mms__native_writer *writer)
{
    return mms__current_generation(writer->update->base);
}

/* Where its record is; 0: it has none. */
static uint64_t base_position(const struct mms__native_writer *writer)
{
    return mms__load_relaxed(&base_of(writer)->changes_at);
}

static int find_base(struct mms__native_writer *writer)
{
    uint64_t base = mms__load_relaxed(&writer->control->current);

    writer->update->base = mms__pool_current(&writer->pool);
    if (writer->update->base == base && base_size(writer) <= writer->pool.header.max_size &&
        mms__load_relaxed(&base_of(writer)->generation) == base_generation(writer))
        return 0;
    return mms__fail(MMS_E_CORRUPT,
                     "updating %s: its control file does not fit its value; run mmsync verify, or publish a "
                     "whole value",
                     writer->front.place.path);
}

/* ---- Beginning ---- */

static int allocate(struct mms__native_writer *writer)
{
    if (!writer->update)
        writer->update = calloc(1, sizeof *writer->update);
    return writer->update ? 0 : mms__fail(-ENOMEM, "updating %s: no memory", writer->front.place.path);
}

/* At the first update. */
static int provide_ring(struct mms__native_writer *writer, uint64_t value)
{
    struct mms__update *update = writer->update;
    int code;

    if (mms__recording_is_open(&update->recording))
        return 0;
    code = mms__recording_open(&update->recording, writer, value);
    if (code == 0)
        mms__prepare_inherit(&update->prepare, &writer->pool);
    return code;
}

/* What the slot that was taken lacks. */
static struct mms__lack lack_of(const struct mms__native_writer *writer, const struct mms__taken *taken)
{
    uint64_t generation = base_generation(writer);
    struct mms__lack lack = {.rest = 0};

    if (mms__prepare_lack(&writer->update->prepare, taken->generation, generation, &lack) || taken->content == 0)
        return lack;
    lack.walk = (struct mms__walk){.at = base_position(writer), .generation = generation, .since = taken->content};
    lack.rest = UINT64_MAX;
    return lack;
}

static void catch_up(struct mms__native_writer *writer, const struct mms__taken *taken)
{
    struct mms__catch_up catch_up = {
        .from = base_data(writer),
        .to = mms__writer_slot(writer, writer->slot),
        .size = base_size(writer),
        .lack = lack_of(writer, taken),
    };

    if (catch_up.size > 0)
        mms__catch_up(&catch_up, &writer->update->recording.ring, &writer->update->missed);
}

/* After such an update the next one is worth a scan, which takes some microseconds. Without one every slot takes its turn,
   and misses as many publishes as there are slots. */
static bool is_large(const struct mms__range_set *changed)
{
    return !changed->everything && (changed->count > MANY_TOUCHES || mms__range_set_bytes(changed) > MANY_BYTES);
}

/* Bytes past the value need no tracking: they are known to be new. */
static int track_from_here(struct mms__native_writer *writer, bool touches)
{
    struct mms__tracked tracked = mms__writer_tracked(writer);
    int code;

    writer->update->tracked = tracked.how != MMS_TRACK_TOUCHES && !touches;
    if (!writer->update->tracked)
        return 0;
    code = mms__tracking_begin(&writer->tracking, &tracked, mms__writer_slot(writer, writer->slot), base_size(writer));

    if (code != 0)
        mms__pool_put(&writer->pool, writer->slot);
    return code;
}

/* A size that is too large is refused before a file is made for it. */
static int get_ready(struct mms__native_writer *writer, size_t *capacity)
{
    int code = allocate(writer);

    if (code == 0)
        code = find_base(writer);
    if (code != 0)
        return code;
    if (*capacity < base_size(writer))
        *capacity = (size_t)base_size(writer);
    code = mms__writer_check_size(writer, *capacity);
    return code == 0 ? provide_ring(writer, *capacity) : code;
}

static void clear_touches(struct mms__update *update)
{
    size_t most = 2 * mms__ring_most_ranges(&update->recording.ring);

    mms__range_set_clear(&update->touches);
    update->touches.limit = most > FEWEST_TOUCHES ? most : FEWEST_TOUCHES;
}

static int begin(struct mms__native_writer *writer, size_t *capacity, bool touches, mms_receipt *receipt)
{
    struct mms__taken taken;
    bool seek;
    int code = get_ready(writer, capacity);

    if (code != 0)
        return code;
    seek = writer->update->was_large ||
           mms__prepare_is_due(&writer->update->prepare, &writer->pool, &writer->update->recording.ring);
    code = mms__writer_take_newest(writer, *capacity, seek, &taken, receipt);
    if (code != 0)
        return code;
    MMS__STEP(update_taken);
    catch_up(writer, &taken);
    clear_touches(writer->update);
    writer->update->undoable = touches;
    return track_from_here(writer, touches);
}

const void *mms__native_newest(const struct mms_writer *front, size_t *size)
{
    const struct mms__native_writer *writer = (const struct mms__native_writer *)front;
    uint64_t found = mms__pool_current_size(&writer->pool);

    if (found == 0 || found > writer->pool.header.max_size)
        return NULL;
    *size = (size_t)found;
    return mms__writer_slot(writer, mms__word_slot(mms__pool_current(&writer->pool)));
}

int mms__native_update(struct mms_writer *front, size_t *capacity, bool touches, void **buffer, size_t *size,
                       mms_receipt *receipt)
{
    struct mms__native_writer *writer = mms__native_writer_of(front);
    int code = begin(writer, capacity, touches, receipt);

    if (code != 0)
        return code;
    *buffer = mms__writer_slot(writer, writer->slot);
    *size = (size_t)base_size(writer);
    return 0;
}

/* Take one more slot. The update's own is neither current nor held by a reader, so a scan would free it unless it is
   spared. */
static int take_next(struct mms__native_writer *writer, uint64_t size)
{
    const struct mms__patience none = {MMS_NO_WAIT, MMS_REFUSE};
    mms_receipt receipt;
    unsigned slot;
    int code;

    writer->pool.keep.spared = writer->slot + 1;
    code = mms__pool_take(&writer->pool, size, none, &slot, &receipt);
    writer->pool.keep.spared = 0;
    if (code == 0)
        writer->update->next = slot + 1;
    return code;
}

/* For the next update: the slot of the base, which will be free by then, and whose memory nobody takes before. If there is
   no base, another slot, which stays taken until the end. */
static int find_next(struct mms__native_writer *writer, uint64_t size, unsigned *slot)
{
    struct mms__update *update = writer->update;
    int code = 0;

    if (mms__word_pinnable(update->base)) {
        *slot = mms__word_slot(update->base);
        return 0;
    }
    if (update->next == 0)
        code = take_next(writer, size);
    *slot = update->next - 1;
    return code;
}

int mms__native_grow_next(struct mms_writer *front, size_t capacity)
{
    struct mms__native_writer *writer = mms__native_writer_of(front);
    unsigned slot;
    int code = mms__writer_check_size(writer, capacity);

    if (code == 0)
        code = find_next(writer, capacity, &slot);
    return code == 0 ? mms__room_grow(&writer->pool, slot, capacity, MMS__PACE_UPDATE, front->can_do_without) : code;
}

void mms__update_end(struct mms__native_writer *writer)
{
    struct mms__update *update = writer->update;

    if (!update)
        return;
    update->undoable = false;
    if (update->next == 0)
        return;
    mms__pool_put(&writer->pool, update->next - 1);
    update->next = 0;
}

void mms__native_touch(struct mms_writer *front, size_t offset, size_t length)
{
    mms__range_set_add(&mms__native_writer_of(front)->update->touches, offset, length);
}

uint64_t mms__native_updated(const struct mms_writer *front, uint64_t type_id[2], bool *serialized)
{
    const struct mms__native_writer *writer = (const struct mms__native_writer *)front;
    const struct mms__descriptor *base = base_of(writer);

    type_id[0] = mms__load_relaxed(&base->type_id[0]);
    type_id[1] = mms__load_relaxed(&base->type_id[1]);
    *serialized = (mms__load_relaxed(&base->flags) & mms__vouching_flag(front)) != 0;
    return base_generation(writer);
}

/* ---- An abort ---- */

/* Bytes past the value that it began with may stay as they are. If more than half counts as touched, the next update may as
   well copy all of it; and so it stays after a commit that failed, when an anchor on the disk may name the slot (D3). */
void mms__update_undo(struct mms__native_writer *writer)
{
    struct mms__update *update = writer->update;
    uint64_t size;

    if (!update || !update->undoable || !mms__word_pinnable(update->base))
        return;
    size = base_size(writer);
    mms__range_set_merge(&update->touches);
    mms__range_set_clip(&update->touches, size);
    if (mms__range_set_bytes(&update->touches) > size / 2)
        return;
    mms__copy_ranges(mms__writer_slot(writer, writer->slot), base_data(writer), size, update->touches.ranges,
                     update->touches.count);
    mms__slot_hold(&writer->pool, writer->slot, base_generation(writer), base_position(writer));
    MMS__STEP(update_undone);
}

/* ---- The commit ---- */

/* The first byte in [start, end) that differs; `end` if none does. */
static uint64_t find_difference(const unsigned char *a, const unsigned char *b, uint64_t start, uint64_t end)
{
    if (start >= end || memcmp(a + start, b + start, (size_t)(end - start)) == 0)
        return end;
    while (a[start] == b[start])
        start++;
    return start;
}

static int check_untouched(const struct mms__native_writer *writer, uint64_t from, uint64_t to)
{
    uint64_t found = find_difference(base_data(writer), mms__writer_slot(writer, writer->slot), from, to);

    if (found >= to)
        return 0;
    return mms__fail(MMS_E_INVALID,
                     "updating %s: byte %llu was changed and not touched, so it could have its old value again later; "
                     "call mms_write_touch for it and commit again, or abort (options.check_touch)",
                     writer->front.place.path, (unsigned long long)found);
}

/* Check every untouched byte up to the smaller size; the bytes past it count as changed anyway. */
static int check_touches(const struct mms__native_writer *writer, uint64_t size)
{
    const struct mms__range_set *set = &writer->update->touches;
    uint64_t start = 0, end = mms__min(size, base_size(writer));
    int code = 0;

    for (size_t i = 0; code == 0 && i < set->count && start < end; i++) {
        code = check_untouched(writer, start, mms__min(set->ranges[i].offset, end));
        start = set->ranges[i].offset + set->ranges[i].length;
    }
    return code == 0 && start < end ? check_untouched(writer, start, end) : code;
}

/* Unless the caller has set a type, the new value has the type and schema of the old one. */
static void keep_type(struct mms__native_writer *writer)
{
    const struct mms__descriptor *base = base_of(writer);
    uint64_t size = base_size(writer), schema = mms__load_relaxed(&base->schema_size);

    if (writer->front.typed || base_generation(writer) == 0)
        return;
    writer->front.typed = true;
    writer->front.type_id[0] = mms__load_relaxed(&base->type_id[0]);
    writer->front.type_id[1] = mms__load_relaxed(&base->type_id[1]);
    writer->front.schema = (const char *)base_data(writer) + mms__schema_at(size);
    writer->front.schema_size = mms__schema_fits(size, schema, writer->pool.header.stride) ? (size_t)schema : 0;
}

/* After this all that was changed is touched. */
static void collect_changes(struct mms__native_writer *writer, uint64_t size)
{
    uint64_t end;

    if (!writer->update->tracked)
        return;
    end = mms__min(size, base_size(writer));
    if (end > 0)
        mms__tracking_collect(&writer->tracking, base_data(writer), mms__writer_slot(writer, writer->slot), end,
                              &writer->update->touches);
}

int mms__update_check(struct mms__native_writer *writer, size_t size)
{
    struct mms__update *update = writer->update;
    int code = 0;

    collect_changes(writer, size);
    mms__range_set_merge(&update->touches);
    if (writer->front.options.check_touch && !update->touches.everything)
        code = check_touches(writer, size);
    if (code == 0)
        code = mms__recording_get_ready(&update->recording, writer, size);
    if (code == 0)
        keep_type(writer);
    return code;
}

/* Bytes past the smaller of the two sizes need no range. */
uint64_t mms__update_record(struct mms__native_writer *writer, size_t size)
{
    struct mms__update *update = writer->update;
    const struct mms__descriptor *base = base_of(writer);
    const struct mms__record record = {
        .generation = writer->pool.slots[writer->slot].generation,
        .size = size,
        .previous = base_generation(writer),
        .previous_size = mms__load_relaxed(&base->size),
        .previous_at = mms__load_relaxed(&base->changes_at),
    };

    mms__range_set_clip(&update->touches, mms__min(size, record.previous_size));
    return mms__recording_append(&update->recording, writer, &record, &update->touches);
}

void mms__update_failed(struct mms__native_writer *writer)
{
    writer->update->touches.everything = true;
}

/* Nobody takes the slot of the value before it until the next write. */
void mms__update_done(struct mms__native_writer *writer)
{
    struct mms__update *update = writer->update;
    const struct mms__descriptor *base = base_of(writer);
    const struct mms__last_update updated = {
        .changed = &update->touches,
        .previous = base_generation(writer),
        .previous_size = mms__load_relaxed(&base->size),
        .previous_at = mms__load_relaxed(&base->changes_at),
    };

    mms__update_end(writer);
    update->was_large = is_large(&update->touches);
    mms__prepare_some(&update->prepare, &writer->pool, &update->recording.ring, &updated);
}

void mms__update_look(struct mms__native_writer *writer)
{
    if (writer->update)
        mms__recording_look(&writer->update->recording, writer);
}

void mms__update_free(struct mms__native_writer *writer, bool inherited)
{
    struct mms__update *update = writer->update;

    if (!update)
        return;
    if (!inherited) /* a forked child does not have this mapping */
        mms__ring_close(&update->recording.ring);
    mms__range_set_free(&update->touches);
    mms__range_set_free(&update->missed);
    mms__prepare_free(&update->prepare);
    free(update);
    writer->update = NULL;
}
