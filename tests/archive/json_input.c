/* SPDX-License-Identifier: Apache-2.0 */
#include "json_input.h"
#include "archive/load.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct json_memory {
    struct json_memory *next;
    max_align_t bytes[];
};

static bool fail(struct json_input *in, const char *problem)
{
    if (!in->problem)
        in->problem = problem;
    return false;
}

static void *allocate(struct json_input *in, size_t size)
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

static char peek(struct json_input *in)
{
    while (isspace((unsigned char)*in->at))
        in->at++;
    return *in->at;
}

static bool take(struct json_input *in, char c)
{
    if (peek(in) != c)
        return false;
    in->at++;
    return true;
}

static bool take_word(struct json_input *in, const char *word)
{
    size_t size = strlen(word);

    peek(in);
    if (strncmp(in->at, word, size) != 0)
        return false;
    in->at += size;
    return true;
}

static bool expect(struct json_input *in, char c)
{
    return take(in, c) || fail(in, "a mark is missing");
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

/* Behind "\\". */
static bool take_hex(struct json_input *in, uint32_t *code)
{
    char digits[5] = {0};

    if (*in->at != 'u' || strspn(in->at + 1, "0123456789abcdefABCDEF") < 4)
        return fail(in, "a text has an escape that is none");
    memcpy(digits, in->at + 1, 4);
    in->at += 5;
    *code = (uint32_t)strtoul(digits, NULL, 16);
    return true;
}

/* The bytes that it gives, of which there are no more than it takes; 0: see problem. */
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

static bool take_text(struct json_input *in, mms_str *out)
{
    const char *end;
    char *text;
    size_t size = 0;

    if (!expect(in, '"'))
        return false;
    for (end = in->at; *end && *end != '"'; end++)
        if (*end == '\\' && end[1])
            end++;
    text = allocate(in, (size_t)(end - in->at) + 4);
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
    return expect(in, '"');
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
        mms__store_uint(out, size, low);
}

/* Digits into 128 bits; a quoted number too, as keys are. */
static bool take_integer(struct json_input *in, size_t size, void *out)
{
    bool quoted = take(in, '"'), negative;
    uint64_t low = 0, high = 0;

    negative = take(in, '-');
    if (!isdigit((unsigned char)*in->at))
        return fail(in, "a number is missing");
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
    return !quoted || expect(in, '"');
}

static bool take_float(struct json_input *in, int kind, void *out)
{
    uint64_t bits;
    double value;
    float narrow;
    char *end;

    if (take(in, '"')) {
        bits = strtoull(in->at, &end, 16);
        in->at = end;
        mms__store_uint(out, kind == MMS_T_F32 ? 4 : 8, bits);
        return expect(in, '"');
    }
    peek(in);
    if (kind == MMS_T_F32) {
        narrow = strtof(in->at, &end);
        memcpy(out, &narrow, sizeof narrow);
    } else {
        value = strtod(in->at, &end);
        memcpy(out, &value, sizeof value);
    }
    if (end == in->at)
        return fail(in, "a number is missing");
    in->at = end;
    return true;
}

static bool take_char(struct json_input *in, void *out)
{
    mms_str text;
    const unsigned char *b;
    uint32_t c;

    if (peek(in) != '"')
        return take_integer(in, 4, out);
    if (!take_text(in, &text) || text.size == 0)
        return fail(in, "a character is missing");
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

static bool take_bool(struct json_input *in, void *out)
{
    bool quoted = take(in, '"');
    unsigned char value = take_word(in, "true") ? 1 : take_word(in, "false") ? 0 : 2;

    memcpy(out, &value, 1);
    return value < 2 ? !quoted || expect(in, '"') : fail(in, "a bool is missing");
}

/* ---- Compounds ---- */

static bool take_named_fields(struct json_input *in, const mms_type_field *fields, size_t count, char *out)
{
    size_t found = 0;

    if (!expect(in, '{'))
        return false;
    while (!take(in, '}')) {
        mms_str name;
        size_t i = 0;

        if ((found > 0 && !expect(in, ',')) || !take_text(in, &name) || !expect(in, ':'))
            return false;
        while (i < count && !mms_str_equal(name, mms_str_of(fields[i].name)))
            i++;
        if (i == count)
            return fail(in, "there is no such field");
        if (!json_input(in, fields[i].type, out + fields[i].input_offset))
            return false;
        found++;
    }
    return found == count || fail(in, "a field is missing");
}

static bool take_fields(struct json_input *in, const mms_type_field *fields, size_t count, int shape, char *out)
{
    if (shape == MMS_SHAPE_NAMED)
        return take_named_fields(in, fields, count, out);
    if (shape == MMS_SHAPE_UNIT)
        return take_word(in, "null") || fail(in, "null is missing");
    if (count == 1)
        return json_input(in, fields[0].type, out + fields[0].input_offset);
    if (!expect(in, '['))
        return false;
    for (size_t i = 0; i < count; i++)
        if ((i > 0 && !expect(in, ',')) || !json_input(in, fields[i].type, out + fields[i].input_offset))
            return false;
    return expect(in, ']');
}

static bool take_variant(struct json_input *in, const mms_type *type, char *out)
{
    bool object = take(in, '{');
    mms_str name;
    uint32_t tag = 0;

    if (!take_text(in, &name) || (object && !expect(in, ':')))
        return false;
    while (tag < type->count && !mms_str_equal(name, mms_str_of(type->variants[tag].name)))
        tag++;
    if (tag == type->count)
        return fail(in, "there is no such variant");
    if (type->kind == MMS_T_ENUM)
        memcpy(out, &tag, 4);
    else
        *out = (char)tag;
    if (!object)
        return true;
    return take_fields(in, type->variants[tag].fields, type->variants[tag].count, type->variants[tag].shape, out) &&
           expect(in, '}');
}

static bool take_option(struct json_input *in, const mms_type *type, char *out)
{
    const mms_type_field *value = &type->variants[1].fields[0];
    const char *start;

    if (take_word(in, "null") || take_word(in, "\"None\"")) {
        *out = 0;
        return true;
    }
    *out = 1;
    start = in->at;
    if (take(in, '{') && take_word(in, "\"Some\"") && take(in, ':'))
        return json_input(in, value->type, out + value->input_offset) && expect(in, '}');
    in->at = start;
    return json_input(in, value->type, out + value->input_offset);
}

/* One element after the other, of a container that ends with a mark. */
static bool take_items(struct json_input *in, const mms_type *item, char close, mms_items *items,
                       bool (*one)(struct json_input *, const mms_type *, void *))
{
    size_t room = 4, size = item->input_size;
    char *data = allocate(in, room * size);

    items->count = 0;
    while (!take(in, close)) {
        if (items->count == room) {
            char *more = allocate(in, 2 * room * size);

            memcpy(more, data, room * size);
            data = more;
            room *= 2;
        }
        if ((items->count > 0 && !expect(in, ',')) || !one(in, item, data + items->count * size))
            return false;
        items->count++;
    }
    items->data = data;
    return true;
}

static bool take_entry(struct json_input *in, const mms_type *entry, void *out)
{
    char *bytes = out;

    return json_input(in, entry->fields[0].type, bytes + entry->fields[0].input_offset) && expect(in, ':') &&
           json_input(in, entry->fields[1].type, bytes + entry->fields[1].input_offset);
}

static bool take_member(struct json_input *in, const mms_type *entry, void *out)
{
    return json_input(in, entry->fields[0].type, out);
}

static bool take_container(struct json_input *in, const mms_type *type, void *out)
{
    mms_items items = {NULL, 0};
    bool object = type->kind == MMS_T_MAP || type->kind == MMS_T_TREE;

    if (!expect(in, object ? '{' : '['))
        return false;
    if (!take_items(in, type->first, object ? '}' : ']', &items,
                    object                    ? take_entry
                    : type->kind == MMS_T_SET ? take_member
                                              : json_input))
        return false;
    memcpy(out, &items, sizeof items);
    return true;
}

static bool take_array(struct json_input *in, const mms_type *type, char *out)
{
    if (!expect(in, '['))
        return false;
    for (size_t i = 0; i < type->count; i++)
        if ((i > 0 && !expect(in, ',')) || !json_input(in, type->first, out + i * type->first->input_size))
            return false;
    return expect(in, ']');
}

static bool take_duration(struct json_input *in, void *out)
{
    mms_duration duration = {0, 0};
    bool array = take(in, '[');

    if (!array && !(expect(in, '{') && take_word(in, "\"secs\"") && expect(in, ':')))
        return false;
    if (!take_integer(in, 8, &duration.secs) || !expect(in, ',') ||
        (!array && !(take_word(in, "\"nanos\"") && expect(in, ':'))) || !take_integer(in, 4, &duration.nanos))
        return fail(in, "a duration is missing");
    memcpy(out, &duration, sizeof duration);
    return expect(in, array ? ']' : '}');
}

static bool take_box(struct json_input *in, const mms_type *type, void *out)
{
    void *inner = allocate(in, type->first->input_size);

    memcpy(out, &inner, sizeof inner);
    return json_input(in, type->first, inner);
}

bool json_input(struct json_input *in, const mms_type *type, void *out)
{
    mms_str text;

    switch (type->kind) {
    case MMS_T_UNIT: return take_word(in, "null") || fail(in, "null is missing");
    case MMS_T_BOOL: return take_bool(in, out);
    case MMS_T_F32:
    case MMS_T_F64: return take_float(in, type->kind, out);
    case MMS_T_CHAR: return take_char(in, out);
    case MMS_T_DURATION: return take_duration(in, out);
    case MMS_T_STRING:
    case MMS_T_BOX_STR:
        if (!take_text(in, &text))
            return false;
        memcpy(out, &text, sizeof text);
        return true;
    case MMS_T_BOX: return take_box(in, type, out);
    case MMS_T_ARRAY: return take_array(in, type, out);
    case MMS_T_STRUCT: return take_fields(in, type->fields, type->count, type->shape, out);
    case MMS_T_ENUM:
    case MMS_T_RESULT: return take_variant(in, type, out);
    case MMS_T_OPTION: return take_option(in, type, out);
    case MMS_T_VEC:
    case MMS_T_MAP:
    case MMS_T_SET:
    case MMS_T_TREE: return take_container(in, type, out);
    default: return take_integer(in, type->input_size, out);
    }
}
