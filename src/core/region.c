/* SPDX-License-Identifier: Apache-2.0 */
#include "core/region.h"
#include "core/attach.h"
#include "core/barrier.h"
#include "core/error.h"
#include "core/lock.h"
#include "core/options.h"
#include "core/protocol.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct mms_region *region_of(struct mms__member *member)
{
    return (struct mms_region *)(void *)((char *)member - offsetof(struct mms_region, member));
}

/* The kernel has wiped the handles already, unless it does not know how; a descriptor that holds a lock it cannot
 * close. */
static void forked(struct mms__member *member)
{
    struct mms_region *region = region_of(member);

    if (region->arena.base)
        memset(region->arena.base, 0, region->handles_used * sizeof(struct mms_reader));
    mms__file_close(&region->lock_file);
}

/* Handles of other threads are in use meanwhile: of those nothing but `thread` may be looked at. */
static void thread_ended(struct mms__member *member, uintptr_t thread)
{
    struct mms_region *region = region_of(member);
    struct mms_reader *readers = region->arena.base;

    pthread_mutex_lock(&region->mutex);
    for (uint32_t i = 0; i < region->handles_used; i++)
        if (readers[i].thread == thread)
            (void)mms__reader_end(&readers[i]);
    pthread_mutex_unlock(&region->mutex);
}

/* With forks held off, from opening the file to closing it: a child would keep the lock. */
static int join_table(struct mms_region *region, struct mms__file *file)
{
    const struct mms__place *place = &region->place;
    int code = mms__attach_readers(place, &region->header, true, file);

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
                code, "%s has %u reader processes already; close some, or create the region with more max_readers",
                place->path, region->header.max_readers);
        else if (code != 0)
            code = mms__fail(code, "locking a byte of %s/readers", place->path);
    }
    MMS__STEP(region_owner_taken);
    if (code == 0 && place->loses_locks)
        region->lock_file = *file;
    else
        mms__file_close(file);
    return code;
}

/* MMS_E_READ_ONLY inside, success outside: who may not write `readers` can copy. */
static int join(struct mms_region *region)
{
    struct mms__file file;
    int code;

    if (region->options.read_only) {
        region->read_only = true;
        return 0;
    }
    mms__fork_hold();
    code = join_table(region, &file);
    mms__fork_release();
    if (code == -EACCES || code == -EROFS || code == -EPERM) {
        region->read_only = true;
        mms__fail(MMS_E_READ_ONLY,
                  "%s/readers may not be written by user %u; the region is open for mms_read_copy alone",
                  region->place.path, geteuid());
        return 0;
    }
    return code;
}

/* Before any asymmetric read. What cannot be registered reads with symmetric fences, whatever the writer wants. */
static int choose_fence(struct mms_region *region)
{
    int code;

    if (region->read_only || region->options.fence == MMS_FENCE_SYMMETRIC)
        return 0;
    code = mms__membarrier_register();
    MMS__STEP(region_registered);
    region->can_pin_asymmetric = code == 0;
    if (code != 0 && region->options.fence == MMS_FENCE_ASYMMETRIC)
        return mms__fail(code, "opening %s with asymmetric fences: membarrier(2) is refused here; use MMS_FENCE_AUTO",
                         region->place.path);
    return 0;
}

static int make_arena(struct mms_region *region)
{
    int code;

    if (region->read_only)
        return 0;
    code = mms__map_wiped(region->header.max_readers * sizeof(struct mms_reader), &region->arena);
    return code == 0 ? 0 : mms__fail(code, "opening %s: no memory for its readers", region->place.path);
}

static int map_files(struct mms_region *region)
{
    int code = mms__attach_control(&region->place, false, &region->control_file, &region->control_map, &region->header);

    if (code != 0)
        return code;
    MMS__STEP(region_control_mapped);
    region->control = region->control_map.base;
    code = mms__attach_data(&region->place, &region->header, false, &region->data_file, &region->data_map);
    if (code != 0)
        return code;
    region->data = region->data_map.base;
    MMS__STEP(region_data_mapped);
    code = mms__check_boot_id(&region->place);
    if (code != 0)
        return code;
    region->another_boot = mms__is_from_another_boot(&region->place, region->control);
    if (mms__load_acquire(&region->control->current) == MMS__TOMBSTONE) /* only compared */
        return mms__fail(MMS_E_GONE, "%s is being removed; open it again when a writer has made it anew",
                         region->place.path);
    return 0;
}

static int assemble(struct mms_region *region)
{
    int code = map_files(region);

    if (code == 0)
        code = join(region);
    if (code == 0)
        code = choose_fence(region);
    if (code == 0)
        code = make_arena(region);
    return code;
}

/* What a process may free of a region whether it owns it or has inherited it. */
static void dismantle(struct mms_region *region, bool inherited)
{
    if (region->foreign)
        region->foreign->region_free(region, inherited);
    if (!inherited) { /* a child is not on the list, and has no such map: by now another may be there */
        mms__member_leave(&region->member);
        mms__unmap(&region->readers_map);
        MMS__STEP(region_unmapped);
    }
    mms__unmap(&region->control_map);
    mms__unmap(&region->data_map);
    mms__unmap(&region->arena);
    mms__file_close(&region->control_file);
    mms__file_close(&region->data_file);
    mms__file_close(&region->lock_file);
    mms__place_leave(&region->place);
    if (!inherited)
        pthread_mutex_destroy(&region->mutex); /* in a child a thread that is not there may hold it */
    free(region);
}

/* A member from the start: a child forked while we open must close what it inherits. */
static int allocate_region(struct mms_region **out)
{
    struct mms_region *region = calloc(1, sizeof *region);
    int code;

    if (!region)
        return -ENOMEM;
    region->process = mms__process_token();
    region->member = (struct mms__member){.forked = forked, .thread_ended = thread_ended};
    region->control_file = region->data_file = region->lock_file = region->place.directory = MMS__NO_FILE;
    pthread_mutex_init(&region->mutex, NULL);
    code = mms__member_join(&region->member);
    if (code == 0)
        *out = region;
    else
        free(region);
    return code;
}

static struct mms__trust trust_of(const mms_region_options *options)
{
    return (struct mms__trust){.trust_owner = options->trust_owner,
                               .trusted_uid = options->trusted_uid,
                               .force_filesystem = options->force_filesystem};
}

/* Enter and assemble. -EAGAIN: it was replaced under us. */
static int try_open(struct mms_region *region, const char *path)
{
    struct mms__trust trust = trust_of(&region->options);
    int code = mms__foreign_find(path, region->options.format, &region->place, &region->foreign);

    if (code == 0 && region->foreign) {
        code = region->foreign->region_open(region);
        return code == 0 ? make_arena(region) : code;
    }
    if (code == 0 && region->options.foreign_hasher)
        code = mms__fail(MMS_E_INVALID, "opening %s: option foreign_hasher is for the files of mmap-sync alone",
                         region->place.path);
    if (code == 0)
        code = mms__place_enter(&region->place, &trust);
    if (code != 0)
        return code;
    code = assemble(region);
    if (code != 0 && mms__place_is_gone(&region->place))
        return -EAGAIN;
    mms__file_close(&region->place.directory);
    return code;
}

static int open_region(const char *path, const mms_region_options *given, mms_region **out)
{
    struct mms_region *region;
    int code = allocate_region(&region);

    if (code != 0) /* EAGAIN: of thread keys; for the caller it means another thing */
        return mms__fail(code == -EAGAIN ? -ENOMEM : code, "mms_region_open: making a handle");
    code = mms__region_options_read(given, &region->options);
    if (code == 0)
        code = try_open(region, path);
    if (code == 0) {
        MMS__STEP(region_opened);
        *out = region;
        return 0;
    }
    dismantle(region, false);
    return code;
}

/* How often a region may be replaced while we open it. */
enum { OPEN_TRIES = 16 };

int mms_region_open(const char *path, const mms_region_options *options, mms_region **out)
{
    int code = -EAGAIN;

    if (!out)
        return mms__fail(MMS_E_INVALID, "mms_region_open: out is NULL");
    *out = NULL;
    for (int tries = 0; tries < OPEN_TRIES && code == -EAGAIN; tries++)
        code = open_region(path, options, out);
    return code == -EAGAIN ? mms__fail(MMS_E_GONE, "opening %s: it is replaced all the time", path) : code;
}

int mms_region_close(mms_region *region)
{
    uint32_t still_open;

    if (!region)
        return 0;
    if (mms__region_is_forked(region)) {
        int code = mms__fail(MMS_E_FORKED, "closing %s in a forked child: its copy is freed, the parent's goes on",
                             region->place.path);
        dismantle(region, true);
        return code;
    }
    pthread_mutex_lock(&region->mutex);
    still_open = region->readers_open;
    pthread_mutex_unlock(&region->mutex);
    if (still_open > 0)
        return mms__fail(MMS_E_BUSY, "closing %s: %u of its readers are open; close them first", region->place.path,
                         still_open);
    dismantle(region, false);
    return 0;
}

mms_format mms_region_format(const mms_region *region)
{
    if (!region)
        return MMS_FORMAT_AUTO;
    return region->foreign ? region->foreign->format : MMS_FORMAT_MMSYNC;
}

bool mms_region_read_only(const mms_region *region)
{
    return region && region->read_only;
}

uint64_t mms__region_current(struct mms_region *region)
{
    /* Before `current`, and an acquire: who finds that another thread has seen this boot must not have an older word (pair:
       the release below). The load of `current` is one for those who copy, and announce nothing: what they read of a value
       must not be older than its publish (pair: mms__publish). */
    uint32_t another_boot = mms__load_acquire(&region->another_boot);
    uint64_t word = mms__load_acquire(&region->control->current);

    if (!another_boot || word == MMS__TOMBSTONE)
        return word;
    /* A writer that comes clears `current`, then names this boot, then publishes. */
    if (mms__is_from_another_boot(&region->place, region->control))
        return 0;
    mms__store_release(&region->another_boot, 0); /* the look at the boot's id before it */
    return mms__load_acquire(&region->control->current);
}

bool mms__region_was_unlinked(struct mms_region *region)
{
    struct stat status;

    if (mms__file_is_ours(&region->control_file) && fstat(region->control_file.fd, &status) == 0)
        return status.st_nlink == 0;
    /* The host has closed the descriptor. */
    if (region->foreign) {
        char name[sizeof region->place.path + 8];

        snprintf(name, sizeof name, "%s_state", region->place.path);
        return stat(name, &status) != 0 && errno == ENOENT;
    }
    if (stat(region->place.path, &status) != 0)
        return errno == ENOENT;
    return false;
}

int mms__fail_unpinnable(const struct mms_region *region, uint64_t word)
{
    if (word == MMS__TOMBSTONE)
        return mms__fail(MMS_E_GONE, "%s was removed or replaced; close it, and open it again when it is back",
                         region->place.path);
    return mms__fail(MMS_E_EMPTY, "%s holds no value yet; wait for a writer to publish one", region->place.path);
}

uint64_t mms_generation(mms_region *region)
{
    uint64_t word;

    if (!region)
        return 0;
    if (region->foreign)
        return region->foreign->generation(region);
    word = mms__region_current(region);
    return mms__word_pinnable(word) ? mms__word_generation(word) : 0;
}
