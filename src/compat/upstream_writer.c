/* SPDX-License-Identifier: Apache-2.0 */
/* Writing mmap-sync's files. A value is complete, in the caller's memory or in a buffer, before a data file is touched:
   the crate's readers may be counted too late, and then meet whatever is being written there, so that time is kept as
   short as the crate itself keeps it. */
#include "compat/upstream_writer.h"
#include "compat/compat.h"
#include "compat/wyhash.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/futex.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Opening ---- */

static int check_options(const struct mms_writer *writer)
{
    const mms_writer_options *options = &writer->options;
    const char *name = NULL;

    if (options->max_slots != 0 && options->max_slots != 2)
        name = "max_slots";
    else if (options->max_readers != 0)
        name = "max_readers";
    else if ((options->type_id[0] | options->type_id[1]) != 0)
        name = "type_id";
    else if (options->tag != 0)
        name = "tag";
    else if (options->replace)
        name = "replace";
    else if (options->on_grace == MMS_EVICT)
        name = "on_grace = MMS_EVICT (MMS_RESET is the way of mmap-sync)";
    if (!name)
        return 0;
    return mms__fail(MMS_E_INVALID, "opening %s: the files of mmap-sync have no room for what option %s asks for",
                     writer->place.path, name);
}

/* A file of no bytes is one that was just made, by us or by another, or whose maker died then. */
static int initialise(const struct mms_writer *writer, const struct mms__file *file)
{
    struct stat status;
    int code;

    if (fstat(file->fd, &status) != 0)
        return mms__fail_errno("looking at the size of %s_state", writer->place.path);
    if (status.st_size != 0)
        return mms__state_check(&writer->place, file);
    code = mms__allocate(file->fd, 0, MMS__STATE_SIZE);
    if (code == 0 && (fstat(file->fd, &status) != 0 || status.st_size < (off_t)MMS__STATE_SIZE))
        code = mms__set_length(file->fd, MMS__STATE_SIZE);
    if (code == 0)
        return 0;
    (void)mms__set_length(file->fd, 0);
    return mms__fail(code, "making %s_state: no room for its 16 bytes", writer->place.path);
}

static int open_state(const struct mms_writer *writer, struct mms__file *file)
{
    const struct mms__trust trust = {.trust_owner = writer->options.trust_owner,
                                     .trusted_uid = writer->options.trusted_uid};
    char name[MMS__FILE_NAME_SIZE];
    int code;

    mms__state_name(&writer->place, name);
    code = mms__target_open(writer, name, 0660, writer->options.readers_mode, file);
    if (code != 0)
        return mms__fail(code, "opening %s to write it", name);
    code = mms__owner_check(&writer->place, &trust, file, name);
    if (code != 0)
        mms__file_close(file);
    return code;
}

/* With forks held off. -EWOULDBLOCK: another writer has the lock; -ESTALE: the file was removed before we had it. Like the
   lock of a region of our own it lives as long as the map, so that a host that closes descriptors keeps it and a forked
   child does not get it. */
static int lock_and_map(struct mms_writer *writer)
{
    struct mms__file file;
    int code = open_state(writer, &file);

    if (code != 0)
        return code;
    MMS__STEP(upstream_state_opened);
    if (!writer->options.unlocked)
        code = mms__state_lock(&writer->place, &file);
    MMS__STEP(upstream_state_locked);
    if (code == 0) {
        int named = mms__state_named(&writer->place, &file);

        code = named > 0 ? 0 : named < 0 ? named : -ESTALE;
    }
    if (code == 0)
        code = initialise(writer, &file);
    MMS__STEP(upstream_state_sized);
    if (code == 0) {
        code = mms__map_file(file.fd, MMS__STATE_SIZE, PROT_READ | PROT_WRITE, true, &writer->control_map);
        if (code != 0)
            mms__fail(code, "mapping %s_state", writer->place.path);
    }
    MMS__STEP(upstream_state_mapped);
    if (code == 0 && writer->place.loses_locks && !writer->options.unlocked)
        writer->lock.file = file;
    else
        mms__file_close(&file);
    return code;
}

/* LOST_TRIES: how often the file may be removed under us, however short the time. */
enum { LOCK_RETRY_NS = 2000000, LOST_TRIES = 16 };

static int enter(struct mms_writer *writer)
{
    int wait_ms = writer->options.lock_wait_ms, lost = 0;
    uint64_t deadline = wait_ms == MMS_NO_WAIT ? 0 : mms__deadline(wait_ms);

    for (;;) {
        int code;

        mms__fork_hold();
        code = lock_and_map(writer);
        mms__fork_release();
        if (code == -ESTALE && ++lost < LOST_TRIES)
            continue;
        if (code == -ESTALE)
            return mms__fail(MMS_E_BUSY, "opening %s: other processes create and remove it all the time",
                             writer->place.path);
        if (code != -EWOULDBLOCK)
            return code;
        if (mms__now_ns() >= deadline)
            return mms__fail(MMS_E_BUSY,
                             "another process has the write lock of %s_state; end it, or wait longer (lock_wait_ms)",
                             writer->place.path);
        mms__sleep_ns(LOCK_RETRY_NS);
    }
}

int mms__compat_writer_open(struct mms_writer *writer)
{
    struct mms__trust trust = {.force_filesystem = writer->options.force_filesystem};
    struct mms__upstream_writer *upstream = calloc(1, sizeof *upstream);
    struct mms__file parent;
    int code;

    if (!upstream)
        return mms__fail(-ENOMEM, "opening %s: no memory", writer->place.path);
    upstream->targets[0].file = upstream->targets[1].file = MMS__NO_FILE;
    writer->foreign_data = upstream;
    if (writer->options.max_size == 0 || writer->options.max_size > MMS__UPSTREAM_SIZE_MAX)
        writer->options.max_size = MMS__UPSTREAM_SIZE_MAX;
    code = check_options(writer);
    if (code == 0)
        code = mms__place_open_parent(&writer->place, &trust, &parent);
    if (code != 0)
        return code;
    mms__file_close(&parent);
    code = enter(writer);
    upstream->state = writer->control_map.base;
    return code;
}

void mms__compat_writer_free(struct mms_writer *writer, bool inherited)
{
    struct mms__upstream_writer *upstream = mms__upstream_writer_of(writer);

    for (int i = 0; upstream && i < 2; i++) {
        if (!inherited) /* a child has none of these maps */
            mms__unmap(&upstream->targets[i].map);
        mms__file_close(&upstream->targets[i].file);
    }
    MMS__STEP(upstream_targets_closed);
    if (upstream)
        mms__unmap(&upstream->buffer);
    free(upstream);
    writer->foreign_data = NULL;
}

/* ---- Whose turn it is ---- */

enum { SHORTEST_NS = 20000, LONGEST_NS = 5000000 };

static int fail_held(const struct mms_writer *writer, unsigned index, uint32_t count)
{
    if (count > MMS__UPSTREAM_COUNT_MAX)
        return mms__fail(MMS_E_AGAIN,
                         "writing %s: the count of readers of %s_data_%u is below 0 (a writer had reset it, and a "
                         "reader left after that); `mmsync repair` sets it right",
                         writer->place.path, writer->place.path, index);
    return mms__fail(MMS_E_AGAIN,
                     "writing %s: %u readers are counted on %s_data_%u; they hold views for longer than grace_ms, or "
                     "died in one: then `mmsync repair` takes the count back",
                     writer->place.path, count, writer->place.path, index);
}

/* The file to write next, once nobody is counted on it. */
static int take_turn(struct mms_writer *writer, unsigned *index, mms_receipt *receipt)
{
    struct mms__upstream *state = mms__upstream_writer_of(writer)->state;
    uint64_t start = mms__now_ns(), pause = SHORTEST_NS, deadline;
    uint32_t count;

    *index = mms__upstream_next(state);
    deadline = writer->options.grace_ms == MMS_NO_WAIT ? 0 : mms__deadline(writer->options.grace_ms);
    /* After the version was stored, in the order of all seq_cst accesses (pair: mms__upstream_pin); and an acquire: the reads of
       those who are counted out are over (pair: mms__upstream_count_out). */
    while ((count = mms__load_seq_cst(&state->readers[*index])) > 0) {
        if (mms__now_ns() >= deadline) {
            if (writer->options.on_grace != MMS_RESET) {
                receipt->blockers = count > MMS__UPSTREAM_COUNT_MAX ? 0 : count;
                receipt->waited_ns = mms__now_ns() - start;
                return fail_held(writer, *index, count);
            }
            mms__store_seq_cst(&state->readers[*index], 0); /* before the data: the fence in `store` */
            MMS__STEP(upstream_count_reset);
            receipt->reset = true;
            break;
        }
        mms__sleep_ns(pause);
        pause = pause * 2 < LONGEST_NS ? pause * 2 : LONGEST_NS;
        receipt->waited_ns = mms__now_ns() - start;
    }
    return 0;
}

/* ---- Writing ---- */

static int check_size(const struct mms_writer *writer, uint64_t size)
{
    if (size <= writer->options.max_size)
        return 0;
    return mms__fail(MMS_E_TOO_BIG, "writing %s: %llu bytes, and %s is %llu", writer->place.path,
                     (unsigned long long)size,
                     writer->options.max_size == MMS__UPSTREAM_SIZE_MAX ? "the largest value of mmap-sync" : "max_size",
                     (unsigned long long)writer->options.max_size);
}

/* Where a map does not keep the lock, a host that closes descriptors has dropped it. */
static int check_lock(const struct mms_writer *writer)
{
    if (!writer->place.loses_locks || writer->options.unlocked || mms__file_is_ours(&writer->lock.file))
        return 0;
    return mms__fail(MMS_E_GONE,
                     "writing %s: this program has closed the descriptor that held the write lock, and another may "
                     "have it; open the writer again",
                     writer->place.path);
}

/* msync as the crate does: on a disk the value is there before the version that names it. */
static int store(const struct mms_writer *writer, unsigned index, const void *data, size_t size)
{
    const struct mms__map *map = &mms__upstream_writer_of(writer)->targets[index].map;

    if (size == 0)
        return 0;
    /* Who meets a byte of the new value finds that the version has moved on from the old one in this file (pairs: the
       fences in try_uncounted and check_current), or its count gone (pair: mms__upstream_unpin). A release would do. */
    mms__fence_seq_cst();
    memcpy(map->base, data, size);
    MMS__STEP(upstream_value_copied);
    while (msync(map->base, size, MS_SYNC) != 0)
        if (errno != EINTR)
            return mms__fail_errno("writing %s_data_%u out; the last value stays", writer->place.path, index);
    return 0;
}

/* No system call tells whether somebody waits, so each publish wakes. */
static void publish(struct mms__upstream *state, uint64_t word)
{
    /* In the order of all seq_cst accesses with the counts (pair: mms__upstream_pin). */
    mms__store_seq_cst(&state->version, word);
    MMS__STEP(upstream_version_stored);
    mms__futex_wake_all((uint32_t *)(void *)&state->version + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__));
    MMS__STEP(upstream_published);
}

int mms__compat_write(struct mms_writer *writer, const void *data, size_t size, mms_receipt *receipt)
{
    struct mms__upstream *state = mms__upstream_writer_of(writer)->state;
    mms_receipt filled = {.size = size};
    unsigned index = 0;
    uint64_t hash;
    int code = check_size(writer, size);

    if (code == 0)
        code = check_lock(writer);
    if (code != 0)
        return code;
    hash = mms__wyhash(data, size);
    code = take_turn(writer, &index, &filled);
    MMS__STEP(upstream_turn_taken);
    if (code == MMS_E_AGAIN && receipt)
        *receipt = filled;
    if (code == 0)
        code = mms__target_prepare(writer, index, size);
    if (code == 0)
        code = store(writer, index, data, size);
    if (code != 0)
        return code;
    MMS__STEP(upstream_value_written);
    filled.slot = index;
    filled.generation = mms__upstream_word(index, size, hash);
    publish(state, filled.generation);
    if (receipt)
        *receipt = filled;
    return 0;
}

/* ---- Building ---- */

static int make_room(struct mms_writer *writer, size_t capacity)
{
    struct mms__map *buffer = &mms__upstream_writer_of(writer)->buffer;
    size_t size = (size_t)mms__round_up(capacity > 0 ? capacity : 1, mms__page_size());
    void *base;

    if (buffer->base && buffer->size >= size)
        return 0;
    base = buffer->base ? mremap(buffer->base, buffer->size, size, MREMAP_MAYMOVE)
                        : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return mms__fail_errno("writing %s: no memory to build %zu bytes in", writer->place.path, capacity);
    (void)madvise(base, size, MADV_DONTDUMP);
    *buffer = (struct mms__map){.base = base, .size = size};
    return 0;
}

int mms__compat_grow(struct mms_writer *writer, size_t capacity, void **buffer)
{
    int code = check_size(writer, capacity);

    if (code == 0)
        code = make_room(writer, capacity);
    if (code == 0)
        *buffer = mms__upstream_writer_of(writer)->buffer.base;
    return code;
}

int mms__compat_begin(struct mms_writer *writer, size_t capacity, void **buffer)
{
    return mms__compat_grow(writer, capacity, buffer);
}

int mms__compat_commit(struct mms_writer *writer, size_t size, mms_receipt *receipt)
{
    return mms__compat_write(writer, mms__upstream_writer_of(writer)->buffer.base, size, receipt);
}
