/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a writer: create the region, or go on where the last writer stopped, however it
   ended. */
#include "base/error.h"
#include "base/minmax.h"
#include "os/futex.h"
#include "os/membarrier.h"
#include "region/boot.h"
#include "region/create.h"
#include "region/directory.h"
#include "region/files.h"
#include "region/protocol.h"
#include "region/remove.h"
#include "region/slot_pages.h"
#include "region/writer.h"
#include <errno.h>
#include <fcntl.h>
#include <mmsync/durable.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often a region may vanish or appear under us while we open it. */
enum { OPEN_TRIES = 16 };

/* ---- Getting the lock, with or without a region ---- */

static int create(struct mms__native_writer *writer)
{
    struct mms__trust trust = MMS__TRUST_OF(&writer->front.options);
    struct mms__building building;
    int code = mms__build(&writer->front.place, &trust, &writer->front.options, 0, &building);

    if (code != 0)
        return code;
    code = mms__building_finish(&building, &writer->front.place);
    if (code != 0) {
        mms__building_discard(&building);
        return code;
    }
    MMS__STEP(create_named);
    mms__building_release(&building, &writer->front.place.directory, &writer->lock);
    writer->front.place.loses_locks = building.place.loses_locks;
    writer->front.place.volatile_memory = building.place.volatile_memory;
    writer->front.place.shares_blocks = building.place.shares_blocks;
    return 0;
}

static int lock_existing(struct mms__native_writer *writer)
{
    int code;

    MMS__STEP(open_directory_found);
    code = mms__writer_lock_wait(&writer->front.place, writer->front.options.lock_wait_ms, writer->front.cancel_state,
                                 &writer->lock);
    if ((code == 0 || code == MMS_E_NOT_REGION) && mms__place_is_gone(&writer->front.place)) {
        mms__writer_lock_drop(&writer->lock);
        code = -EAGAIN; /* removed or replaced while we waited */
    }
    if (code != 0)
        mms__place_close(&writer->front.place);
    return code;
}

/* -EAGAIN: it vanished or appeared under us. */
static int lock_or_create_once(struct mms__native_writer *writer)
{
    struct mms__trust trust = MMS__TRUST_OF(&writer->front.options);
    int code = mms__place_open(&writer->front.place, &trust);

    if (code == 0)
        return lock_existing(writer);
    return code == -ENOENT ? create(writer) : code;
}

/* Returns with the directory open and its lock held. */
static int lock_or_create(struct mms__native_writer *writer)
{
    int code = -EAGAIN;

    for (int tries = 0; tries < OPEN_TRIES && code == -EAGAIN; tries++)
        code = lock_or_create_once(writer);
    if (code == -EAGAIN)
        return mms__fail(MMS_E_BUSY, "opening %s: it kept being created and removed (%d tries)",
                         writer->front.place.path, OPEN_TRIES);
    if (code != 0)
        return code;
    MMS__STEP(open_locked);
    mms__sweep_leftovers(&writer->front.place);
    return 0;
}

/* ---- Opening what is there ---- */

/* Even a region too large to map can be replaced by a smaller one: its value is read, not
   mapped. */
static bool is_to_be_replaced(const struct mms__native_writer *writer)
{
    return writer->front.options.replace && mms__header_compare(&writer->pool.header, &writer->front.options,
                                                                writer->front.place.path) == MMS_E_GEOMETRY;
}

static int open_control(struct mms__native_writer *writer)
{
    int code = mms__region_open_control(&writer->front.place, true, &writer->control_file, &writer->control_map,
                                        &writer->pool.header);

    if (code != 0)
        return code;
    writer->control = writer->control_map.base;
    MMS__STEP(open_control_mapped);
    return 0;
}

static int open_readers(struct mms__native_writer *writer)
{
    const struct mms__header *header = &writer->pool.header;
    int code = mms__region_open_readers(&writer->front.place, header, true, &writer->readers_file);

    if (code == 0)
        code = mms__map_readers(&writer->front.place, header, true, writer->readers_file.fd, &writer->readers_map);
    MMS__STEP(open_readers_mapped);
    return code;
}

static int open_data(struct mms__native_writer *writer)
{
    struct mms__pool *pool = &writer->pool;
    int code = mms__open_data(&writer->front.place, &pool->header, true, &writer->data_file);

    if (code != 0)
        return code;
    code = mms__map_data(&writer->front.place, &pool->header, true, writer->data_file.fd, &writer->data_map);
    MMS__STEP(open_data_mapped);
    if (code != 0)
        return is_to_be_replaced(writer) ? 0 : code;
    code = mms__huge_pages_choose(&writer->front.place, writer->front.options.huge_pages, &pool->huge_pages);
    if (code != 0)
        return code;
    if (writer->front.place.volatile_memory && (pool->huge_page = mms__huge_page_size(writer->data_file.fd)) > 0)
        mms__forbid_huge_pages(&writer->data_map);
    return 0;
}

static int open_others(struct mms__native_writer *writer)
{
    int code = open_readers(writer);

    if (code == 0)
        code = open_data(writer);
    if (code != 0)
        return code;
    mms__writer_bind(writer);
    return mms__durable_open(writer);
}

static int open_files(struct mms__native_writer *writer)
{
    int code = open_control(writer);

    if (code != 0)
        return code;
    code = open_others(writer);
    mms__file_close(&writer->control_file); /* from here on it says which file that is */
    return code;
}

/* The highest generation that any writer has given out. */
static uint64_t highest_generation(const struct mms__control *control, uint32_t max_slots)
{
    uint64_t current = mms__current_generation(mms__load_relaxed(&control->current));
    uint64_t highest = mms__max(mms__load_relaxed(&control->floor), current);

    for (uint32_t slot = 0; slot < max_slots; slot++) {
        uint64_t generation = mms__load_relaxed(&control->slots[slot].generation);

        if (generation > highest && generation <= MMS__GENERATION_MAX)
            highest = generation;
    }
    return highest;
}

void mms__writer_clear(struct mms__control *control, uint64_t floor)
{
    mms__store_relaxed(&control->floor, floor);
    MMS__STEP(boot_floor_stored);
    mms__store_release(&control->current, 0);
    MMS__STEP(boot_current_cleared);
}

/* In this order: a reader that sees this boot's id sees `current` cleared as well, or what is recovered or
   published later (pair: the acquires in mms__is_from_another_boot). */
static int start_new_boot(struct mms__native_writer *writer, uint64_t highest)
{
    struct mms__control *control = writer->control;
    struct mms__boot now;
    int code = 0;

    (void)mms__boot_now(&now); /* known: mms__check_boot comes first */
    if (writer->durable.on)
        code = mms__durable_recover(writer, highest);
    else
        mms__writer_clear(control, highest);
    if (code != 0)
        return code;
    mms__store_relaxed(&control->boot_id_kind, now.id_kind);
    mms__store_relaxed(&control->boot_up_ns, now.up_ns);
    mms__store_release(&control->boot_began_ns, now.began_ns);
    MMS__STEP(boot_time_stored);
    mms__store_release(&control->boot_id[0], now.id[0]);
    MMS__STEP(boot_half_stored);
    mms__store_release(&control->boot_id[1], now.id[1]);
    MMS__STEP(boot_stored);
    return 0;
}

static int check_current(const struct mms__native_writer *writer, bool is_old)
{
    uint64_t current = mms__load_relaxed(&writer->control->current);

    if (current == MMS__TOMBSTONE)
        return mms__fail(MMS_E_CORRUPT,
                         "%s is marked as removed but still has its name; finish the removal with mmsync rm",
                         writer->front.place.path);
    if (writer->durable.on && is_old) /* it may have been torn, and does not count */
        return 0;
    if (mms__word_slot(current) >= writer->pool.header.max_slots ||
        (current != 0 && mms__word_slot(current) >= mms__load_relaxed(&writer->control->slots_used)))
        return mms__fail(
            MMS_E_CORRUPT,
            "%s/control names slot %u as current, which was never used; remove the region and create it anew",
            writer->front.place.path, mms__word_slot(current));
    return 0;
}

/* The mode that readers are to use. They adopt it at the next change of `current`. */
static int set_fence(struct mms__native_writer *writer)
{
    mms_fence wish = writer->front.options.fence;
    bool works = wish != MMS_FENCE_SYMMETRIC && mms__membarrier_works();

    if (wish == MMS_FENCE_ASYMMETRIC && !works)
        return mms__fail_errno(
            "opening %s with asymmetric fences: membarrier(2) is refused here; use options.fence = MMS_FENCE_AUTO",
            writer->front.place.path);
    /* A writer that wants symmetric readers still reaches those that have not changed over, if
       it may call membarrier. */
    writer->pool.can_membarrier = works || (wish == MMS_FENCE_SYMMETRIC && mms__membarrier_works());
    mms__store_relaxed(&writer->control->fence, works ? MMS__ASYMMETRIC : MMS__SYMMETRIC);
    MMS__STEP(open_fence_stored);
    if (!writer->pool.can_membarrier)
        mms__nudge(&writer->control->current);
    MMS__STEP(open_nudged);
    /* After the nudge, as in mms__fence_heavy: no proof needs it, since each scan begins with such
       a fence; but a read after this leaves its reader symmetric (models/spin asserts it). */
    mms__fence_seq_cst();
    return 0;
}

static void sign(struct mms__native_writer *writer)
{
    mms__store_relaxed(&writer->control->writer_pid, (uint32_t)getpid());
    MMS__STEP(open_pid_stored);
    mms__store_relaxed(&writer->control->writer_start, mms__process_start());
    mms__store_relaxed(&writer->control->keep, writer->front.options.keep);
    MMS__STEP(open_signed);
}

void mms__writer_bind(struct mms__native_writer *writer)
{
    struct mms__pool *pool = &writer->pool;

    pool->path = writer->front.place.path;
    pool->control = writer->control;
    pool->table = (struct mms__table){writer->readers_map.base, pool->header.max_readers};
    pool->data = writer->data_map.base;
    pool->volatile_memory = writer->front.place.volatile_memory;
    pool->shares_blocks = writer->front.place.shares_blocks;
    pool->keep.count = writer->front.options.keep;
    pool->data_file = &writer->data_file;
    pool->readers_file = &writer->readers_file;
}

/* Where the last writer stopped. */
static int read_values(struct mms__native_writer *writer)
{
    struct mms__pool *pool = &writer->pool;
    int code = mms__check_boot(&writer->front.place, writer->control);
    bool is_old = code == 0 &&
                  (mms__is_from_another_boot(&writer->front.place, writer->control) || mms__durable_is_behind(writer));

    if (code == 0)
        code = check_current(writer, is_old);
    if (code == 0 && is_old)
        code = start_new_boot(writer, highest_generation(writer->control, pool->header.max_slots) + MMS__REBOOT_STEP);
    if (code != 0)
        return code;
    pool->generation = highest_generation(writer->control, pool->header.max_slots);
    code = mms__pool_init(pool);
    if (code != 0)
        return mms__fail(code, "opening %s: no memory", writer->front.place.path);
    mms__durable_distrust(writer);
    mms__durable_hold(writer);
    MMS__STEP(open_values_known);
    (void)mms__table_sweep(&pool->table, writer->readers_file.fd);
    MMS__STEP(open_table_swept);
    return 0;
}

/* Readers may still be asleep, if the last writer died between its publish and its wake. */
static void wake_readers(struct mms__native_writer *writer)
{
    struct mms__readers *readers = writer->readers_map.base;

    mms__store_relaxed(&readers->waiting, 1);
    MMS__STEP(open_flag_set);
    (void)mms__wake_due(&writer->control->wake, &readers->waiting);
    MMS__STEP(open_wake_stored);
    mms__futex_wake_all(&writer->control->wake);
    MMS__STEP(open_woken);
}

int mms__writer_open_locked(struct mms__native_writer *writer)
{
    int code = open_files(writer);

    if (code != 0)
        return code;
    code = read_values(writer);
    if (code != 0)
        return code;
    code = set_fence(writer);
    if (code != 0)
        return code;
    sign(writer);
    wake_readers(writer);
    return mms__durable_start(writer);
}

int mms__writer_open_region(struct mms__native_writer *writer)
{
    int code = lock_or_create(writer);

    return code == 0 ? mms__writer_open_locked(writer) : code;
}
