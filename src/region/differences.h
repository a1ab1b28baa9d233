/* SPDX-License-Identifier: Apache-2.0 */
/* Finding out where two values differ. */
#ifndef MMS_REGION_DIFFERENCES_H
#define MMS_REGION_DIFFERENCES_H

#include "region/range_set.h"

/* Add to the set the ranges between `start` and `end` that differ. Differences close to each other
   become one range, because a range costs more than the few equal bytes between them. */
void mms__find_differences(const unsigned char *a, const unsigned char *b, uint64_t start, uint64_t end,
                           struct mms__range_set *set);

#endif
