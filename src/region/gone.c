/* SPDX-License-Identifier: Apache-2.0 */
/* Where the path of a region leads now, for its readers (handle/gone.c) and for its writer. */
#include "os/clock.h"
#include "region/backend.h"
#include "region/region.h"
#include "region/update.h"
#include <sys/stat.h>

#define STILL_NS UINT64_C(100000000) /* some steps of any clock that a file system has */

bool mms__native_leads_elsewhere(const struct mms_region *front)
{
    const struct mms__native_region *region = (const struct mms__native_region *)front;
    const struct mms__place *place = &front->place;

    return mms__place_leads_elsewhere(place, "/control", &region->control_file) ||
           mms__place_leads_elsewhere(place, "/data", &region->data_file) ||
           (!front->read_only && mms__place_leads_elsewhere(place, "/readers", &region->readers_file));
}

/* Inline reads look at nothing but `current`: let them find 0 there, which sends them to the slow
   path. The slots' generation words, which are checked when a view ends, are read through another
   mapping, and stay. If there is no memory for this, reads go on with what they have until
   something else takes them to the slow path. */
void mms__native_found_gone(struct mms_region *front)
{
    mms__map_zeros_over(&mms__native_region_of(front)->current_map);
}

/* When a name in the region's directory was last made, moved or deleted; this time cannot be set
   by hand. 0: the path does not lead to that directory, or that cannot be determined. */
static uint64_t names_changed_ns(const struct mms__place *place)
{
    struct stat status;

    if (stat(place->path, &status) != 0 || !mms__file_is(&place->directory, status.st_dev, status.st_ino))
        return 0;
    return (uint64_t)status.st_ctim.tv_sec * 1000000000u + (uint64_t)status.st_ctim.tv_nsec;
}

/* And `lock`: one that was made anew would let another writer in. */
static bool writers_files_are_elsewhere(const struct mms__native_writer *writer)
{
    const struct mms__place *place = &writer->front.place;

    return mms__place_leads_elsewhere(place, "/control", &writer->control_file) ||
           mms__place_leads_elsewhere(place, "/data", &writer->data_file) ||
           mms__place_leads_elsewhere(place, "/readers", &writer->readers_file) ||
           mms__place_leads_elsewhere(place, "/lock", &writer->lock.file) ||
           (writer->durable.on && mms__place_leads_elsewhere(place, "/durable", &writer->durable.file));
}

/* If the directory has not changed since all its names were checked, they need no second check,
   and a write after a pause takes a fraction of the time. It must have been unchanged for a while
   before that check, so that any later change gets a later time. */
bool mms__writer_is_gone(struct mms__native_writer *writer)
{
    uint64_t changed, now;

    changed = names_changed_ns(&writer->front.place);
    if (changed != 0 && changed == writer->unchanged_ns)
        return false;
    now = mms__read_clock(CLOCK_REALTIME_COARSE);
    if (writers_files_are_elsewhere(writer))
        return true;
    mms__update_look(writer);
    writer->unchanged_ns = now > changed && now - changed > STILL_NS ? changed : 0;
    return false;
}
