/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/set/literal.h"
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What literal.h tells analyzers. */
#undef literal_fail
#undef literal_expected

enum { MOST_QUOTED = 40 }; /* bytes of the text in a message */

/* ---- Problems ---- */

/* Appends the text of a crumb to a place that has `used` bytes. */
static size_t add_crumb(char *place, size_t room, size_t used, const struct literal_crumb *crumb)
{
    const int size = (int)(crumb->text.size < room ? crumb->text.size : room);
    char *at = place + used;
    int added;

    if (crumb->what == CRUMB_INDEX)
        added = snprintf(at, room - used, "[%zu]", crumb->index);
    else if (crumb->what == CRUMB_KEY)
        added = snprintf(at, room - used, "{%.*s}", size, crumb->text.data);
    else
        added = snprintf(at, room - used, "%s%.*s", used > 0 ? "." : "", size, crumb->text.data);
    used += added > 0 ? (size_t)added : 0;
    return used < room ? used : room - 1;
}

/* Outermost first; a place that is too long loses its end. Returns how long it is. */
static size_t write_place(char *place, size_t room, const struct literal_crumb *crumb)
{
    return crumb ? add_crumb(place, room, write_place(place, room, crumb->outer), crumb) : 0;
}

static bool note_problem(struct literal *literal, const char *wrong, const char *format, va_list arguments)
{
    if (*literal->problem)
        return false;
    literal->wrong = wrong;
    write_place(literal->place, sizeof literal->place, literal->crumb);
    vsnprintf(literal->problem, sizeof literal->problem, format, arguments);
    return false;
}

static bool note_at(struct literal *literal, const char *wrong, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool note_at(struct literal *literal, const char *wrong, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note_problem(literal, wrong, format, arguments);
    va_end(arguments);
    return false;
}

bool literal_fail(struct literal *literal, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    note_problem(literal, literal->token ? literal->token : literal->at, format, arguments);
    va_end(arguments);
    return false;
}

/* What to quote of the text that is left: the next word or text, or, if it stands alone, all. */
static size_t quoted_size(const struct literal *literal)
{
    static const char marks[] = {'{', '}', '[', ']', ',', ':', '"', ' ', '\t', '\r', '\n'};
    enum { ALONE = 6 }; /* how many of them, from the first on, are words of their own */
    const size_t left = (size_t)(literal->end - literal->at);
    size_t size = 1;

    if (literal->alone || left == 0 || memchr(marks, *literal->at, ALONE))
        return literal->alone || left == 0 ? left : 1;
    if (*literal->at == '"') {
        while (size < left && literal->at[size] != '"' && literal->at[size] != '\n')
            size++;
        return size < left && literal->at[size] == '"' ? size + 1 : size;
    }
    while (size < left && !memchr(marks, literal->at[size], sizeof marks))
        size++;
    return size;
}

bool literal_expected(struct literal *literal, const char *format, ...)
{
    size_t size;
    char what[120];
    va_list arguments;

    literal_peek(literal);
    size = quoted_size(literal);
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (size == 0)
        return note_at(literal, literal->at, "%s is expected, and there is nothing", what);
    return note_at(literal, literal->at, "%s is expected, and not '%.*s%s'", what,
                   size > MOST_QUOTED ? MOST_QUOTED : (int)size, literal->at, size > MOST_QUOTED ? "..." : "");
}

/* ---- Memory ---- */

struct literal_block {
    struct literal_block *next;
    max_align_t bytes[];
};

void *literal_allocate(struct literal *literal, size_t size)
{
    struct literal_block *block = calloc(1, sizeof *block + size);

    if (!block) {
        literal_fail(literal, "memory is short");
        return NULL;
    }
    block->next = literal->blocks;
    literal->blocks = block;
    return block->bytes;
}

void literal_free(struct literal *literal)
{
    while (literal->blocks) {
        struct literal_block *next = literal->blocks->next;

        free(literal->blocks);
        literal->blocks = next;
    }
}

/* ---- Marks and words ---- */

char literal_peek(struct literal *literal)
{
    while (literal->at < literal->end && isspace((unsigned char)*literal->at))
        literal->at++;
    if (literal->at == literal->end)
        return '\0';
    return *literal->at;
}

bool literal_at_end(struct literal *literal)
{
    return literal_peek(literal) == '\0' && literal->at == literal->end; /* and not at a NUL */
}

bool literal_take(struct literal *literal, char c)
{
    if (literal_peek(literal) != c)
        return false;
    literal->at++;
    return true;
}

bool literal_take_word(struct literal *literal, const char *word)
{
    size_t size = strlen(word);

    literal_peek(literal);
    if ((size_t)(literal->end - literal->at) < size || memcmp(literal->at, word, size) != 0 ||
        (literal->at + size < literal->end && isalnum((unsigned char)literal->at[size])))
        return false;
    literal->at += size;
    return true;
}

bool literal_mark(struct literal *literal, char c)
{
    return literal_take(literal, c) || literal_expected(literal, "'%c'", c);
}

/* ---- Text ---- */

static size_t put_utf8(char *out, uint32_t c)
{
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = size; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(first[size] | c);
    return size;
}

/* The four digits of \uXXXX. */
static bool take_code(struct literal *literal, uint32_t *code)
{
    char digits[5] = {0};

    if (literal->end - literal->at < 4)
        return literal_fail(literal, "a text ends within an escape");
    memcpy(digits, literal->at, 4);
    if (strspn(digits, "0123456789abcdefABCDEF") < 4)
        return literal_fail(literal, "'\\u%s' in a text is no escape of JSON", digits);
    literal->at += 4;
    *code = (uint32_t)strtoul(digits, NULL, 16);
    return true;
}

/* Of two halves, if it is past 16 bits. */
static bool take_unicode(struct literal *literal, uint32_t *code)
{
    uint32_t low = 0;

    if (!take_code(literal, code))
        return false;
    if (*code < 0xd800 || *code > 0xdfff)
        return true;
    if (*code > 0xdbff || literal->end - literal->at < 2 || memcmp(literal->at, "\\u", 2) != 0)
        return literal_fail(literal, "'\\u%04x' in a text is half a character", (unsigned)*code);
    literal->at += 2;
    if (!take_code(literal, &low))
        return false;
    if (low < 0xdc00 || low > 0xdfff)
        return literal_fail(literal, "'\\u%04x' in a text is half a character", (unsigned)*code);
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* What is behind a backslash; its size in *size. It never has more bytes than were taken. */
static bool take_escape(struct literal *literal, char *out, size_t *size)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found = literal->at < literal->end && *literal->at ? strchr(from, *literal->at) : NULL;
    uint32_t code = 0;

    *size = 1;
    if (found) {
        literal->at++;
        *out = to[found - from];
        return true;
    }
    if (literal->at == literal->end || *literal->at != 'u')
        return literal_fail(literal, "a backslash in a text begins no escape of JSON");
    literal->at++;
    if (!take_unicode(literal, &code))
        return false;
    *size = put_utf8(out, code);
    return true;
}

static bool take_quoted(struct literal *literal, mms_str *out)
{
    size_t size = 0, more;

    literal->at++;
    while (literal->at < literal->end && *literal->at != '"') {
        if ((unsigned char)*literal->at < 0x20)
            return literal_fail(literal,
                                "a text has no closing quote before the control character that is to be \\u%04x",
                                (unsigned)*literal->at);
        if (*literal->at != '\\') {
            literal->room[size++] = *literal->at++;
            continue;
        }
        literal->at++;
        if (!take_escape(literal, literal->room + size, &more))
            return false;
        size += more;
    }
    if (literal->at == literal->end)
        return literal_fail(literal, "a text has no closing quote");
    literal->at++;
    *out = (mms_str){literal->room, size};
    literal->room += size;
    return true;
}

bool literal_text(struct literal *literal, mms_str *out)
{
    const bool quoted = literal_peek(literal) == '"';

    literal->token = literal->at;
    if (quoted)
        return take_quoted(literal, out);
    if (!literal->alone)
        return literal_expected(literal, "a text in quotes");
    *out = (mms_str){literal->at, (size_t)(literal->end - literal->at)};
    literal->at = literal->end;
    return true;
}

/* ---- Integers ---- */

/* A magnitude of 128 bits. */
struct wide {
    uint64_t high, low;
};

static bool is_signed(const mms_type *type)
{
    return (type->kind >= MMS_T_I8 && type->kind <= MMS_T_I128) || type->kind == MMS_T_ISIZE;
}

/* False if it would be over 128 bits. */
static bool append_digit(struct wide *wide, unsigned digit)
{
    uint64_t parts[4] = {(uint32_t)wide->low, wide->low >> 32, (uint32_t)wide->high, wide->high >> 32}, carry = digit;

    for (int i = 0; i < 4; i++) {
        carry += parts[i] * 10;
        parts[i] = (uint32_t)carry;
        carry >>= 32;
    }
    *wide = (struct wide){parts[3] << 32 | parts[2], parts[1] << 32 | parts[0]};
    return carry == 0;
}

/* The largest magnitude of numbers with that sign. */
static struct wide most(const mms_type *type, bool negative)
{
    unsigned bits = 8 * (unsigned)type->size - (is_signed(type) ? 1 : 0);
    struct wide wide = {.low = UINT64_MAX};

    if (bits <= 64)
        wide.low = UINT64_MAX >> (64 - bits);
    else
        wide.high = UINT64_MAX >> (128 - bits);
    if (!negative)
        return wide;
    if (!is_signed(type))
        return (struct wide){0, 0};
    wide.low++; /* -128 to 127 */
    wide.high += wide.low == 0;
    return wide;
}

static bool within(struct wide wide, struct wide limit)
{
    return wide.high < limit.high || (wide.high == limit.high && wide.low <= limit.low);
}

/* In the byte order of this machine. */
static void put_integer(void *out, size_t size, struct wide wide)
{
    const bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    const uint64_t halves[2] = {little ? wide.low : wide.high, little ? wide.high : wide.low};

    if (size == 16)
        memcpy(out, halves, sizeof halves);
    else
        memcpy(out, (const char *)&wide.low + (little ? 0 : 8 - size), size);
}

static bool fail_integer(struct literal *literal, const mms_type *type)
{
    const char *but = type->flags & MMS_TF_NON_ZERO ? " but 0" : "";
    struct wide top = most(type, false);

    if (type->size > 8)
        return literal_expected(literal, "a whole number that %s has room for", type->name);
    if (is_signed(type))
        return literal_expected(literal, "a whole number from -%llu to %llu%s", (unsigned long long)top.low + 1,
                                (unsigned long long)top.low, but);
    return literal_expected(literal, "a whole number from %d to %llu", *but ? 1 : 0, (unsigned long long)top.low);
}

/* False: none, or it is over 128 bits. */
static bool take_digits(const char **at, const char *end, struct wide *wide)
{
    const char *from = *at;
    bool fits = true;

    for (; *at < end && isdigit((unsigned char)**at); ++*at)
        fits &= append_digit(wide, (unsigned)(**at - '0'));
    return fits && *at > from;
}

bool literal_integer(struct literal *literal, const mms_type *type, void *out)
{
    bool negative = literal_peek(literal) == '-', good;
    const char *at = literal->at + negative;
    struct wide wide = {0, 0};

    good = take_digits(&at, literal->end, &wide) && within(wide, most(type, negative));
    if (good && at < literal->end && (isalnum((unsigned char)*at) || strchr(".+-_", *at)))
        good = false;
    if (!good || ((type->flags & MMS_TF_NON_ZERO) && !(wide.high | wide.low)))
        return fail_integer(literal, type);
    if (negative) {
        wide.low = ~wide.low + 1;
        wide.high = ~wide.high + (wide.low == 0);
    }
    put_integer(out, type->input_size, wide);
    literal->at = at;
    return true;
}

/* ---- Floats ---- */

static bool take_special(struct literal *literal, double *value)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"NaN", (double)NAN}, {"inf", (double)INFINITY}, {"-inf", (double)-INFINITY}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (literal_take_word(literal, words[i].word)) {
            *value = words[i].value;
            return true;
        }
    return false;
}

/* Digits with a point and an exponent, in what is left of the room: strtod takes more than that.
   NULL: something else is there. */
static const char *copy_number(const struct literal *literal)
{
    char *text = literal->room;
    size_t size = 0;

    while (literal->at + size < literal->end && literal->at[size] && strchr("0123456789+-.eE", literal->at[size]))
        size++;
    memcpy(text, literal->at, size);
    text[size] = '\0';
    return isdigit((unsigned char)text[*text == '-']) ? text : NULL;
}

bool literal_float(struct literal *literal, const mms_type *type, void *out)
{
    bool single = type->kind == MMS_T_F32;
    const char *text;
    char *end;
    double value = 0;
    float narrow;

    if (literal_peek(literal) == 'n' && literal_take_word(literal, "null"))
        return literal_fail(literal, "null is no %s; give NaN, inf or -inf, which 'read --json' prints as null",
                            type->name);
    if (!take_special(literal, &value)) {
        text = copy_number(literal);
        if (text)
            value = single ? (double)strtof(text, &end) : strtod(text, &end);
        if (!text || *end || !isfinite(value))
            return literal_expected(literal, "a number that %s has room for", type->name);
        literal->at += strlen(text);
    }
    narrow = (float)value;
    memcpy(out, single ? (const void *)&narrow : (const void *)&value, type->input_size);
    return true;
}
