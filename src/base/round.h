/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_BASE_ROUND_H
#define MMS_BASE_ROUND_H

#include <stddef.h>
#include <stdint.h>

/* Up to a multiple of `unit`, a power of two. The caller makes sure that the sum does not
   overflow. */
static inline uint64_t mms__round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) & ~(unit - 1);
}

/* The same for sizes in memory. */
static inline size_t mms__round_up_size(size_t value, size_t unit)
{
    return (value + unit - 1) & ~(unit - 1);
}

#endif
