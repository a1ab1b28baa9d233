/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/region.h"
#include "base/error.h"
#include "handle/reader.h"
#include "handle/watch.h"
#include "os/clock.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct mms_region *region_of(struct mms__member *member)
{
    return (struct mms_region *)(void *)((char *)member - offsetof(struct mms_region, member));
}

/* The kernel has already wiped the handles, if it can. */
void mms__region_forked(struct mms_region *region)
{
    if (region->arena.base)
        memset(region->arena.base, 0, region->handles_used * region->backend->reader_size);
}

static void forked(struct mms__member *member)
{
    mms__region_forked(region_of(member));
}

/* Other threads are using their handles meanwhile: look at nothing but `thread` in those. */
static void thread_ended(struct mms__member *member, uintptr_t thread)
{
    struct mms_region *region = region_of(member);

    pthread_mutex_lock(&region->mutex);
    for (uint32_t i = 0; i < region->handles_used; i++) {
        struct mms_reader *reader = mms__reader_at(region, i);

        if (reader->thread == thread)
            (void)mms__reader_end(reader);
    }
    pthread_mutex_unlock(&region->mutex);
}

int mms__region_make(const struct mms__backend *backend, struct mms_region **out)
{
    struct mms_region *region = backend->region_new();
    int code;

    if (!region)
        return -ENOMEM;
    region->process = mms__process_token();
    region->backend = backend;
    if (!region->member.forked)
        region->member.forked = forked;
    region->member.thread_ended = thread_ended;
    region->place.directory = MMS__NO_FILE;
    region->looked_ns = mms__now_coarse_ns();
    pthread_mutex_init(&region->mutex, NULL);
    mms__watch_get_ready(); /* before it joins, which waits for a fork that has begun */
    code = mms__member_join(&region->member);
    if (code == 0)
        *out = region;
    else
        free(region);
    return code;
}

int mms__region_make_arena(struct mms_region *region)
{
    int code;

    if (region->read_only)
        return 0;
    code = mms__map_wiped(region->max_readers * region->backend->reader_size, &region->arena);
    return code == 0 ? 0 : mms__fail(code, "opening %s: no memory for its readers", region->place.path);
}

void mms__region_free(struct mms_region *region, bool inherited)
{
    mms__watch_free(region, inherited);
    if (!inherited) /* a child is not on the list */
        mms__member_leave(&region->member);
    region->backend->region_free(region, inherited);
    mms__unmap(&region->arena);
    mms__place_close(&region->place);
    if (!inherited)
        pthread_mutex_destroy(&region->mutex); /* in a child a thread that is not there may hold it */
    free(region);
}

int mms__region_fail_gone(const struct mms_region *region)
{
    return mms__fail(MMS_E_GONE, "%s was removed or replaced; close it, and open the region again when it is back",
                     region->place.path);
}

int mms__region_fail_empty(const struct mms_region *region)
{
    return mms__fail(MMS_E_EMPTY, "%s holds no value yet; wait for a writer to publish one", region->place.path);
}
