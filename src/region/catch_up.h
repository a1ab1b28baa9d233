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

struct mms__catch_up {
    const unsigned char *from; /* the current value, which does not change */
    unsigned char *to;         /* a taken slot, marked */
    uint64_t size;             /* of the current value */
    uint64_t generation, at;   /* its generation, and where its record is; 0: there is none */
    uint64_t content;          /* the generation whose value `to` holds; 0: unknown */
};

/* `scratch` is any set; it is cleared. */
void mms__catch_up(const struct mms__catch_up *catch_up, const struct mms__ring *ring, struct mms__range_set *scratch);

#endif
