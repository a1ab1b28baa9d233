/* SPDX-License-Identifier: Apache-2.0 */
#include "archive/utf8.h"

static size_t skip_ascii(const unsigned char *text, size_t size, size_t at)
{
    uint64_t words[2];

    for (; size - at >= sizeof words; at += sizeof words) {
        memcpy(words, text + at, sizeof words);
        if ((words[0] | words[1]) & MMS__HIGH_BITS)
            break;
    }
    while (at < size && text[at] < 0x80)
        at++;
    return at;
}

static bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Of a sequence that does not start with ASCII: its length, 0 if it is not valid. */
static size_t sequence(const unsigned char *text, size_t room)
{
    unsigned char lead = text[0];

    if (lead >= 0xc2 && lead <= 0xdf)
        return room >= 2 && is_tail(text[1]) ? 2 : 0;
    if ((lead & 0xf0) == 0xe0) {
        if (room < 3 || !is_tail(text[1]) || !is_tail(text[2]))
            return 0;
        if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] > 0x9f))
            return 0;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        if (room < 4 || !is_tail(text[1]) || !is_tail(text[2]) || !is_tail(text[3]))
            return 0;
        if ((lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] > 0x8f))
            return 0;
        return 4;
    }
    return 0;
}

size_t mms__utf8_valid(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = 0;

    while ((at = skip_ascii(bytes, size, at)) < size) {
        size_t length = sequence(bytes + at, size - at);

        if (length == 0)
            break;
        at += length;
    }
    return at;
}
