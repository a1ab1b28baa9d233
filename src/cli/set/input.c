/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of JSON is that which `read --json` prints. */
#include "cli/set/input.h"
#include <stdlib.h>
#include <string.h>

static struct literal_crumb named(const char *name)
{
    return (struct literal_crumb){.what = CRUMB_NAME, .text = mms_str_of(name)};
}

static struct literal_crumb numbered(size_t index)
{
    return (struct literal_crumb){.what = CRUMB_INDEX, .index = index};
}

bool input_read_part(struct literal *literal, struct literal_crumb crumb, const mms_type *type, void *out)
{
    bool good;

    crumb.outer = literal->crumb;
    literal->crumb = &crumb;
    good = input_read(literal, type, out);
    literal->crumb = crumb.outer;
    return good;
}

/* ---- Fields ---- */

static size_t find_field(const mms_type_field *fields, size_t count, mms_str name)
{
    size_t i = 0;

    while (i < count && !mms_str_equal(name, mms_str_of(fields[i].name)))
        i++;
    return i;
}

static bool fail_missing(struct literal *literal, const mms_type_field *fields, size_t count, const bool *given)
{
    literal->token = literal->at - 1; /* the brace that ends them */
    for (size_t i = 0; i < count; i++)
        if (!given[i])
            return literal_fail(literal, "the field %s is missing", fields[i].name);
    return true;
}

static bool read_one_named(struct literal *literal, const mms_type_field *fields, size_t count, bool *given, char *out)
{
    mms_str name;
    size_t i;

    if (!literal_text(literal, &name))
        return false;
    i = find_field(fields, count, name);
    if (i == count)
        return literal_fail(literal, "there is no field '%.*s'", (int)name.size, name.data);
    if (given[i])
        return literal_fail(literal, "the field %s is there twice", fields[i].name);
    given[i] = true;
    return literal_mark(literal, ':') &&
           input_read_part(literal, named(fields[i].name), fields[i].type, out + fields[i].input_offset);
}

static bool read_named(struct literal *literal, const mms_type_field *fields, size_t count, char *out)
{
    bool *given = calloc(count + 1, sizeof *given);
    bool good = given && literal_mark(literal, '{');

    for (size_t i = 0; good && !literal_take(literal, '}'); i++)
        good = (i == 0 || literal_mark(literal, ',')) && read_one_named(literal, fields, count, given, out);
    if (!given)
        literal_fail(literal, "memory is short");
    good = good && fail_missing(literal, fields, count, given);
    free(given);
    return good;
}

static bool read_fields(struct literal *literal, const mms_type_field *fields, size_t count, int shape, char *out)
{
    if (shape == MMS_SHAPE_NAMED)
        return read_named(literal, fields, count, out);
    if (shape == MMS_SHAPE_UNIT)
        return literal_take_word(literal, "null") || literal_expected(literal, "null");
    if (count == 1)
        return input_read(literal, fields[0].type, out + fields[0].input_offset);
    if (!literal_mark(literal, '['))
        return false;
    for (size_t i = 0; i < count; i++)
        if ((i > 0 && !literal_mark(literal, ',')) ||
            !input_read_part(literal, named(fields[i].name), fields[i].type, out + fields[i].input_offset))
            return false;
    return literal_mark(literal, ']');
}

static bool read_array(struct literal *literal, const mms_type *type, char *out)
{
    if (!literal_mark(literal, '['))
        return false;
    for (size_t i = 0; i < type->count; i++)
        if ((i > 0 && !literal_mark(literal, ',')) ||
            !input_read_part(literal, numbered(i), type->first, out + i * type->first->input_size))
            return false;
    return literal_mark(literal, ']');
}

/* ---- Variants ---- */

static bool fail_variant(struct literal *literal, const mms_type *type, mms_str name)
{
    char names[120];
    size_t used = 0;

    for (size_t i = 0; i < type->count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", type->variants[i].name);
    return literal_fail(literal, "%s has no variant '%.*s', but %s%s", type->name, (int)name.size, name.data, names,
                        used < sizeof names ? "" : "...");
}

static void put_tag(const mms_type *type, uint32_t tag, char *out)
{
    if (type->kind == MMS_T_ENUM)
        memcpy(out, &tag, sizeof tag);
    else
        *out = (char)tag;
}

static bool read_content(struct literal *literal, const mms_type_variant *variant, char *out)
{
    struct literal_crumb crumb = named(variant->name);
    bool good;

    crumb.outer = literal->crumb;
    literal->crumb = &crumb;
    good = read_fields(literal, variant->fields, variant->count, variant->shape, out);
    literal->crumb = crumb.outer;
    return good;
}

/* "Name" or {"Name": fields} */
static bool read_variant(struct literal *literal, const mms_type *type, char *out)
{
    bool object = literal_take(literal, '{');
    const mms_type_variant *variant;
    uint32_t tag = 0;
    mms_str name;

    literal->alone &= !object;
    if (!literal_text(literal, &name) || (object && !literal_mark(literal, ':')))
        return false;
    while (tag < type->count && !mms_str_equal(name, mms_str_of(type->variants[tag].name)))
        tag++;
    if (tag == type->count)
        return fail_variant(literal, type, name);
    variant = &type->variants[tag];
    put_tag(type, tag, out);
    if (object)
        return read_content(literal, variant, out) && literal_mark(literal, '}');
    return variant->count == 0 ||
           literal_fail(literal, "the variant %s has fields: {\"%s\": ...}", variant->name, variant->name);
}

static bool read_option(struct literal *literal, const mms_type *type, char *out)
{
    const mms_type_field *content = &type->variants[1].fields[0];

    const bool is_none = literal_take_word(literal, "null");

    *out = is_none ? 0 : 1;
    return is_none || input_read(literal, content->type, out + content->input_offset);
}

/* ---- Scalars ---- */

static bool read_bool(struct literal *literal, unsigned char *out)
{
    *out = literal_take_word(literal, "true");
    return *out || literal_take_word(literal, "false") || literal_expected(literal, "true or false");
}

/* The code point of the only character, in UTF-8. */
static bool decode(const unsigned char *bytes, size_t size, uint32_t *out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t wanted = size == 0 ? 1 : bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;

    if (size != wanted || (wanted > 1 && (bytes[0] < 0xc0 || bytes[0] > 0xf4)))
        return false;
    *out = wanted == 1 ? bytes[0] : bytes[0] & (0xffu >> (wanted + 1));
    for (size_t i = 1; i < wanted; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return false;
        *out = *out << 6 | (bytes[i] & 0x3f);
    }
    return *out >= least[wanted] && *out <= 0x10ffff && (*out < 0xd800 || *out > 0xdfff);
}

static bool read_char(struct literal *literal, void *out)
{
    mms_str text;
    uint32_t code;

    if (!literal_text(literal, &text))
        return false;
    if (!decode((const unsigned char *)text.data, text.size, &code))
        return literal_fail(literal, "one character is expected, in UTF-8");
    memcpy(out, &code, sizeof code);
    return true;
}

static bool read_string(struct literal *literal, void *out)
{
    mms_str text;

    if (!literal_text(literal, &text))
        return false;
    memcpy(out, &text, sizeof text);
    return true;
}

/* {"secs": 1, "nanos": 500000000} */
static bool read_duration(struct literal *literal, void *out)
{
    static const mms_type secs = {.name = "u64", .kind = MMS_T_U64, .size = 8, .input_size = 8};
    static const mms_type nanos = {.name = "u32", .kind = MMS_T_U32, .size = 4, .input_size = 4};
    static const mms_type_field fields[] = {{"secs", &secs, 0, offsetof(mms_duration, secs)},
                                            {"nanos", &nanos, 0, offsetof(mms_duration, nanos)}};
    mms_duration duration = {0, 0};

    if (!read_named(literal, fields, 2, (char *)&duration))
        return false;
    if (duration.nanos >= 1000000000)
        return literal_fail(literal, "nanos is %lu, and is to be below 1000000000", (unsigned long)duration.nanos);
    memcpy(out, &duration, sizeof duration);
    return true;
}

bool input_read(struct literal *literal, const mms_type *type, void *out)
{
    literal_peek(literal);
    literal->token = literal->at;
    switch (type->kind) {
    case MMS_T_ENUM:
    case MMS_T_RESULT: return read_variant(literal, type, out);
    case MMS_T_OPTION: return read_option(literal, type, out);
    case MMS_T_BOOL: return read_bool(literal, out);
    case MMS_T_CHAR: return read_char(literal, out);
    case MMS_T_F32:
    case MMS_T_F64: return literal_float(literal, type, out);
    case MMS_T_STRING:
    case MMS_T_BOX_STR: return read_string(literal, out);
    default: break;
    }
    if (type->kind >= MMS_T_IPV4)
        return input_address(literal, type, out);
    if (type->kind >= MMS_T_U8 && type->kind <= MMS_T_ISIZE)
        return literal_integer(literal, type, out);
    if (type->kind == MMS_T_STRUCT && type->shape == MMS_SHAPE_TUPLE && type->count == 1)
        return read_fields(literal, type->fields, 1, type->shape, out);
    literal->alone = false; /* what is within others needs its quotes */
    switch (type->kind) {
    case MMS_T_DURATION: return read_duration(literal, out);
    case MMS_T_ARRAY: return read_array(literal, type, out);
    case MMS_T_STRUCT: return read_fields(literal, type->fields, type->count, type->shape, out);
    case MMS_T_UNIT: return literal_take_word(literal, "null") || literal_expected(literal, "null");
    default:
        return literal->whole ? input_container(literal, type, out)
                              : literal_fail(literal, "%s cannot be written here", type->name);
    }
}
