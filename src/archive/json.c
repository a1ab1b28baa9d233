/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, laid out as serde_json does it for the same Rust types. */
#include "archive/load.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static void print(const mms_type *type, const char *at, FILE *out);

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
    do { /* long division by ten, in 32-bit steps */
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
        fprintf(out, "%" PRId64, sign_extend(mms__load_uint(at, type->size), type->size));
    else
        fprintf(out, "%" PRIu64, mms__load_uint(at, type->size));
}

/* The fewest digits that read back as the same number. */
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
    if (strchr(text, ',')) /* the program has set a locale */
        *strchr(text, ',') = '.';
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

/* ---- Compounds ---- */

static void print_fields(const mms_type_field *fields, size_t count, int shape, const char *at, FILE *out)
{
    if (shape == MMS_SHAPE_UNIT) {
        fputs("null", out);
        return;
    }
    if (shape == MMS_SHAPE_TUPLE && count == 1) {
        print(fields[0].type, at + fields[0].offset, out);
        return;
    }
    putc(shape == MMS_SHAPE_NAMED ? '{' : '[', out);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            putc(',', out);
        if (shape == MMS_SHAPE_NAMED)
            fprintf(out, "\"%s\":", fields[i].name);
        print(fields[i].type, at + fields[i].offset, out);
    }
    putc(shape == MMS_SHAPE_NAMED ? '}' : ']', out);
}

static void print_variant(const mms_type *type, const char *at, FILE *out)
{
    const mms_type_variant *variant = &type->variants[mms__load_uint(at, type->tag_size)];

    if (type->kind == MMS_T_OPTION) {
        if (variant->count > 0)
            print(variant->fields[0].type, at + variant->fields[0].offset, out);
        else
            fputs("null", out);
        return;
    }
    if (variant->shape == MMS_SHAPE_UNIT) {
        fprintf(out, "\"%s\"", variant->name);
        return;
    }
    fprintf(out, "{\"%s\":", variant->name);
    print_fields(variant->fields, variant->count, variant->shape, at, out);
    putc('}', out);
}

static void print_items(const mms_type *item, const char *at, uint64_t count, FILE *out)
{
    putc('[', out);
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0)
            putc(',', out);
        print(item, at + i * item->size, out);
    }
    putc(']', out);
}

/* Keys of objects are text. */
static void print_key(const mms_type *type, const char *at, FILE *out)
{
    bool quote = type->kind != MMS_T_STRING && type->kind != MMS_T_CHAR;

    if (quote)
        putc('"', out);
    print(type, at, out);
    if (quote)
        putc('"', out);
}

static void print_entry(const mms_type *entry, const char *at, bool first, FILE *out)
{
    if (!first)
        putc(',', out);
    print_key(entry->fields[0].type, at + entry->fields[0].offset, out);
    putc(':', out);
    print(entry->fields[1].type, at + entry->fields[1].offset, out);
}

static void print_map(const mms_type *type, const char *at, FILE *out)
{
    uint64_t count = mms__load_count(type, at);
    const char *entries = mms__follow(type, at + 2 * mms__word_size(type));

    putc('{', out);
    for (uint64_t i = 0; i < count; i++)
        print_entry(type->first, entries + i * type->first->size, i == 0, out);
    putc('}', out);
}

static void print_tree(const mms_type *type, const char *at, FILE *out)
{
    mms_tree_cursor cursor;
    const char *entry = mms_tree_seek(type, at, NULL, &cursor);

    putc('{', out);
    for (bool first = true; entry; first = false) {
        print_entry(type->first, entry, first, out);
        entry = mms_tree_next(type, &cursor);
    }
    putc('}', out);
}

static void print_set(const mms_type *type, const char *at, FILE *out)
{
    const mms_type *key = type->first->fields[0].type;

    print_items(key, mms__follow(type, at + 2 * mms__word_size(type)), mms__load_count(type, at), out);
}

static void print_pointed_text(const mms_type *type, const char *at, FILE *out)
{
    mms_str text = {mms__follow(type, at), (size_t)mms__load_count(type, at + mms__word_size(type))};

    print_text(text, out);
}

static void print(const mms_type *type, const char *at, FILE *out)
{
    switch (type->kind) {
    case MMS_T_UNIT: fputs("null", out); break;
    case MMS_T_BOOL: fputs(*at ? "true" : "false", out); break;
    case MMS_T_CHAR: print_char((uint32_t)mms__load_uint(at, 4), out); break;
    case MMS_T_DURATION:
        fprintf(out, "{\"secs\":%" PRIu64 ",\"nanos\":%" PRIu64 "}", mms__load_uint(at, 8), mms__load_uint(at + 8, 4));
        break;
    case MMS_T_STRING: print_text(mms__load_string(type, at), out); break;
    case MMS_T_BOX_STR: print_pointed_text(type, at, out); break;
    case MMS_T_BOX: print(type->first, mms__follow(type, at), out); break;
    case MMS_T_VEC:
        print_items(type->first, mms__follow(type, at), mms__load_count(type, at + mms__word_size(type)), out);
        break;
    case MMS_T_ARRAY: print_items(type->first, at, type->count, out); break;
    case MMS_T_STRUCT: print_fields(type->fields, type->count, type->shape, at, out); break;
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: print_variant(type, at, out); break;
    case MMS_T_MAP: print_map(type, at, out); break;
    case MMS_T_SET: print_set(type, at, out); break;
    case MMS_T_TREE: print_tree(type, at, out); break;
    default: print_number(type, at, out); break;
    }
}

int mms_archive_print(const mms_type *type, const void *value, FILE *stream)
{
    errno = 0;
    print(type, value, stream);
    if (!ferror(stream))
        return 0;
    return errno > 0 ? -errno : -EIO;
}
