/* SPDX-License-Identifier: Apache-2.0 */
#include "json_tokens.h"
#include "archive/bytes.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct json_memory {
    struct json_memory *next;
    max_align_t bytes[];
};

bool json_fail(struct json_input *in, const char *problem)
{
    if (!in->problem)
        in->problem = problem;
    return false;
}

void *json_allocate(struct json_input *in, size_t size)
{
    struct json_memory *block = calloc(1, sizeof *block + size + 1);

    if (!block)
        abort();
    block->next = in->memory;
    in->memory = block;
    return block->bytes;
}

void json_input_free(struct json_input *in)
{
    while (in->memory) {
        struct json_memory *next = in->memory->next;

        free(in->memory);
        in->memory = next;
    }
}

/* ---- Tokens ---- */

char json_peek(struct json_input *in)
{
    while (isspace((unsigned char)*in->at))
        in->at++;
    return *in->at;
}

bool json_take(struct json_input *in, char c)
{
    if (json_peek(in) != c)
        return false;
    in->at++;
    return true;
}

bool json_take_word(struct json_input *in, const char *word)
{
    size_t size = strlen(word);

    json_peek(in);
    if (strncmp(in->at, word, size) != 0)
        return false;
    in->at += size;
    return true;
}

bool json_expect(struct json_input *in, char c)
{
    return json_take(in, c) || json_fail(in, "a mark is missing");
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The part of an escape after the backslash. */
static bool take_hex(struct json_input *in, uint32_t *code)
{
    char digits[5] = {0};

    if (*in->at != 'u' || strspn(in->at + 1, "0123456789abcdefABCDEF") < 4)
        return json_fail(in, "a text has an escape that is none");
    memcpy(digits, in->at + 1, 4);
    in->at += 5;
    *code = (uint32_t)strtoul(digits, NULL, 16);
    return true;
}

/* Returns the number of bytes stored, at most the number taken; 0: see problem. */
static size_t take_escape(struct json_input *in, char *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found = *in->at ? strchr(from, *in->at) : NULL;
    uint32_t code, low;

    if (found) {
        in->at++;
        *out = to[found - from];
        return 1;
    }
    if (!take_hex(in, &code))
        return 0;
    if (code >= 0xd800 && code < 0xdc00 && *in->at == '\\') {
        in->at++;
        if (!take_hex(in, &low))
            return 0;
        code = 0x10000 + ((code - 0xd800) << 10) + ((low - 0xdc00) & 0x3ff);
    }
    return put_utf8(out, code);
}

bool json_take_text(struct json_input *in, mms_str *out)
{
    const char *end;
    char *text;
    size_t size = 0;

    if (!json_expect(in, '"'))
        return false;
    for (end = in->at; *end && *end != '"'; end++)
        if (*end == '\\' && end[1])
            end++;
    text = json_allocate(in, (size_t)(end - in->at) + 4);
    while (*in->at && *in->at != '"') {
        if (*in->at == '\\') {
            size_t taken;

            in->at++;
            taken = take_escape(in, text + size);
            if (taken == 0)
                return false;
            size += taken;
        } else {
            text[size++] = *in->at++;
        }
    }
    *out = (mms_str){text, size};
    return json_expect(in, '"');
}

/* ---- Numbers ---- */

/* In the byte order of this machine. */
static void put_integer(void *out, size_t size, uint64_t low, uint64_t high)
{
    const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    const uint64_t halves[2] = {little ? low : high, little ? high : low};

    if (size == 16)
        memcpy(out, halves, sizeof halves);
    else
        mms__put_uint(out, size, low);
}

/* Reads digits into 128 bits; a quoted number too, as keys are. */
bool json_take_integer(struct json_input *in, size_t size, void *out)
{
    bool quoted = json_take(in, '"'), negative;
    uint64_t low = 0, high = 0;

    negative = json_take(in, '-');
    if (!isdigit((unsigned char)*in->at))
        return json_fail(in, "a number is missing");
    while (isdigit((unsigned char)*in->at)) {
        uint64_t digit = (uint64_t)(*in->at++ - '0');
        uint64_t a = (low & UINT32_MAX) * 10 + digit, b = (low >> 32) * 10 + (a >> 32);

        low = b << 32 | (a & UINT32_MAX);
        high = high * 10 + (b >> 32);
    }
    if (negative) {
        low = ~low + 1;
        high = ~high + (low == 0);
    }
    put_integer(out, size, low, high);
    return !quoted || json_expect(in, '"');
}

bool json_take_float(struct json_input *in, int kind, void *out)
{
    uint64_t bits;
    double value;
    float narrow;
    char *end;

    if (json_take(in, '"')) {
        bits = strtoull(in->at, &end, 16);
        in->at = end;
        mms__put_uint(out, kind == MMS_T_F32 ? 4 : 8, bits);
        return json_expect(in, '"');
    }
    json_peek(in);
    if (kind == MMS_T_F32) {
        narrow = strtof(in->at, &end);
        memcpy(out, &narrow, sizeof narrow);
    } else {
        value = strtod(in->at, &end);
        memcpy(out, &value, sizeof value);
    }
    if (end == in->at)
        return json_fail(in, "a number is missing");
    in->at = end;
    return true;
}

bool json_take_char(struct json_input *in, void *out)
{
    mms_str text;
    const unsigned char *b;
    uint32_t c;

    if (json_peek(in) != '"')
        return json_take_integer(in, 4, out);
    if (!json_take_text(in, &text) || text.size == 0)
        return json_fail(in, "a character is missing");
    b = (const unsigned char *)text.data;
    if (b[0] < 0x80)
        c = b[0];
    else if (b[0] < 0xe0)
        c = (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
    else if (b[0] < 0xf0)
        c = (b[0] & 0xfu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
    else
        c = (b[0] & 7u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 | (b[3] & 0x3fu);
    memcpy(out, &c, 4);
    return true;
}

bool json_take_bool(struct json_input *in, void *out)
{
    bool quoted = json_take(in, '"');
    unsigned char value = json_take_word(in, "true") ? 1 : json_take_word(in, "false") ? 0 : 2;

    memcpy(out, &value, 1);
    return value < 2 ? !quoted || json_expect(in, '"') : json_fail(in, "a bool is missing");
}
