/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in messages: little endian, at any address, and of as few bytes as they need. */
#ifndef MMS_RELAY_BYTES_H
#define MMS_RELAY_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline void put_little(unsigned char *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

static inline uint64_t get_little(const unsigned char *at, unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)at[i] << 8 * i;
    return value;
}

static inline void put16(unsigned char *at, uint16_t value)
{
    put_little(at, value, 2);
}

static inline void put32(unsigned char *at, uint32_t value)
{
    put_little(at, value, 4);
}

static inline void put64(unsigned char *at, uint64_t value)
{
    put_little(at, value, 8);
}

static inline uint16_t get16(const unsigned char *at)
{
    return (uint16_t)get_little(at, 2);
}

static inline uint32_t get32(const unsigned char *at)
{
    return (uint32_t)get_little(at, 4);
}

static inline uint64_t get64(const unsigned char *at)
{
    return get_little(at, 8);
}

/* Varints: seven bits a byte, the lowest first; the highest bit says that more follow (LEB128). */
static inline size_t varint_size(uint64_t value)
{
    size_t size = 1;

    while (value >>= 7)
        size++;
    return size;
}

static inline unsigned char *put_varint(unsigned char *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (unsigned char)(value | 0x80);
    *at = (unsigned char)value;
    return at + 1;
}

/* Moves `at` behind it. False: it does not end before `end`, or does not fit in 64 bits. */
static inline bool get_varint(const unsigned char **at, const unsigned char *end, uint64_t *value)
{
    uint64_t result = 0;

    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        unsigned char byte = *(*at)++;

        if (shift == 63 && byte > 1)
            return false;
        result |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = result;
            return true;
        }
    }
    return false;
}

#endif
