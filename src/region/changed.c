/* SPDX-License-Identifier: Apache-2.0 */
/* mms_changes: what differs between the value that a reader holds and an older one. */
#include "base/error.h"
#include "region/backend.h"
#include "region/changes.h"
#include "region/directory.h"
#include "region/region.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* The mappings of the file, newest first. A writer recreates a deleted or damaged file; other
   threads may be reading the old one, so its mapping stays. */
struct mms__known_changes {
    struct mms__ring ring;
    struct mms__known_changes *older;
};

void mms__region_free_changes(struct mms__native_region *region)
{
    while (region->changes) {
        struct mms__known_changes *newest = region->changes;

        region->changes = newest->older;
        mms__ring_close(&newest->ring);
        free(newest);
    }
}

/* ---- The file ---- */

static int open_by_name(const struct mms__native_region *region, struct mms__ring *ring)
{
    struct mms__place place = region->front.place;
    int code = mms__place_open_any(&place); /* the region's id is compared */

    if (code != 0)
        return code;
    code = mms__ring_open(place.directory.fd, &region->header, false, ring);
    mms__place_close(&place);
    return code;
}

/* With the mutex held. The file of that name becomes the newest, unless it already is: one system call tells. */
static int look_again(struct mms__native_region *region)
{
    struct mms__known_changes *newest = mms__load_relaxed(&region->changes), *found;
    int code;

    if (newest && !mms__place_leads_elsewhere(&region->front.place, "/changes", &newest->ring.file))
        return 0;
    found = malloc(sizeof *found);
    code = found ? open_by_name(region, &found->ring) : -ENOMEM;
    if (code != 0) {
        free(found);
        return code;
    }
    found->older = newest;
    mms__store_release(&region->changes, found); /* filled in (pair: the acquire in find_ring) */
    return 0;
}

static int find_ring(struct mms__native_region *region, bool again, const struct mms__ring **ring)
{
    struct mms__known_changes *known = mms__load_acquire(&region->changes); /* pair: look_again */
    int code = 0;

    if (!known || again) {
        pthread_mutex_lock(&region->front.mutex);
        code = look_again(region);
        known = mms__load_relaxed(&region->changes);
        pthread_mutex_unlock(&region->front.mutex);
    }
    if (code == 0)
        *ring = &known->ring;
    return code;
}

/* ---- The ranges ---- */

static int fail_forgotten(const struct mms_reader *reader, uint64_t since)
{
    return mms__fail(MMS_E_FORGOTTEN,
                     "what has changed in %s from generation %llu to %llu is not known: it is too long ago, or a value "
                     "since then was published as a whole; look at all of it, and ask again from there",
                     reader->region->place.path, (unsigned long long)since,
                     (unsigned long long)reader->head.view.generation);
}

static int fail(const struct mms_reader *reader, uint64_t since, int code)
{
    const char *path = reader->region->place.path;

    if (code == MMS_E_FORGOTTEN || code == -ENOENT || code == -ENODATA)
        return fail_forgotten(reader, since);
    if (code == MMS_E_CORRUPT)
        return mms__fail(code,
                         "%s/changes is damaged; what has changed is not known until the next update by a writer "
                         "that opens the region anew: look at the whole value",
                         path);
    return mms__fail(code, "looking at what has changed in %s: opening its file `changes`", path);
}

/* The file may have been made anew. Forgetting is always allowed, so no error of this look takes its place. */
static int walk_again(struct mms__native_region *region, const struct mms__ring *last, struct mms__walk walk,
                      int reason, struct mms__range_set *set, uint64_t *smallest)
{
    const struct mms__ring *ring = last;
    int code = find_ring(region, true, &ring);

    if (code != 0)
        return reason == MMS_E_FORGOTTEN ? reason : code;
    if (ring == last)
        return reason;
    mms__range_set_clear(set);
    return mms__ring_walk(ring, walk, set, smallest);
}

static int walk(const struct mms_reader *reader, uint64_t since, struct mms__range_set *set, uint64_t *smallest)
{
    struct mms__native_region *region = mms__native_region_of(reader->region);
    const struct mms__descriptor *slot = mms__region_slot(region, mms__word_slot(reader->head.word));
    struct mms__walk walk = {
        .at = mms__load_relaxed(&slot->changes_at), .generation = reader->head.view.generation, .since = since};
    const struct mms__ring *ring;
    int code = walk.at == 0 ? MMS_E_FORGOTTEN : find_ring(region, false, &ring);

    if (code != 0)
        return code;
    code = mms__ring_walk(ring, walk, set, smallest);
    if (code != MMS_E_CORRUPT && code != MMS_E_FORGOTTEN)
        return code;
    return walk_again(region, ring, walk, code, set, smallest);
}

/* Bytes that changed without a touch: everything past the smallest size since then. */
static int collect(const struct mms_reader *reader, uint64_t since, struct mms__range_set *set)
{
    uint64_t size = reader->head.view.size, smallest = size;
    int code = walk(reader, since, set, &smallest);

    if (code != 0)
        return fail(reader, since, code);
    if (smallest < size)
        mms__range_set_add(set, smallest, size - smallest);
    mms__range_set_merge(set);
    mms__range_set_clip(set, size);
    return set->everything ? mms__fail(-ENOMEM, "looking at what has changed in %s", reader->region->place.path) : 0;
}

int mms__native_changes(struct mms_reader *reader, uint64_t since, mms_range *out, size_t capacity, size_t *count)
{
    struct mms__range_set set = {0};
    int code;

    if (since > reader->head.view.generation)
        return mms__fail(MMS_E_INVALID, "mms_changes: generation %llu is newer than the view of %s, %llu",
                         (unsigned long long)since, reader->region->place.path,
                         (unsigned long long)reader->head.view.generation);
    code = collect(reader, since, &set);
    if (code != 0 && mms__native_verify_view(reader) != 0) /* the slot has another value */
        code = MMS_E_EVICTED;
    if (code == 0) {
        *count = set.count;
        if (set.count > 0 && capacity > 0)
            memcpy(out, set.ranges, (set.count < capacity ? set.count : capacity) * sizeof *out);
    }
    mms__range_set_free(&set);
    return code;
}
