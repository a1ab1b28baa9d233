/* SPDX-License-Identifier: Apache-2.0 */
/* The calls on an open region, except copies (copy.c). */
#include "handle/region.h"
#include "api/backend.h"
#include "api/options.h"
#include "api/typed.h"
#include "base/error.h"
#include "handle/watch.h"
#include "mmap_sync/backend.h"
#include "os/cancel.h"
#include <errno.h>
#include <mmsync/step.h>

/* Make the handle for what exists at the path. Its options point to `mmap_sync`, which must stay
   until it is open. */
static int make(const char *path, const mms_region_options *options, mms_mmap_sync_region_options *mmap_sync,
                struct mms_region **out)
{
    const struct mms__backend *backend;
    struct mms__place place;
    int code = mms__backend_find(path, &place, &backend);

    if (code != 0)
        return code;
    code = mms__region_options_for_mmap_sync(options, backend == &mms__mmap_sync, place.path, mmap_sync);
    if (code != 0)
        return code;
    code = mms__region_make(backend, out);
    if (code != 0) /* EAGAIN: of thread keys; for the caller it means another thing */
        return mms__fail(code == -EAGAIN ? -ENOMEM : code, "mms_region_open: making a handle");
    (*out)->place = place;
    (*out)->options = *options;
    (*out)->options.mmap_sync = mmap_sync;
    return 0;
}

/* -EAGAIN: it was replaced under us. */
static int try_open(const char *path, const mms_region_options *options, mms_region **out)
{
    mms_mmap_sync_region_options mmap_sync;
    struct mms_region *region;
    int code = make(path, options, &mmap_sync, &region);

    if (code != 0)
        return code;
    code = region->backend->region_open(region);
    if (code == 0)
        code = mms__region_make_arena(region);
    if (code != 0) {
        mms__region_free(region, false);
        return code;
    }
    MMS__STEP(region_opened);
    region->options.mmap_sync = NULL;
    *out = region;
    return 0;
}

/* How often a region may be replaced while we open it. */
enum { OPEN_TRIES = 16 };

int mms_region_open(const char *path, const mms_region_options *options, mms_region **out)
{
    MMS__HOLD_CANCEL(before);
    mms_region_options full;
    int code;

    if (!out)
        return mms__fail(MMS_E_INVALID, "mms_region_open: out is NULL");
    *out = NULL;
    code = mms__region_options_read(options, &full);
    if (code != 0)
        return code;
    code = -EAGAIN;
    for (int tries = 0; tries < OPEN_TRIES && code == -EAGAIN; tries++)
        code = try_open(path, &full, out);
    return code == -EAGAIN ? mms__fail(MMS_E_GONE, "opening %s: it kept being replaced (%d tries)", path, OPEN_TRIES)
                           : code;
}

int mms_region_close(mms_region *region)
{
    MMS__HOLD_CANCEL(before);
    uint32_t still_open;

    if (!region)
        return 0;
    if (mms__region_is_forked(region)) {
        int code = mms__fail(MMS_E_FORKED, "closing %s in a forked child: its copy is freed, the parent's goes on",
                             region->place.path);
        mms__region_free(region, true);
        return code;
    }
    pthread_mutex_lock(&region->mutex);
    still_open = region->readers_open;
    pthread_mutex_unlock(&region->mutex);
    if (still_open > 0)
        return mms__fail(MMS_E_BUSY, "closing %s: %u of its readers are open; close them first", region->place.path,
                         still_open);
    if (mms__watch_count(region) > 0)
        return mms__fail(MMS_E_BUSY, "closing %s: %u of its descriptors are open; mms_wait_fd_close closes them",
                         region->place.path, mms__watch_count(region));
    mms__region_free(region, false);
    return 0;
}

bool mms_region_read_only(const mms_region *region)
{
    return region && region->read_only;
}

uint64_t mms_generation(mms_region *region)
{
    return region && !mms__region_glance(region) ? region->backend->generation(region) : 0;
}

int mms_region_check(mms_region *region)
{
    if (!region)
        return mms__fail(MMS_E_INVALID, "mms_region_check: the region is NULL");
    if (mms__region_is_forked(region))
        return mms__fail(MMS_E_FORKED, "looking at %s: open the region in this process", region->place.path);
    if (mms__region_is_gone(region) || region->backend->is_removed(region))
        return mms__region_fail_gone(region);
    return 0;
}

bool mms__region_has_types(const struct mms_region *region)
{
    return region->backend->has_types;
}

int mms_region_wait(mms_region *region, uint64_t seen, int timeout_ms)
{
    if (!region || timeout_ms < MMS_FOREVER)
        return mms__fail(MMS_E_INVALID, "mms_region_wait: %s",
                         region ? "the timeout is below -1" : "the region is NULL");
    if (mms__region_is_forked(region))
        return mms__fail(MMS_E_FORKED, "waiting for %s: open the region in this process", region->place.path);
    if (mms__region_glance(region))
        return mms__region_fail_gone(region);
    return region->backend->wait(region, seen, timeout_ms);
}
