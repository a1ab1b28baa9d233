/* SPDX-License-Identifier: Apache-2.0 */
/* Updates whose changes nobody reports (options.track). The kernel notes which pages of the slot
   are stored to, and the commit compares those with the value before; without the kernel's help it
   compares everything. So the kernel decides only where to look, and the bytes decide what has
   changed: a page too many costs time, and only a page too few would be wrong. */
#ifndef MMS_REGION_TRACKING_H
#define MMS_REGION_TRACKING_H

#include "os/page_track.h"
#include "region/range_set.h"

struct mms__tracking {
    struct mms__page_track pages;
    bool refused;      /* for good: MMS_TRACK_AUTO compares everything */
    bool noted;        /* the kernel notes stores to the slot of the update under way */
    uint64_t compared; /* how many bytes the last commit compared; for tests */
};

/* What to track, and how. */
struct mms__tracked {
    const struct mms__mapping *data;
    const char *path; /* of the region, for messages */
    mms_track how;
};

/* When a writer opens. Fails only with MMS_TRACK_PAGES. Details are stored, here and below. */
int mms__tracking_open(struct mms__tracking *tracking, const struct mms__tracked *tracked);
void mms__tracking_close(struct mms__tracking *tracking);

/* Note stores to the first `size` bytes of a slot from here on; not for MMS_TRACK_TOUCHES. By now
   the slot equals the value that is being updated, and only the caller will store to it. */
int mms__tracking_begin(struct mms__tracking *tracking, const struct mms__tracked *tracked, const unsigned char *slot,
                        uint64_t size);
/* At the commit: add where the first `size` bytes differ from that value. Cannot fail. */
void mms__tracking_collect(struct mms__tracking *tracking, const unsigned char *value, const unsigned char *slot,
                           uint64_t size, struct mms__range_set *changes);

#endif
