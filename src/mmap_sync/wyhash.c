/* SPDX-License-Identifier: Apache-2.0 */
#include "mmap_sync/wyhash.h"
#include <string.h>

static const uint64_t primes[6] = {
    UINT64_C(0xa0761d6478bd642f), UINT64_C(0xe7037ed1a0b428db), UINT64_C(0x8ebc6af09c88c6e3),
    UINT64_C(0x589965cc75374cc3), UINT64_C(0x1d8e4e27c47d124f), UINT64_C(0xeb44accab455d165),
};

/* The product of two words, its halves folded into one. */
static uint64_t fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)(product >> 64) ^ (uint64_t)product;
#else
    uint64_t low = (a & UINT32_MAX) * (b & UINT32_MAX), high = (a >> 32) * (b >> 32);
    uint64_t cross = (a >> 32) * (b & UINT32_MAX), other = (a & UINT32_MAX) * (b >> 32);
    uint64_t middle = (low >> 32) + (cross & UINT32_MAX) + (other & UINT32_MAX);

    high += (middle >> 32) + (cross >> 32) + (other >> 32);
    return high ^ (middle << 32 | (low & UINT32_MAX));
#endif
}

/* `count` bytes, 1 to 8, as a little-endian number. */
static uint64_t little(const unsigned char *bytes, size_t count)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

static uint64_t word(const unsigned char *bytes)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
#else
    return little(bytes, 8);
#endif
}

/* 1 to 8 bytes of the tail, split into 4, 2 and 1 bytes, each a little-endian number, the
   first one on top. */
static uint64_t tail(const unsigned char *bytes, size_t count)
{
    uint64_t value = 0;

    if (count == 8)
        return little(bytes, 4) << 32 | little(bytes + 4, 4);
    for (size_t part = 4; part > 0; part /= 2)
        if (count & part) {
            value = value << 8 * part | little(bytes, part);
            bytes += part;
        }
    return value;
}

static uint64_t mix_tail(uint64_t seed, const unsigned char *bytes, size_t count)
{
    switch ((count - 1) / 8) {
    case 0: return fold(seed, tail(bytes, count) ^ primes[1]);
    case 1: return fold(tail(bytes, 8) ^ seed, tail(bytes + 8, count - 8) ^ primes[2]);
    case 2:
        return fold(tail(bytes, 8) ^ seed, tail(bytes + 8, 8) ^ primes[2]) ^
               fold(seed, tail(bytes + 16, count - 16) ^ primes[3]);
    default:
        return fold(tail(bytes, 8) ^ seed, tail(bytes + 8, 8) ^ primes[2]) ^
               fold(tail(bytes + 16, 8) ^ seed, tail(bytes + 24, count - 24) ^ primes[4]);
    }
}

uint64_t mms__wyhash_blocks(uint64_t seed, const void *data, size_t size)
{
    const unsigned char *bytes = data;

    for (; size >= MMS__WYHASH_BLOCK; bytes += MMS__WYHASH_BLOCK, size -= MMS__WYHASH_BLOCK)
        seed = fold(seed ^ primes[0], fold(word(bytes) ^ primes[1], word(bytes + 8) ^ primes[2]) ^
                                          fold(word(bytes + 16) ^ primes[3], word(bytes + 24) ^ primes[4]));
    return seed;
}

uint64_t mms__wyhash_end(uint64_t seed, const void *rest, uint64_t whole_size)
{
    size_t left = (size_t)(whole_size % MMS__WYHASH_BLOCK);

    seed ^= primes[0];
    if (left > 0)
        seed = mix_tail(seed, rest, left);
    return fold(seed, whole_size ^ primes[5]);
}

uint64_t mms__wyhash(const void *data, size_t size)
{
    const unsigned char *bytes = data;
    size_t left = size % MMS__WYHASH_BLOCK;

    return mms__wyhash_end(mms__wyhash_blocks(0, data, size), left > 0 ? bytes + (size - left) : data, size);
}
