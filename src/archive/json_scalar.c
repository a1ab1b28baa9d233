/* SPDX-License-Identifier: Apache-2.0 */
#include "archive/json_scalar.h"
#include "archive/address.h"
#include "archive/bytes.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* ---- Text ---- */

static void print_escape(unsigned char byte, FILE *out)
{
    static const char letters[] = "btn?fr"; /* 8 to 13 */

    if (byte == '"' || byte == '\\')
        fprintf(out, "\\%c", byte);
    else if (byte >= 8 && byte <= 13 && byte != 11)
        fprintf(out, "\\%c", letters[byte - 8]);
    else
        fprintf(out, "\\u%04x", byte);
}

static void print_text(mms_str text, FILE *out)
{
    size_t from = 0;

    putc('"', out);
    for (size_t i = 0; i <= text.size; i++) {
        unsigned char byte = i < text.size ? (unsigned char)text.data[i] : 0;

        if (i < text.size && byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        fwrite(text.data + from, 1, i - from, out);
        from = i + 1;
        if (i < text.size)
            print_escape(byte, out);
    }
    putc('"', out);
}

static void print_char(uint32_t c, FILE *out)
{
    char bytes[4];
    mms_str text = {bytes, 1};

    if (c < 0x80) {
        bytes[0] = (char)c;
    } else if (c < 0x800) {
        text.size = 2;
        bytes[0] = (char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        text.size = 3;
        bytes[0] = (char)(0xe0 | c >> 12);
    } else {
        text.size = 4;
        bytes[0] = (char)(0xf0 | c >> 18);
    }
    for (size_t i = text.size; i-- > 1; c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    print_text(text, out);
}

/* ---- Numbers ---- */

static void print_wide(const char *at, bool is_signed, FILE *out)
{
    uint64_t halves[2], high;
    char digits[41], *first = digits + sizeof digits;
    const int top = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 0;
    bool negative;

    memcpy(halves, at, sizeof halves);
    high = halves[top];
    negative = is_signed && high >> 63;
    uint64_t low = negative ? ~halves[1 - top] + 1 : halves[1 - top];
    if (negative)
        high = ~high + (low == 0);
    *--first = '\0';
    do { /* long division by ten, by 32-bit digits */
        uint64_t parts[4] = {high >> 32, (uint32_t)high, low >> 32, (uint32_t)low}, rest = 0;

        for (int i = 0; i < 4; i++) {
            rest = rest << 32 | parts[i];
            parts[i] = rest / 10;
            rest %= 10;
        }
        high = parts[0] << 32 | parts[1];
        low = parts[2] << 32 | parts[3];
        *--first = (char)('0' + rest);
    } while (high | low);
    if (negative)
        *--first = '-';
    fputs(first, out);
}

static int64_t sign_extend(uint64_t word, size_t size)
{
    unsigned shift = 64 - 8 * (unsigned)size;

    return (int64_t)(word << shift) >> shift;
}

static void print_integer(const mms_type *type, const char *at, FILE *out)
{
    bool is_signed = (type->kind >= MMS_T_I8 && type->kind <= MMS_T_I128) || type->kind == MMS_T_ISIZE;

    if (type->size == 16)
        print_wide(at, is_signed, out);
    else if (is_signed)
        fprintf(out, "%" PRId64, sign_extend(mms__get_uint(at, type->size), type->size));
    else
        fprintf(out, "%" PRIu64, mms__get_uint(at, type->size));
}

/* With a locale set, the decimal mark may be another one, of several bytes. */
static void set_point(char *text)
{
    static const char others[] = "0123456789+-e";
    char *mark = text + strspn(text, others), *behind = mark;

    if (!*mark)
        return;
    while (*behind && !strchr(others, *behind))
        behind++;
    *mark = '.';
    memmove(mark + 1, behind, strlen(behind) + 1);
}

/* The fewest digits that are read back as the same number. */
static void print_float(double value, bool single, FILE *out)
{
    char text[40];

    if (!isfinite(value)) {
        fputs("null", out);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (single ? (double)strtof(text, NULL) == value : strtod(text, NULL) == value)
            break;
    }
    set_point(text);
    fputs(text, out);
    if (!strpbrk(text, ".e"))
        fputs(".0", out);
}

static void print_number(const mms_type *type, const char *at, FILE *out)
{
    double wide;
    float narrow;

    if (type->kind == MMS_T_F32) {
        memcpy(&narrow, at, sizeof narrow);
        print_float((double)narrow, true, out);
    } else if (type->kind == MMS_T_F64) {
        memcpy(&wide, at, sizeof wide);
        print_float(wide, false, out);
    } else {
        print_integer(type, at, out);
    }
}

/* ---- Scalars ---- */

static void print_pointed_text(const mms_type *type, const char *at, FILE *out)
{
    mms_str text = {mms__follow(type, at), (size_t)mms__get_count(type, at + mms__word_size(type))};

    print_text(text, out);
}

bool mms__json_print_scalar(const mms_type *type, const char *at, FILE *out)
{
    switch (type->kind) {
    case MMS_T_UNIT: fputs("null", out); return true;
    case MMS_T_BOOL: fputs(*at ? "true" : "false", out); return true;
    case MMS_T_CHAR: print_char((uint32_t)mms__get_uint(at, 4), out); return true;
    case MMS_T_DURATION:
        fprintf(out, "{\"secs\":%" PRIu64 ",\"nanos\":%" PRIu64 "}", mms__get_uint(at, 8), mms__get_uint(at + 8, 4));
        return true;
    case MMS_T_STRING: print_text(mms__get_string(type, at), out); return true;
    case MMS_T_BOX_STR: print_pointed_text(type, at, out); return true;
    case MMS_T_BOX:
    case MMS_T_VEC:
    case MMS_T_ARRAY:
    case MMS_T_STRUCT:
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT:
    case MMS_T_MAP:
    case MMS_T_SET:
    case MMS_T_TREE:
    case MMS_T_TREE_SET: return false;
    case MMS_T_IPV4:
    case MMS_T_IPV6:
    case MMS_T_IP:
    case MMS_T_SOCKET_V4:
    case MMS_T_SOCKET_V6:
    case MMS_T_SOCKET:
    case MMS_T_UUID: mms__address_print(type->kind, at, out); return true;
    default: print_number(type, at, out); return true;
    }
}
