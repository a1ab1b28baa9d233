/* SPDX-License-Identifier: Apache-2.0 */
#include <mmsync/archived.h>

struct sea {
    uint64_t lane[4];
    uint64_t tail;
    unsigned tail_size;
    uint64_t written;
};

static uint64_t little_endian(const unsigned char *data, size_t size)
{
    uint64_t word = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(&word, data, size);
#else
    for (size_t i = size; i-- > 0;)
        word = word << 8 | data[i];
#endif
    return word;
}

static void push(struct sea *sea, uint64_t word)
{
    uint64_t mixed = mms__sea_diffuse(sea->lane[0] ^ word);

    sea->lane[0] = sea->lane[1];
    sea->lane[1] = sea->lane[2];
    sea->lane[2] = sea->lane[3];
    sea->lane[3] = mixed;
    sea->written += 8;
}

/* The low `size` bytes of a word, 1 to 8. */
static void add_word(struct sea *sea, uint64_t word, unsigned size)
{
    unsigned filled = sea->tail_size + size;

    sea->tail |= word << 8 * sea->tail_size;
    if (filled >= 8) {
        push(sea, sea->tail);
        filled -= 8;
        sea->tail = filled > 0 ? word >> 8 * (size - filled) : 0;
    }
    sea->tail_size = filled;
}

uint64_t mms__sea_bytes(const uint32_t *seed, const void *data, size_t size, int text)
{
    struct sea sea = {.lane = {MMS__SEA_A, MMS__SEA_B, MMS__SEA_C, MMS__SEA_D}};
    const unsigned char *bytes = data;

    if (seed)
        add_word(&sea, *seed, 4);
    for (; size >= 8; size -= 8, bytes += 8)
        add_word(&sea, little_endian(bytes, 8), 8);
    if (size > 0)
        add_word(&sea, little_endian(bytes, size), (unsigned)size);
    if (text)
        add_word(&sea, 0xff, 1);
    if (sea.tail_size > 0)
        sea.lane[0] = mms__sea_diffuse(sea.lane[0] ^ sea.tail);
    return mms__sea_diffuse(sea.lane[0] ^ sea.lane[1] ^ sea.lane[2] ^ sea.lane[3] ^ (sea.written + sea.tail_size));
}
