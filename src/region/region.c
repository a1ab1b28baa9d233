/* SPDX-License-Identifier: Apache-2.0 */
#include "region/region.h"
#include "base/error.h"
#include "handle/lock.h"
#include "os/cancel.h"
#include "os/clock.h"
#include "os/membarrier.h"
#include "region/backend.h"
#include "region/boot.h"
#include "region/directory.h"
#include "region/files.h"
#include "region/protocol.h"
#include "region/writer_lock.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A child must close the descriptor that holds a lock: unlike mappings, fork passes it on. */
static void forked(struct mms__member *member)
{
    struct mms__native_region *region =
        (struct mms__native_region *)(void *)((char *)member - offsetof(struct mms__native_region, front.member));

    mms__region_forked(&region->front);
    mms__file_close(&region->lock_file);
}

struct mms_region *mms__native_region_new(void)
{
    struct mms__native_region *region = calloc(1, sizeof *region);

    if (!region)
        return NULL;
    region->front.member.forked = forked;
    region->control_file = region->data_file = region->lock_file = MMS__NO_FILE;
    return (struct mms_region *)region;
}

void mms__native_region_free(struct mms_region *front, bool inherited)
{
    struct mms__native_region *region = mms__native_region_of(front);

    if (!inherited) { /* a child has no such map: by now another may be there */
        mms__unmap(&region->readers_map);
        MMS__STEP(region_unmapped);
    }
    mms__unmap(&region->control_map);
    mms__unmap(&region->current_map);
    mms__unmap(&region->data_map);
    mms__region_free_changes(region);
    mms__file_close(&region->control_file);
    mms__file_close(&region->data_file);
    mms__file_close(&region->lock_file);
}

/* With forks held off, from opening the file to closing it: a child would keep the lock. */
static int join_table(struct mms__native_region *region, struct mms__file *file)
{
    const struct mms__place *place = &region->front.place;
    int code = mms__region_open_readers(place, &region->header, true, file);

    if (code != 0)
        return code;
    MMS__STEP(region_readers_opened);
    code = mms__map_readers(place, &region->header, true, file->fd, &region->readers_map);
    if (code == 0) {
        MMS__STEP(region_readers_mapped);
        region->table = (struct mms__table){region->readers_map.base, region->header.max_readers};
        code = mms__table_take_owner(&region->table, file->fd, &region->owner);
        if (code == MMS_E_FULL)
            code = mms__fail(
                code,
                "%s has %u reader processes already; close some, or make it anew with a larger options.max_readers and options.replace",
                place->path, region->header.max_readers);
        else if (code != 0)
            code = mms__fail_lock(code, "opening", place->path, "readers");
        region->front.locks_refused = mms__locks_are_refused(code);
    }
    MMS__STEP(region_owner_taken);
    if (code == 0 && place->loses_locks) {
        mms__lock_file_keep(file);
        region->lock_file = *file;
    } else {
        mms__file_close(file);
    }
    region->readers_file = (struct mms__file){.fd = -1, .device = file->device, .inode = file->inode};
    return code;
}

/* Without a lock, others could not tell that this process is alive. */
static void leave_table(struct mms__native_region *region)
{
    region->front.read_only = true;
    region->table = (struct mms__table){0};
    mms__unmap(&region->readers_map);
    mms__file_close(&region->lock_file);
}

/* MMS_E_READ_ONLY inside, success outside: a process that may not write or lock `readers` can
   copy. */
static int join(struct mms__native_region *region)
{
    struct mms__file file;
    int code;

    if (region->front.options.read_only) {
        region->front.read_only = true;
        return 0;
    }
    mms__fork_hold();
    code = join_table(region, &file);
    mms__fork_release();
    if (region->front.locks_refused) {
        leave_table(region);
        return 0;
    }
    if (code == -EACCES || code == -EROFS || code == -EPERM) {
        region->front.read_only = true;
        mms__fail(MMS_E_READ_ONLY,
                  "%s/readers may not be written by user %u; the region is open for mms_read_copy alone",
                  region->front.place.path, geteuid());
        return 0;
    }
    return code;
}

/* Before any asymmetric read. A process that cannot register reads with symmetric fences, whatever
   the writer wants. */
static int choose_fence(struct mms__native_region *region)
{
    int code;

    if (region->front.read_only || region->front.options.fence == MMS_FENCE_SYMMETRIC)
        return 0;
    code = mms__membarrier_register();
    MMS__STEP(region_registered);
    region->can_pin_asymmetric = code == 0;
    if (code != 0 && region->front.options.fence == MMS_FENCE_ASYMMETRIC)
        return mms__fail(
            code,
            "opening %s with asymmetric fences: membarrier(2) is refused here; use options.fence = MMS_FENCE_AUTO",
            region->front.place.path);
    return 0;
}

/* Where huge pages are on, khugepaged would turn each slot into one behind our back if a mapping
   allows it. A region whose value is that large keeps them, for look-ups in it. */
static void choose_pages(const struct mms__native_region *region)
{
    size_t huge = region->front.place.volatile_memory ? mms__huge_page_size(region->data_file.fd) : 0;
    unsigned slot = mms__word_slot(mms__load_relaxed(&region->control->current));

    if (huge == 0 ||
        (slot < region->header.max_slots && mms__load_relaxed(&mms__region_slot(region, slot)->size) >= huge))
        return;
    mms__forbid_huge_pages(&region->data_map);
}

static int map_current(struct mms__native_region *region)
{
    size_t size = mms__page_size();
    int code = mms__map_file(region->control_file.fd, size, PROT_READ, false, &region->current_map);

    if (code != 0)
        return mms__fail(code, "mapping %s/control", region->front.place.path);
    (void)mms__populate(region->current_map.base, size, false); /* so that reading takes no page fault */
    region->current = &((const struct mms__control *)region->current_map.base)->current;
    return 0;
}

/* Copies are read from the file: they need neither the address space of all slots nor, under mlockall(2), their memory. One
   mapped page keeps the file's inode number, should the host close the descriptor. */
static int open_data_to_copy(struct mms__native_region *region)
{
    const struct mms__place *place = &region->front.place;
    int code = mms__open_data(place, &region->header, false, &region->data_file);

    if (code != 0)
        return code;
    code = mms__map_file(region->data_file.fd, mms__page_size(), PROT_READ, false, &region->data_map);
    return code == 0 ? 0 : mms__fail(code, "mapping a page of %s/data", place->path);
}

static int open_data_to_pin(struct mms__native_region *region)
{
    const struct mms__place *place = &region->front.place;
    int code = mms__region_open_data(place, &region->header, false, &region->data_file, &region->data_map);

    if (code != 0)
        return code;
    region->data = region->data_map.base;
    choose_pages(region);
    return 0;
}

static int map_files(struct mms__native_region *region)
{
    int code = mms__region_open_control(&region->front.place, false, &region->control_file, &region->control_map,
                                        &region->header);

    if (code != 0)
        return code;
    MMS__STEP(region_control_mapped);
    region->control = region->control_map.base;
    code = map_current(region);
    if (code != 0)
        return code;
    code = region->front.options.read_only ? open_data_to_copy(region) : open_data_to_pin(region);
    if (code != 0)
        return code;
    MMS__STEP(region_data_mapped);
    code = mms__check_boot(&region->front.place, region->control);
    if (code != 0)
        return code;
    region->another_boot = mms__is_from_another_boot(&region->front.place, region->control);
    if (mms__load_acquire(&region->control->current) == MMS__TOMBSTONE) /* only compared */
        return mms__fail(MMS_E_GONE, "%s is being removed; open it again when a writer has made it anew",
                         region->front.place.path);
    return 0;
}

static int assemble(struct mms__native_region *region)
{
    int code = map_files(region);

    if (code != 0)
        return code;
    region->front.max_readers = region->header.max_readers;
    code = join(region);
    return code == 0 ? choose_fence(region) : code;
}

int mms__native_region_open(struct mms_region *front)
{
    struct mms__trust trust = MMS__TRUST_OF(&front->options);
    int code = mms__place_open(&front->place, &trust);

    if (code != 0)
        return code;
    code = assemble(mms__native_region_of(front));
    if (code != 0 && mms__place_is_gone(&front->place))
        return -EAGAIN;
    mms__file_close(&front->place.directory);
    return code;
}

uint64_t mms__region_current(struct mms__native_region *region)
{
    /* Before `current`, and an acquire: a thread that finds that another has seen this boot must
       not have an older word (pair: the release below). The load of `current` is one for those who
       copy, and announce nothing: what they read of a value must not be older than its publish
       (pair: mms__publish). */
    uint32_t another_boot = mms__load_acquire(&region->another_boot);
    uint64_t word = mms__load_acquire(&region->control->current);

    if (mms__load_relaxed(&region->front.gone)) /* whatever the writer of the files that were ours says */
        return MMS__TOMBSTONE;
    if (!another_boot || word == MMS__TOMBSTONE)
        return word;
    MMS__HOLD_CANCEL(before);
    /* A writer that comes clears `current`, then names this boot, then publishes. */
    if (mms__is_from_another_boot(&region->front.place, region->control))
        return 0;
    mms__store_release(&region->another_boot, 0); /* the look at the boot's id before it */
    return mms__load_acquire(&region->control->current);
}

int mms__fail_unpinnable(const struct mms__native_region *region, uint64_t word)
{
    if (word == MMS__TOMBSTONE)
        return mms__region_fail_gone(&region->front);
    if (mms__header_is_durable(&region->header) && mms__load_relaxed(&region->another_boot))
        return mms__fail(
            MMS_E_EMPTY,
            "%s is durable, and no writer has opened it since the machine was started; start the writer, or "
            "bring its value back with mmsync recover",
            region->front.place.path);
    return mms__region_fail_empty(&region->front);
}

bool mms__native_is_removed(struct mms_region *front)
{
    return mms__region_current(mms__native_region_of(front)) == MMS__TOMBSTONE;
}

uint64_t mms__native_generation(struct mms_region *front)
{
    return mms__current_generation(mms__region_current(mms__native_region_of(front)));
}
