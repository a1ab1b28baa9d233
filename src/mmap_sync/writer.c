/* SPDX-License-Identifier: Apache-2.0 */
/* Writing mmap-sync's files. A value is complete, in the caller's memory or in a buffer, before a
   data file is touched: the crate's readers may be counted too late, and then read whatever is
   being written there, so that time is kept as short as the crate keeps it. */
#include "mmap_sync/writer.h"
#include "base/error.h"
#include "base/probe.h"
#include "base/round.h"
#include "mmap_sync/backend.h"
#include "mmap_sync/wyhash.h"
#include "os/cancel.h"
#include "os/clock.h"
#include "os/futex.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* ---- Whose turn it is ---- */

enum { SHORTEST_NS = 20000, LONGEST_NS = 5000000 };

static int fail_held(const struct mms__mmap_sync_writer *writer, unsigned index, uint32_t count)
{
    if (count > MMS__MMAP_SYNC_COUNT_MAX)
        return mms__fail(MMS_E_AGAIN,
                         "writing %s: the count of readers of %s_data_%u is below 0 (a writer had reset it, and a "
                         "reader left after that); `mmsync repair` sets it right",
                         writer->front.place.path, writer->front.place.path, index);
    return mms__fail(
        MMS_E_AGAIN,
        "writing %s: %u readers are counted on %s_data_%u; they hold views for longer than options.grace_ms, or "
        "died in one: then `mmsync repair` takes the count back",
        writer->front.place.path, count, writer->front.place.path, index);
}

/* After the version was stored, in the order of all seq_cst accesses (pair: mms__mmap_sync_pin); and an acquire: the reads of
   those who are counted out are over (pair: mms__mmap_sync_count_out). */
static uint32_t readers_of(const struct mms__mmap_sync_writer *writer, unsigned index)
{
    return mms__load_seq_cst(&writer->state->readers[index]);
}

static int wait_for_readers(struct mms__mmap_sync_writer *writer, unsigned index, mms_receipt *receipt)
{
    uint64_t start = mms__now_ns(), pause = SHORTEST_NS, deadline;
    uint32_t count;

    deadline = writer->front.options.grace_ms == MMS_NO_WAIT ? 0 : mms__deadline(writer->front.options.grace_ms);
    while ((count = readers_of(writer, index)) > 0) {
        if (mms__now_ns() >= deadline) {
            if (!writer->options.reset) {
                receipt->blockers = count > MMS__MMAP_SYNC_COUNT_MAX ? 0 : count;
                receipt->waited_ns = mms__now_ns() - start;
                MMS__PROBE3(refuse, writer->front.place.path, receipt->blockers, receipt->waited_ns);
                return fail_held(writer, index, count);
            }
            mms__store_seq_cst(&writer->state->readers[index], 0); /* before the data: the fence in `store` */
            MMS__STEP(mmap_sync_count_reset);
            writer->was_reset = true;
            break;
        }
        mms__sleep_cancellable(pause, writer->front.cancel_state); /* nothing is held */
        pause = pause * 2 < LONGEST_NS ? pause * 2 : LONGEST_NS;
        receipt->waited_ns = mms__now_ns() - start;
    }
    return 0;
}

/* The file to write next, once no reader is counted on it. */
static int take_turn(struct mms__mmap_sync_writer *writer, unsigned *index, mms_receipt *receipt)
{
    writer->was_reset = false;
    *index = mms__mmap_sync_next(writer->state);
    return readers_of(writer, *index) == 0 ? 0 : wait_for_readers(writer, *index, receipt);
}

/* ---- Writing ---- */

static int check_size(const struct mms__mmap_sync_writer *writer, uint64_t size)
{
    if (size <= writer->front.options.max_size)
        return 0;
    return mms__fail(MMS_E_TOO_BIG, "writing %s: %llu bytes, and %s is %llu", writer->front.place.path,
                     (unsigned long long)size,
                     writer->front.options.max_size == MMS__MMAP_SYNC_SIZE_MAX ? "the largest value of mmap-sync"
                                                                               : "options.max_size",
                     (unsigned long long)writer->front.options.max_size);
}

static int check_lock(const struct mms__mmap_sync_writer *writer)
{
    return writer->options.unlocked ? 0 : mms__writer_check_lock(&writer->front, &writer->lock_file);
}

/* Writes of a tight loop between two looks: few enough to notice soon. */
enum { WRITES_UNLOOKED = 256 };

__attribute__((noinline, cold)) static int look(struct mms__mmap_sync_writer *writer, uint64_t now)
{
    struct mms_writer *front = &writer->front;

    front->gone = front->gone || mms__place_leads_elsewhere(&front->place, "_state", &writer->state_file);
    writer->looked_ns = now;
    writer->unlooked = 0;
    writer->targets[0].looked = writer->targets[1].looked = false;
    return front->gone ? mms__writer_fail_gone(front) : 0;
}

/* Notice files that were deleted by hand. A look at each costs as much as many writes, so there is one per tick of the
   kernel's clock. */
static int check_gone(struct mms__mmap_sync_writer *writer)
{
    uint64_t now = mms__now_coarse_ns();

    if (now == writer->looked_ns && !writer->front.gone && ++writer->unlooked < WRITES_UNLOOKED)
        return 0;
    return look(writer, now);
}

/* On a disk, the value arrives before the version that names it. */
static int write_out(const struct mms__mmap_sync_writer *writer, unsigned index, size_t size)
{
    const struct mms__target *target = &writer->targets[index];

    if (writer->front.place.volatile_memory && target->file.device == writer->directory)
        return 0;
    while (msync(target->map.base, size, MS_SYNC) != 0)
        if (errno != EINTR)
            return mms__fail_errno("writing %s_data_%u out; the last value stays", writer->front.place.path, index);
    return 0;
}

static int store(const struct mms__mmap_sync_writer *writer, unsigned index, const void *data, size_t size)
{
    if (size == 0)
        return 0;
    /* A reader that meets a byte of the new value finds that the version has moved on from the old
       one in this file (pairs: the fences in try_uncounted and check_current), or its count gone
       (pair: mms__mmap_sync_unpin). A release would do. */
    mms__fence_seq_cst();
    memcpy(writer->targets[index].map.base, data, size);
    MMS__STEP(mmap_sync_value_copied);
    return write_out(writer, index, size);
}

static void wake(struct mms__mmap_sync_writer *writer)
{
    mms__store_seq_cst(writer->waiting, 0); /* first: whoever falls asleep from here on says so again */
    mms__futex_wake_all((uint32_t *)(void *)&writer->state->version + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__));
}

static void publish(struct mms__mmap_sync_writer *writer, uint64_t word)
{
    /* In the order of all seq_cst accesses with the counts (pair: mms__mmap_sync_pin), and with `waiting` (pair:
       mms__mmap_sync_wait_begin). */
    mms__store_seq_cst(&writer->state->version, word);
    MMS__STEP(mmap_sync_version_stored);
    if (mms__load_seq_cst(writer->waiting) != 0)
        wake(writer);
    MMS__STEP(mmap_sync_published);
}

static uint64_t hash_of(const struct mms__mmap_sync_writer *writer, const void *data, size_t size)
{
    return writer->options.hash ? writer->options.hash(writer->options.hash_context, data, size)
                                : mms__wyhash(data, size);
}

static int write_value(struct mms__mmap_sync_writer *writer, const void *data, size_t size, mms_receipt *receipt)
{
    mms_receipt filled = {.size = size};
    unsigned index = 0;
    uint64_t hash;
    int code = check_gone(writer);

    if (code == 0)
        code = check_size(writer, size);
    if (code == 0)
        code = check_lock(writer);
    if (code != 0)
        return code;
    hash = hash_of(writer, data, size);
    code = take_turn(writer, &index, &filled);
    MMS__STEP(mmap_sync_turn_taken);
    if (code == MMS_E_AGAIN && receipt)
        *receipt = filled;
    if (code == 0)
        code = mms__target_prepare(writer, index, size);
    if (code == 0)
        code = store(writer, index, data, size);
    if (code != 0)
        return code;
    MMS__STEP(mmap_sync_value_written);
    filled.slot = index;
    filled.generation = mms__mmap_sync_word(index, size, hash);
    publish(writer, filled.generation);
    MMS__PROBE4(publish, writer->front.place.path, filled.generation, size, index);
    if (receipt)
        *receipt = filled;
    return 0;
}

int mms__mmap_sync_write(struct mms_writer *front, const void *data, size_t size, mms_receipt *receipt)
{
    MMS__HOLD_CANCEL(before);

    front->cancel_state = before;
    return write_value(mms__mmap_sync_writer_of(front), data, size, receipt);
}

/* ---- Building ---- */

static int make_room(struct mms__mmap_sync_writer *writer, size_t capacity)
{
    struct mms__mapping *buffer = &writer->buffer;
    size_t size = (size_t)mms__round_up(capacity > 0 ? capacity : 1, mms__page_size());
    void *base;

    if (buffer->base && buffer->size >= size)
        return 0;
    base = buffer->base ? mremap(buffer->base, buffer->size, size, MREMAP_MAYMOVE)
                        : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return mms__fail_errno("writing %s: no memory to build %zu bytes in", writer->front.place.path, capacity);
    (void)madvise(base, size, MADV_DONTDUMP);
    *buffer = (struct mms__mapping){.base = base, .size = size};
    return 0;
}

int mms__mmap_sync_grow(struct mms_writer *front, size_t capacity, void **buffer)
{
    struct mms__mmap_sync_writer *writer = mms__mmap_sync_writer_of(front);
    int code = check_size(writer, capacity);

    if (code == 0)
        code = make_room(writer, capacity);
    if (code == 0)
        *buffer = writer->buffer.base;
    return code;
}

/* Which file it will be is only known at the commit. */
int mms__mmap_sync_begin(struct mms_writer *front, size_t capacity, void **buffer, mms_receipt *receipt)
{
    int code = mms__mmap_sync_grow(front, capacity, buffer);

    if (code == 0 && receipt)
        *receipt = (mms_receipt){0};
    return code;
}

static void cancelled(void *handle)
{
    struct mms_writer *front = handle;

    front->building = front->updating = front->typed = front->tagged = false;
}

/* A commit that is cancelled aborts the write: its caller no longer can. */
int mms__mmap_sync_commit(struct mms_writer *front, size_t size, mms_receipt *receipt)
{
    MMS__HOLD_CANCEL(before);
    struct mms__mmap_sync_writer *writer = mms__mmap_sync_writer_of(front);
    int code;

    front->cancel_state = before;
    pthread_cleanup_push(cancelled, front);
    code = write_value(writer, writer->buffer.base, size, receipt);
    pthread_cleanup_pop(0);
    return code;
}

bool mms__mmap_sync_was_reset(const struct mms_writer *front)
{
    return ((const struct mms__mmap_sync_writer *)front)->was_reset;
}
