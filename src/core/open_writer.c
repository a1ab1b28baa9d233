/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a writer: create the region or take it over from the last writer, however that ended. */
#include "core/attach.h"
#include "core/barrier.h"
#include "core/create.h"
#include "core/error.h"
#include "core/futex.h"
#include "core/protocol.h"
#include "core/remove.h"
#include "core/writer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often a region may vanish or appear under us while we open it. */
enum { OPEN_TRIES = 16 };

/* After a reboot words in files may be older than what readers saw. No more is published than this in the time that a
   kernel may keep a page before it writes it. */
#define REBOOT_STEP (UINT64_C(1) << 32)

static struct mms__trust trust_of(const mms_writer_options *options)
{
    return (struct mms__trust){.trust_owner = options->trust_owner,
                               .trusted_uid = options->trusted_uid,
                               .force_filesystem = options->force_filesystem};
}

/* ---- Getting the lock, with or without a region ---- */

static int create(struct mms_writer *writer)
{
    struct mms__trust trust = trust_of(&writer->options);
    struct mms__building building;
    int code = mms__build(&writer->place, &trust, &writer->options, 0, &building);

    if (code != 0)
        return code;
    code = mms__building_finish(&building, &writer->place);
    if (code != 0) {
        mms__building_discard(&building);
        return code;
    }
    MMS__STEP(create_named);
    mms__building_release(&building, &writer->place.directory, &writer->lock);
    writer->place.loses_locks = building.place.loses_locks;
    writer->place.volatile_memory = building.place.volatile_memory;
    return 0;
}

static int take_over(struct mms_writer *writer)
{
    int code;

    MMS__STEP(open_entered);
    code = mms__writer_lock_wait(&writer->place, writer->options.lock_wait_ms, &writer->lock);
    if ((code == 0 || code == MMS_E_NOT_REGION) && mms__place_is_gone(&writer->place)) {
        mms__writer_lock_drop(&writer->lock);
        code = -EAGAIN; /* removed or replaced while we waited */
    }
    if (code != 0)
        mms__place_leave(&writer->place);
    return code;
}

/* Returns with the directory open and its lock held. */
static int enter_or_create(struct mms_writer *writer)
{
    struct mms__trust trust = trust_of(&writer->options);
    int code = -EAGAIN;

    for (int tries = 0; tries < OPEN_TRIES && code == -EAGAIN; tries++) {
        code = mms__place_enter(&writer->place, &trust);
        if (code == 0)
            code = take_over(writer);
        else if (code == -ENOENT)
            code = create(writer);
    }
    MMS__STEP(open_locked);
    if (code == 0)
        mms__sweep_leftovers(&writer->place);
    if (code == -EAGAIN)
        return mms__fail(MMS_E_BUSY, "opening %s: other processes create and remove it all the time",
                         writer->place.path);
    return code;
}

/* ---- Taking over what is there ---- */

static int attach(struct mms_writer *writer)
{
    struct mms__file control_file;
    struct mms__pool *pool = &writer->pool;
    int code = mms__attach_control(&writer->place, true, &control_file, &writer->control_map, &pool->header);

    if (code != 0)
        return code;
    MMS__STEP(open_control_mapped);
    mms__file_close(&control_file);
    writer->control = writer->control_map.base;
    code = mms__attach_readers(&writer->place, &pool->header, true, &writer->readers_file);
    if (code == 0)
        code = mms__map_readers(&writer->place, &pool->header, true, writer->readers_file.fd, &writer->readers_map);
    MMS__STEP(open_readers_mapped);
    if (code == 0)
        code = mms__attach_data(&writer->place, &pool->header, true, &writer->data_file, &writer->data_map);
    MMS__STEP(open_data_mapped);
    return code;
}

/* The highest generation that any writer has given out. */
static uint64_t highest_generation(const struct mms__control *control, uint32_t max_slots)
{
    uint64_t current = mms__load_relaxed(&control->current), highest = mms__load_relaxed(&control->floor);

    if (mms__word_pinnable(current) && mms__word_generation(current) > highest)
        highest = mms__word_generation(current);
    for (uint32_t slot = 0; slot < max_slots; slot++) {
        uint64_t generation = mms__load_relaxed(&control->slots[slot].generation);

        if (generation > highest)
            highest = generation;
    }
    return highest;
}

/* In this order: a reader that sees this boot's id sees `current` cleared as well, or what is published later (pair:
   the acquires in mms__is_from_another_boot). */
static void start_new_boot(struct mms_writer *writer, uint64_t highest)
{
    struct mms__control *control = writer->control;
    uint64_t id[2];

    (void)mms__boot_id(id); /* known: mms__check_boot_id comes first */
    mms__store_relaxed(&control->floor, highest);
    MMS__STEP(boot_floor_stored);
    mms__store_release(&control->current, 0);
    MMS__STEP(boot_current_cleared);
    mms__store_release(&control->boot_id[0], id[0]);
    MMS__STEP(boot_half_stored);
    mms__store_release(&control->boot_id[1], id[1]);
    MMS__STEP(boot_stored);
}

static int check_current(const struct mms_writer *writer)
{
    uint64_t current = mms__load_relaxed(&writer->control->current);

    if (current == MMS__TOMBSTONE)
        return mms__fail(MMS_E_CORRUPT,
                         "%s says that it was removed, and still has its name; finish that with mmsync rm",
                         writer->place.path);
    if (mms__word_slot(current) >= writer->pool.header.max_slots ||
        (current != 0 && mms__word_slot(current) >= mms__load_relaxed(&writer->control->slots_used)))
        return mms__fail(
            MMS_E_CORRUPT,
            "%s/control names slot %u as current, which was never used; remove the region and create it anew",
            writer->place.path, mms__word_slot(current));
    return 0;
}

/* The mode that readers are to use. They adopt it at the next change of `current`. */
static int set_fence(struct mms_writer *writer)
{
    mms_fence wish = writer->options.fence;
    bool works = wish != MMS_FENCE_SYMMETRIC && mms__membarrier_works();

    if (wish == MMS_FENCE_ASYMMETRIC && !works)
        return mms__fail_errno("opening %s with asymmetric fences: membarrier(2) is refused here; use MMS_FENCE_AUTO",
                               writer->place.path);
    /* One that wants symmetric readers still reaches those that have not changed over, if it is allowed to. */
    writer->pool.can_membarrier = works || (wish == MMS_FENCE_SYMMETRIC && mms__membarrier_works());
    mms__store_relaxed(&writer->control->fence, works ? MMS__ASYMMETRIC : MMS__SYMMETRIC);
    MMS__STEP(open_fence_stored);
    if (!writer->pool.can_membarrier)
        mms__nudge(&writer->control->current);
    MMS__STEP(open_nudged);
    /* Behind the nudge, as in mms__fence_heavy: no proof needs it, since each scan begins with such a fence; but a read after
       this leaves its reader symmetric (models/spin asserts it). */
    mms__fence_seq_cst();
    return 0;
}

static void sign(struct mms_writer *writer)
{
    mms__store_relaxed(&writer->control->writer_pid, (uint32_t)getpid());
    MMS__STEP(open_pid_stored);
    mms__store_relaxed(&writer->control->writer_start, mms__process_start());
    MMS__STEP(open_signed);
}

void mms__writer_bind(struct mms_writer *writer)
{
    struct mms__pool *pool = &writer->pool;

    pool->path = writer->place.path;
    pool->control = writer->control;
    pool->table = (struct mms__table){writer->readers_map.base, pool->header.max_readers};
    pool->data = writer->data_map.base;
    pool->data_file = &writer->data_file;
    pool->readers_file = &writer->readers_file;
}

static int take_over_values(struct mms_writer *writer)
{
    struct mms__pool *pool = &writer->pool;
    uint64_t highest = highest_generation(writer->control, pool->header.max_slots);
    int code = check_current(writer);

    if (code == 0)
        code = mms__check_boot_id(&writer->place);
    if (code != 0)
        return code;
    if (mms__is_from_another_boot(&writer->place, writer->control)) {
        highest += REBOOT_STEP;
        start_new_boot(writer, highest);
    }
    mms__writer_bind(writer);
    pool->generation = highest;
    code = mms__pool_init(pool);
    if (code != 0)
        return mms__fail(code, "opening %s: no memory", writer->place.path);
    MMS__STEP(open_values_known);
    (void)mms__table_sweep(&pool->table, writer->readers_file.fd);
    MMS__STEP(open_table_swept);
    return 0;
}

/* Readers may sleep since the last writer died between its publish and its wake. */
static void wake_readers(struct mms_writer *writer)
{
    struct mms__readers *readers = writer->readers_map.base;

    mms__store_relaxed(&readers->waiting, 1);
    MMS__STEP(open_flag_set);
    (void)mms__wake_due(&writer->control->wake, &readers->waiting);
    MMS__STEP(open_wake_stored);
    mms__futex_wake_all(&writer->control->wake);
    MMS__STEP(open_woken);
}

int mms__writer_attach(struct mms_writer *writer)
{
    int code = attach(writer);

    if (code == 0)
        code = take_over_values(writer);
    if (code == 0)
        code = set_fence(writer);
    if (code == 0) {
        sign(writer);
        wake_readers(writer);
    }
    return code;
}

int mms__writer_enter(struct mms_writer *writer)
{
    int code = enter_or_create(writer);

    return code == 0 ? mms__writer_attach(writer) : code;
}
