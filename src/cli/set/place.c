/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/set/place.h"
#include "cli/set/input.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool place_fail(struct path *path, const char *format, ...)
{
    int length = (int)(path->at - path->text);
    char what[300];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (length == 0)
        snprintf(path->problem, sizeof path->problem, "%s", what);
    else
        snprintf(path->problem, sizeof path->problem, "%.*s: %s", length > 90 ? 90 : length, path->text, what);
    return false;
}

/* ---- Archived bytes ---- */

static uint64_t get_uint(const void *at, size_t size)
{
    uint64_t eight;
    uint32_t four;
    uint16_t two;

    switch (size) {
    case 1: return *(const unsigned char *)at;
    case 2: memcpy(&two, at, sizeof two); return two;
    case 4: memcpy(&four, at, sizeof four); return four;
    default: memcpy(&eight, at, sizeof eight); return eight;
    }
}

static size_t word_size(const mms_type *type)
{
    return type->flags & MMS_TF_WIDE ? 8 : 4;
}

static const char *follow(const mms_type *type, const char *at)
{
    uint64_t word = get_uint(at, word_size(type));

    return mms__at(at, type->flags & MMS_TF_WIDE ? (int64_t)word : (int64_t)(int32_t)(uint32_t)word);
}

/* ---- What is not seen ---- */

static void open_boxes(struct place *place)
{
    while (place->type->kind == MMS_T_BOX)
        *place = (struct place){place->type->first, follow(place->type, place->self)};
}

static bool open_option(struct place *place, struct path *path)
{
    const mms_type_field *content = &place->type->variants[1].fields[0];

    if (get_uint(place->self, place->type->tag_size) == 0)
        return place_fail(path, "it is null now, so there is nothing in it; %s",
                          place->type->flags & MMS_TF_LEAF ? "set all of it" : "publish a whole value");
    *place = (struct place){content->type, place->self + content->offset};
    return true;
}

/* ---- Names ---- */

/* The name at *at, which is moved behind it. */
static mms_str take_name(const char **at)
{
    mms_str name = {*at, strcspn(*at, ".[{=")};

    *at += name.size;
    return name;
}

static const mms_type_field *field_named(const mms_type_field *fields, size_t count, mms_str name)
{
    for (size_t i = 0; i < count; i++)
        if (mms_str_equal(name, mms_str_of(fields[i].name)))
            return &fields[i];
    return NULL;
}

static bool fail_field(struct path *path, const char *what, const mms_type_field *fields, size_t count)
{
    char names[160] = "";
    size_t used = 0;

    for (size_t i = 0; i < count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", fields[i].name);
    return place_fail(path, "%s has no such field; it has %s%s", what, count ? names : "none",
                      used < sizeof names ? "" : "...");
}

static void enter_field(struct place *place, const mms_type_field *field)
{
    *place = (struct place){field->type, place->self + field->offset};
}

static bool enter_struct(struct place *place, struct path *path, mms_str name)
{
    const mms_type_field *field = field_named(place->type->fields, place->type->count, name);

    if (!field)
        return fail_field(path, place->type->name, place->type->fields, place->type->count);
    enter_field(place, field);
    return true;
}

/* The variant that the value has, and then a field of it. */
static bool enter_variant(struct place *place, struct path *path, mms_str name)
{
    const mms_type *type = place->type;
    const mms_type_variant *variant = &type->variants[get_uint(place->self, type->tag_size)];
    const mms_type_field *field = NULL;
    const char *at = path->at + 1;

    if (!mms_str_equal(name, mms_str_of(variant->name)))
        return place_fail(path, "the value is %s now", variant->name);
    if (*path->at == '.')
        field = field_named(variant->fields, variant->count, take_name(&at));
    if (field)
        path->at = at;
    else if (variant->count == 1 && variant->shape == MMS_SHAPE_TUPLE)
        field = &variant->fields[0];
    else
        return fail_field(path, variant->name, variant->fields, variant->count);
    enter_field(place, field);
    return true;
}

static bool enter_name(struct place *place, struct path *path)
{
    mms_str name = take_name(&path->at);

    if (place->type->kind == MMS_T_STRUCT)
        return enter_struct(place, path, name);
    if (place->type->kind == MMS_T_ENUM || place->type->kind == MMS_T_RESULT)
        return enter_variant(place, path, name);
    return place_fail(path, "%s has no fields", place->type->name);
}

/* ---- Elements ---- */

static bool take_index(struct path *path, uint64_t *index)
{
    size_t digits = strspn(path->at + 1, "0123456789");
    const char *from = path->at + 1;

    path->at += 1 + digits + (from[digits] == ']');
    if (digits == 0 || digits > 18 || from[digits] != ']')
        return place_fail(path, "an index is a number in brackets: [0]");
    *index = strtoull(from, NULL, 10);
    return true;
}

static bool enter_item(struct place *place, struct path *path)
{
    const mms_type *type = place->type;
    const char *first = place->self;
    uint64_t count = type->count, index = 0;

    if (!take_index(path, &index))
        return false;
    if (type->kind == MMS_T_VEC) {
        count = get_uint(place->self + word_size(type), word_size(type));
        first = follow(type, place->self);
    } else if (type->kind != MMS_T_ARRAY) {
        return place_fail(path, "%s has no elements", type->name);
    }
    if (index >= count)
        return place_fail(path, "%s has %llu elements now, and none can be added in place; publish a whole value",
                          type->name, (unsigned long long)count);
    *place = (struct place){type->first, first + (size_t)index * type->first->size};
    return true;
}

/* ---- Keys ---- */

/* Text may stand alone, up to the brace; what begins as JSON ends as JSON does. */
static bool read_key(struct path *path, const mms_type *type, struct literal *literal, void *key)
{
    const char *from = path->at + 1, *brace = strchr(from, '}'), *end = from + strlen(from);
    bool good;

    literal->at = from;
    literal->alone = !strchr("\"[{", *from);
    literal->end = literal->alone && brace ? brace : end;
    good = input_read(literal, type, key);
    literal->end = end;
    good = good && literal_take(literal, '}');
    path->at = good ? literal->at : brace ? brace + 1 : end;
    return good ||
           place_fail(path, "%s", *literal->problem ? literal->problem : "a key is to be in braces, as {42} or {name}");
}

static bool find_entry(struct place *place, struct path *path, void *key)
{
    const mms_type *type = place->type;
    const mms_type_field *value = &type->first->fields[1];
    const char *entry;

    entry = type->kind == MMS_T_MAP ? mms_map_find(type, place->self, key) : mms_tree_find(type, place->self, key);
    if (!entry)
        return place_fail(path, "there is no such key, and none can be added in place; publish a whole value");
    *place = (struct place){value->type, entry + value->offset};
    return true;
}

static bool enter_key(struct place *place, struct path *path)
{
    const mms_type *type = place->type;
    struct literal literal = {.at = path->at};
    char *room;
    void *key;
    bool good;

    if (type->kind == MMS_T_SET || type->kind == MMS_T_TREE_SET)
        return place_fail(path, "%s has keys alone, and keys cannot change in place; publish a whole value",
                          type->name);
    if (type->kind != MMS_T_MAP && type->kind != MMS_T_TREE)
        return place_fail(path, "%s has no keys", type->name);
    room = literal.room = malloc(strlen(path->at) + 1);
    key = calloc(1, type->first->input_size + 1);
    good = room && key ? read_key(path, type->first->fields[0].type, &literal, key) && find_entry(place, path, key)
                       : place_fail(path, "memory is short");
    free(room);
    free(key);
    return good;
}

/* ---- Paths ---- */

/* "Board.items" is "items": so errors of the library, and of `verify`, name places. */
static void skip_root(const struct place *place, struct path *path)
{
    size_t size = strlen(place->type->name);

    if (strncmp(path->at, place->type->name, size) == 0 && path->at[size] && strchr(".[{=", path->at[size]) &&
        !(place->type->kind == MMS_T_STRUCT &&
          field_named(place->type->fields, place->type->count, (mms_str){path->at, size})))
        path->at += size;
}

static bool enter(struct place *place, struct path *path)
{
    bool first = path->at == path->text;

    open_boxes(place);
    while (place->type->kind == MMS_T_OPTION) {
        if (!open_option(place, path))
            return false;
        open_boxes(place);
    }
    switch (*path->at) {
    case '[': return enter_item(place, path);
    case '{': return enter_key(place, path);
    case '.': path->at++; return enter_name(place, path);
    default: break;
    }
    if (first)
        return enter_name(place, path);
    path->at += strcspn(path->at, "=");
    return place_fail(path, "a path goes on with .NAME, [INDEX] or {KEY}");
}

bool place_find(struct place *place, struct path *path)
{
    path->at = path->text;
    skip_root(place, path);
    if (path->at == path->text && strncmp(path->at, ".=", 2) == 0)
        path->at++;
    while (*path->at && *path->at != '=')
        if (!enter(place, path))
            return false;
    open_boxes(place);
    return *path->at == '=' || place_fail(path, "the value is missing: PATH=VALUE");
}
