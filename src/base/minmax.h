/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_BASE_MINMAX_H
#define MMS_BASE_MINMAX_H

#include <stdint.h>

static inline uint64_t mms__min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t mms__max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#endif
