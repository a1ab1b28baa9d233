/* SPDX-License-Identifier: Apache-2.0 */
/* Updates whose changes nobody reports (options.track). The kernel notes which pages of the slot
   are stored to, and those are compared with the value that is updated; without its help, all of
   it is compared. So what the kernel says decides where to look, and the bytes what has changed:
   a page too many costs time, and only a page too few would be wrong. */
#ifndef MMS_REGION_TRACKING_H
#define MMS_REGION_TRACKING_H

#include "os/page_track.h"
#include "region/range_set.h"

struct mms__tracking {
    struct mms__page_track pages;
    bool refused;      /* for good; MMS_TRACK_AUTO then compares */
    bool noted;        /* the stores to the slot of the update that was begun */
    uint64_t compared; /* bytes at the last commit; for tests */
};

/* What is tracked, and for whom. */
struct mms__tracked {
    const struct mms__mapping *data;
    const char *path; /* of the region, for messages */
    mms_track how;
};

/* At the open of a writer. Fails only with MMS_TRACK_PAGES. Details are stored, here and below. */
int mms__tracking_open(struct mms__tracking *tracking, const struct mms__tracked *tracked);
void mms__tracking_close(struct mms__tracking *tracking);

/* Note the stores to the first `size` bytes of a slot from here on. After the last store that is
   not the caller's: the slot equals the value that is updated. */
int mms__tracking_begin(struct mms__tracking *tracking, const struct mms__tracked *tracked, const unsigned char *slot,
                        uint64_t size);
/* At the commit: add what differs from that value in the first `size` bytes. Cannot fail. */
void mms__tracking_collect(struct mms__tracking *tracking, const unsigned char *value, const unsigned char *slot,
                           uint64_t size, struct mms__range_set *changes);

#endif
