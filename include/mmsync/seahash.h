/* SPDX-License-Identifier: Apache-2.0 */
/* SeaHash 4 with the seeds of rkyv 0.7, over what Rust's Hash writes: integers as their little-endian bytes, text as
   its bytes and then 0xff. Algorithm: SeaHash 4.1, by Ticki. Not part of the API. */
#ifndef MMSYNC_SEAHASH_H
#define MMSYNC_SEAHASH_H

#include <mmsync/atomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

#define MMS__SEA_A UINT64_C(0x08576fb6170b5f5f)
#define MMS__SEA_B UINT64_C(0x587775eeb84a7e46)
#define MMS__SEA_C UINT64_C(0xac701115428ee569)
#define MMS__SEA_D UINT64_C(0x910feb91b92bb1cd)

static inline uint64_t mms__sea_diffuse(uint64_t x)
{
    x *= UINT64_C(0x6eed0e9da4d94a4f);
    x ^= (x >> 32) >> (x >> 60);
    return x * UINT64_C(0x6eed0e9da4d94a4f);
}

/* Up to 8 bytes as a number, the first one lowest; not one byte more is read. */
static inline uint64_t mms__sea_load(const void *data, size_t size)
{
    const unsigned char *bytes = MMS__NUMBER_CAST(const unsigned char *, data);
    uint64_t word = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint32_t low, high;

    if (size >= 8) {
        memcpy(&word, bytes, 8);
        return word;
    }
    if (size >= 4) {
        memcpy(&low, bytes, 4);
        memcpy(&high, bytes + size - 4, 4);
        return low | MMS__NUMBER_CAST(uint64_t, high) << (8 * size - 32);
    }
    if (size > 0)
        word = bytes[0] | MMS__NUMBER_CAST(uint64_t, bytes[size / 2]) << 8 * (size / 2) |
               MMS__NUMBER_CAST(uint64_t, bytes[size - 1]) << (8 * size - 8);
    return word;
#else
    for (size_t i = size < 8 ? size : 8; i-- > 0;)
        word = word << 8 | bytes[i];
    return word;
#endif
}

/* Of an integer of 1 to 8 bytes; the bits above them are 0. */
static inline uint64_t mms__sea_word(uint64_t x, unsigned bytes)
{
    return mms__sea_diffuse(mms__sea_diffuse(MMS__SEA_A ^ x) ^ MMS__SEA_B ^ MMS__SEA_C ^ MMS__SEA_D ^ bytes);
}

/* Of a displacement and then an integer. */
static inline uint64_t mms__sea_seeded_word(uint32_t seed, uint64_t x, unsigned bytes)
{
    uint64_t first = mms__sea_diffuse(MMS__SEA_A ^ (seed | x << 32));

    if (bytes <= 4)
        return mms__sea_diffuse(first ^ MMS__SEA_B ^ MMS__SEA_C ^ MMS__SEA_D ^ (bytes + 4));
    return mms__sea_diffuse(first ^ mms__sea_diffuse(MMS__SEA_B ^ x >> 32) ^ MMS__SEA_C ^ MMS__SEA_D ^ (bytes + 4));
}

/* Of any bytes, after a displacement if there is one, and before a byte 0xff if they are text. */
uint64_t mms__sea_bytes(const uint32_t *seed, const void *data, size_t size, int text);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
