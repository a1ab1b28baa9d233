/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_UTF8_H
#define MMS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MMS__HIGH_BITS UINT64_C(0x8080808080808080)

/* The usual case of up to 16 bytes, in two overlapping loads; false: a full check is needed. */
static inline bool mms__is_short_ascii(const char *text, size_t size)
{
    uint64_t a = 0, b = 0;

    if (size > 16)
        return false;
    if (size >= 8) {
        memcpy(&a, text, 8);
        memcpy(&b, text + size - 8, 8);
    } else if (size >= 4) {
        memcpy(&a, text, 4);
        memcpy(&b, text + size - 4, 4);
    } else if (size > 0) {
        a = (unsigned char)text[0] | (uint64_t)(unsigned char)text[size / 2] | (unsigned char)text[size - 1];
    }
    return ((a | b) & MMS__HIGH_BITS) == 0;
}

/* The number of bytes from the start that are whole, valid UTF-8 (RFC 3629: no surrogates, no
   overlong forms): size, if all are. */
size_t mms__utf8_valid(const char *text, size_t size);

#endif
