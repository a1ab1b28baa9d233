/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_escape.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the character that begins with this one, if it is in UTF-8; 0: none does. */
static size_t announced_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if ((first & 0xf0) == 0xe0)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Neither a longer form of a shorter one, nor a surrogate, nor past the last code point. */
static bool may_follow(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0: return second >= 0xa0;
    case 0xed: return second < 0xa0;
    case 0xf0: return second >= 0x90;
    case 0xf4: return second < 0x90;
    default: return true;
    }
}

static size_t character_length(const unsigned char *at)
{
    size_t length = announced_length(*at);

    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return length > 1 && !may_follow(at[0], at[1]) ? 0 : length;
}

/* The form of one character, which is `length` bytes long; returns the form's length. */
static size_t escape_one(const unsigned char *at, size_t length, char form[8])
{
    if (length == 0)
        return (size_t)snprintf(form, 8, "?");
    if (*at == '"' || *at == '\\')
        return (size_t)snprintf(form, 8, "\\%c", *at);
    if (*at < ' ' || *at == 0x7f)
        return (size_t)snprintf(form, 8, "\\u%04x", *at);
    memcpy(form, at, length);
    return length;
}

const char *json_escape(const char *text, char *out, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t used = 0;

    while (*at) {
        char form[8];
        size_t length = character_length(at), added = escape_one(at, length, form);

        if (used + added >= size)
            break;
        memcpy(out + used, form, added);
        used += added;
        at += length ? length : 1;
    }
    out[used] = '\0';
    return out;
}
