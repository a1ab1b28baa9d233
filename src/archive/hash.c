/* SPDX-License-Identifier: Apache-2.0 */
#include <mmsync/archived.h>

/* What is left after the last whole word, and the byte 0xff that ends a text. */
static uint64_t last_word(const void *data, size_t size, int text)
{
    return mms__sea_load(data, size) | (text ? UINT64_C(0xff) << 8 * size : 0);
}

/* The lanes take turns; instead of counting, they change places. */
uint64_t mms__sea_bytes(const uint32_t *seed, const void *data, size_t size, int text)
{
    uint64_t a = MMS__SEA_A, b = MMS__SEA_B, c = MMS__SEA_C, d = MMS__SEA_D, mixed, word;
    uint64_t all = size + (seed ? 4 : 0) + (text ? 1 : 0);
    const unsigned char *at = (const unsigned char *)data;

    if (seed && size < 4) {
        a = mms__sea_diffuse(a ^ (*seed | last_word(at, size, text) << 32));
        return mms__sea_diffuse(a ^ b ^ c ^ d ^ all);
    }
    if (seed) {
        word = *seed | mms__sea_load(at, 4) << 32;
        mixed = mms__sea_diffuse(a ^ word);
        a = b, b = c, c = d, d = mixed;
        at += 4;
        size -= 4;
    }
    for (; size >= 8; at += 8, size -= 8) {
        mixed = mms__sea_diffuse(a ^ mms__sea_load(at, 8));
        a = b, b = c, c = d, d = mixed;
    }
    if (size > 0 || text)
        a = mms__sea_diffuse(a ^ last_word(at, size, text));
    return mms__sea_diffuse(a ^ b ^ c ^ d ^ all);
}
