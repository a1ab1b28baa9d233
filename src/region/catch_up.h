/* SPDX-License-Identifier: Apache-2.0 */
/* Bringing a free slot up to the current value by copying only what it has missed. */
#ifndef MMS_REGION_CATCH_UP_H
#define MMS_REGION_CATCH_UP_H

#include "region/changes.h"

/* Sorting and copying one range costs about as much as copying this many bytes in a row. */
enum { MMS__WORTH_OF_A_RANGE = 256 };

/* Copy what is below `size` of some ranges. */
void mms__copy_ranges(unsigned char *to, const unsigned char *from, uint64_t size, const mms_range *ranges,
                      size_t count);

/* What a slot lacks of the current value: what the records of the walk name, the ranges, and all bytes from `rest` on. */
struct mms__lack {
    struct mms__walk walk;
    const mms_range *ranges;
    size_t count;
    uint64_t rest;
};

struct mms__catch_up {
    const unsigned char *from; /* the current value, which does not change */
    unsigned char *to;         /* a taken slot, marked */
    uint64_t size;             /* of the current value */
    struct mms__lack lack;
};

/* `scratch` is any set; it is cleared. */
void mms__catch_up(const struct mms__catch_up *catch_up, const struct mms__ring *ring, struct mms__range_set *scratch);

#endif
