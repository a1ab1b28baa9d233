/* SPDX-License-Identifier: Apache-2.0 */
#include "table/hash.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t mms__hash_bytes(uint64_t seed, const void *key, size_t size)
{
    return XXH3_64bits_withSeed(key, size, seed);
}
