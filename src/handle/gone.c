/* SPDX-License-Identifier: Apache-2.0 */
/* Noticing that a region was deleted, moved or replaced by hand. Nothing tells its readers:
   processes that have the files open keep them as they are, and new values under that name go to
   other files. So calls that are slow anyway check where the name leads, and once one of them has
   noticed, all calls of the process know. */
#include "handle/region.h"
#include "os/cancel.h"
#include "os/clock.h"

#define LOOK_INTERVAL_NS UINT64_C(1000000000)

bool mms__region_is_gone(struct mms_region *region)
{
    if (mms__load_relaxed(&region->gone))
        return true;
    mms__store_relaxed(&region->looked_ns, mms__now_coarse_ns());
    MMS__HOLD_CANCEL(before);
    if (!region->backend->leads_elsewhere(region))
        return false;
    mms__store_relaxed(&region->gone, 1);
    region->backend->found_gone(region);
    return true;
}

bool mms__region_glance(struct mms_region *region)
{
    if (mms__load_relaxed(&region->gone))
        return true;
    if (mms__now_coarse_ns() - mms__load_relaxed(&region->looked_ns) < LOOK_INTERVAL_NS)
        return false;
    return mms__region_is_gone(region);
}
