/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/set/input.h"
#include <string.h>

/* One element, or one entry of a map; `index` is how many came before. */
typedef bool read_one(struct literal *literal, const mms_type *type, size_t index, void *out);

static bool read_item(struct literal *literal, const mms_type *type, size_t index, void *out)
{
    return input_read_part(literal, (struct literal_crumb){.what = CRUMB_INDEX, .index = index}, type, out);
}

/* ---- Entries of maps ---- */

/* Is a key a number or a bool, which JSON puts in quotes? */
static bool is_quoted_number(const mms_type *key)
{
    while (key->kind == MMS_T_BOX || (key->kind == MMS_T_STRUCT && key->shape == MMS_SHAPE_TUPLE && key->count == 1))
        key = key->kind == MMS_T_BOX ? key->first : key->fields[0].type;
    return key->kind > MMS_T_UNIT && key->kind < MMS_T_CHAR;
}

static bool read_quoted_number(struct literal *literal, const mms_type *key, void *out)
{
    struct literal inside = *literal;
    mms_str text;
    bool good;

    if (!literal_text(literal, &text))
        return false;
    inside.at = text.data;
    inside.end = text.data + text.size;
    inside.room = literal->room;
    good =
        input_read(&inside, key, out) && (literal_at_end(&inside) || literal_expected(&inside, "the end of the key"));
    literal->blocks = inside.blocks;
    return good || literal_fail(literal, "%s", inside.problem);
}

/* The text between here and what was read last, without its quotes. */
static mms_str text_since(const struct literal *literal, const char *from)
{
    mms_str text = {from, (size_t)(literal->at - from)};

    if (text.size > 1 && *from == '"')
        text = (mms_str){from + 1, text.size - 2};
    return text;
}

/* A key, a mark and its value. */
static bool read_entry(struct literal *literal, const mms_type *entry, char mark, void *out)
{
    const mms_type_field *key = &entry->fields[0], *value = &entry->fields[1];
    const bool quoted = mark == ':' && is_quoted_number(key->type);
    const char *from = (literal_peek(literal), literal->at);
    char *bytes = out;
    mms_str text;

    if (!(quoted ? read_quoted_number : input_read)(literal, key->type, bytes + key->input_offset))
        return false;
    text = text_since(literal, from);
    return literal_mark(literal, mark) &&
           input_read_part(literal, (struct literal_crumb){.what = CRUMB_KEY, .text = text}, value->type,
                           bytes + value->input_offset);
}

static bool read_member(struct literal *literal, const mms_type *entry, size_t index, void *out)
{
    (void)index;
    return read_entry(literal, entry, ':', out);
}

/* Of a map whose keys are no text. */
static bool read_pair(struct literal *literal, const mms_type *entry, size_t index, void *out)
{
    (void)index;
    return literal_mark(literal, '[') && read_entry(literal, entry, ',', out) && literal_mark(literal, ']');
}

static bool read_key(struct literal *literal, const mms_type *entry, size_t index, void *out)
{
    return read_item(literal, entry->fields[0].type, index, out);
}

/* ---- Containers ---- */

/* Room for twice as many. */
static char *grow(struct literal *literal, const char *data, size_t room, size_t size)
{
    char *more = literal_allocate(literal, 2 * room * size);

    if (more && room * size > 0)
        memcpy(more, data, room * size);
    return more;
}

static bool read_items(struct literal *literal, const mms_type *item, char close, read_one *one, mms_items *items)
{
    size_t room = 4, size = item->input_size, count = 0;
    char *data = literal_allocate(literal, room * size);

    while (data && !literal_take(literal, close)) {
        if (count == room) {
            data = grow(literal, data, room, size);
            room *= 2;
        }
        if (!data || (count > 0 && !literal_mark(literal, ',')) || !one(literal, item, count, data + count * size))
            return false;
        count++;
    }
    *items = (mms_items){data, count};
    return data != NULL;
}

static bool read_map(struct literal *literal, const mms_type *type, mms_items *items)
{
    if (literal_peek(literal) == '{')
        return literal_mark(literal, '{') && read_items(literal, type->first, '}', read_member, items);
    return literal_mark(literal, '[') && read_items(literal, type->first, ']', read_pair, items);
}

static bool read_container(struct literal *literal, const mms_type *type, void *out)
{
    mms_items items = {NULL, 0};
    bool good;

    if (type->kind == MMS_T_MAP || type->kind == MMS_T_TREE)
        good = read_map(literal, type, &items);
    else
        good = literal_mark(literal, '[') &&
               read_items(literal, type->first, ']', type->kind == MMS_T_VEC ? read_item : read_key, &items);
    memcpy(out, &items, sizeof items);
    return good;
}

static bool read_box(struct literal *literal, const mms_type *type, void *out)
{
    void *inner = literal_allocate(literal, type->first->input_size);

    memcpy(out, &inner, sizeof inner);
    return inner && input_read(literal, type->first, inner);
}

bool input_container(struct literal *literal, const mms_type *type, void *out)
{
    bool good;

    if (literal->depth == MMS_ARCHIVE_DEPTH)
        return literal_fail(literal, "values are nested more than %d deep", MMS_ARCHIVE_DEPTH);
    literal->depth++;
    good = type->kind == MMS_T_BOX ? read_box(literal, type, out) : read_container(literal, type, out);
    literal->depth--;
    return good;
}
