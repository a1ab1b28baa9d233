/* SPDX-License-Identifier: Apache-2.0 */
/* The hash of a key: 64 bits that depend on the table's seed, so that nobody can make many keys
   that share a bucket without knowing the seed. */
#ifndef MMS_TABLE_HASH_H
#define MMS_TABLE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* XXH3 with a seed, for keys of any size. */
uint64_t mms__hash_bytes(uint64_t seed, const void *key, size_t size);

/* The xor of the two halves of the 128-bit product. */
static inline uint64_t mms__fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    uint64_t low = al * bl, cross = ah * bl + (low >> 32), other = al * bh + (uint32_t)cross;

    return (other << 32 | (uint32_t)low) ^ (ah * bh + (cross >> 32) + (other >> 32));
#endif
}

/* For integers. Whoever chooses the key knows neither factor of the first product, and the second
   product hides what the first leaves visible; neither can be inverted without the seed. */
static inline uint64_t mms__hash_integer(const uint64_t seed[2], uint64_t key)
{
    return mms__fold(mms__fold(key ^ seed[0], seed[1] | 1) ^ seed[0], UINT64_C(0x9e3779b97f4a7c15));
}

static inline uint64_t mms__hash(const uint64_t seed[2], const void *key, size_t size)
{
    uint64_t wide;
    uint32_t narrow;

    if (size == sizeof wide) {
        memcpy(&wide, key, sizeof wide);
        return mms__hash_integer(seed, wide);
    }
    if (size == sizeof narrow) {
        memcpy(&narrow, key, sizeof narrow);
        return mms__hash_integer(seed, narrow);
    }
    return mms__hash_bytes(seed[0], key, size);
}

#endif
