/* SPDX-License-Identifier: Apache-2.0 */
/* Power cuts: at every event of a log the power fails. What was synced is on the disk. Of what was written since, each page
   is there as it was before, as it was at any time since, or torn between sectors. */
#ifndef POWER_REPLAY_H
#define POWER_REPLAY_H

#include "disk.h"

/* The values that were published, by number. 0: none. */
struct replay_value {
    const void *bytes;
    size_t size;
    uint64_t tag;
    uint64_t generation; /* the highest that anybody was given when it was begun */
};

struct replay {
    const struct disk_log *log;
    const struct replay_value *values;
    uint64_t promised, begun; /* when the log begins */
    const char *path;         /* for the region that is built of it */
    uint64_t lost;            /* what durable_lost is, after each cut */
    unsigned states;          /* at most so many of each cut; few are all of them */
    bool nested;              /* power fails again while it is recovered */
    uint64_t random;
    uint64_t cuts, tried, again; /* counts, out */
};

/* From every cut a writer brings back the newest value that was promised, or a newer one that was begun; whole, and under a
   generation that is higher than all before. Fails the test otherwise. */
void replay_cuts(struct replay *replay);

#endif
