/* SPDX-License-Identifier: Apache-2.0 */
#include "archive/encoder.h"
#include "archive/utf8.h"
#include <errno.h>
#include <stdlib.h>

#undef mms__encode_no_memory
int mms__encode_no_memory(const struct mms__step *step)
{
    return mms__path_fail(-ENOMEM, MMS__ENCODE, step, "no memory");
}

/* ---- Words and room ---- */

int mms__encode_more_words(struct mms__encoder *e, const struct mms__step *step)
{
    size_t room = 2 * e->room;
    uint64_t *words = realloc(e->allocated, room * sizeof *words);

    if (!words)
        return mms__encode_no_memory(step);
    if (!e->allocated)
        memcpy(words, e->words, e->used * sizeof *words);
    e->words = e->allocated = words;
    e->room = room;
    return 0;
}

static int no_room(struct mms__encoder *e, size_t needed, const struct mms__step *step)
{
    if (e->grow)
        return e->grow(e, needed);
    return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, step, "the buffer has %zu bytes, and the archive is larger",
                          e->capacity);
}

int mms__encode_more_room(struct mms__encoder *e, size_t align, size_t size, size_t *at, const struct mms__step *step)
{
    size_t start = mms__round_up(e->position, align), end;
    int code;

    if (start < e->position || __builtin_add_overflow(start, size, &end) || end > SIZE_MAX / 2)
        return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, step, "the archive is larger than memory can be");
    if (e->base && end > e->capacity && (code = no_room(e, end, step)) != 0)
        return code;
    if (e->base && start > e->position)
        memset(e->base + e->position, 0, start - e->position);
    e->position = end;
    *at = start;
    return 0;
}

int mms__encode_reserve(struct mms__encoder *e, size_t align, size_t size, size_t count, size_t *at,
                        const struct mms__step *step)
{
    size_t bytes;
    int code;

    if (__builtin_mul_overflow(size, count, &bytes))
        return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, step, "the archive is larger than memory can be");
    code = mms__encode_room(e, align, bytes, at, step);
    if (code == 0 && e->base)
        mms__zero(e->base + *at, bytes);
    return code;
}

int mms__encode_too_far(int64_t offset, const struct mms__step *step)
{
    return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, step,
                          "a pointer would span %lld bytes, and offsets of 32 bits end at 2 GiB; "
                          "compile the schema with --offsets 64",
                          (long long)(offset < 0 ? -offset : offset));
}

int mms__encode_too_many(size_t count, const struct mms__step *step)
{
    return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, step,
                          "a length of %zu does not fit in 32 bits; compile the schema with --offsets 64", count);
}

/* ---- Children ---- */

static int write_text(struct mms__encoder *e, mms_str text, const struct mms__step *step)
{
    size_t at = 0;
    int code = mms__encode_room(e, 1, text.size, &at, step);

    if (code == 0 && e->base && text.size > 0)
        memcpy(e->base + at, text.data, text.size);
    return code == 0 ? mms__encode_push(e, at, step) : code;
}

int mms__encode_check_text(mms_str text, const struct mms__step *step)
{
    size_t valid;

    if (!text.data && text.size > 0)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, step, "data is NULL and size %zu", text.size);
    valid = mms__utf8_valid(text.data, text.size);
    if (valid < text.size)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, step, "the text is not UTF-8 at byte %zu", valid);
    return 0;
}

/* Has the text its place in the String itself? It is checked when it gets there. */
static inline bool is_short(const mms_type *type, const void *in)
{
    mms_str text;

    memcpy(&text, in, sizeof text);
    return text.size <= mms__inline_text(type);
}

static int deeper(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__step *step);

static int children_of_text(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__step *step)
{
    mms_str text;
    int code;

    if (type->kind == MMS_T_STRING && is_short(type, in))
        return 0;
    memcpy(&text, in, sizeof text);
    code =
        !e->base || (text.data && mms__is_short_ascii(text.data, text.size)) ? 0 : mms__encode_check_text(text, step);
    return code == 0 ? write_text(e, text, step) : code;
}

static int children_of_fields(struct mms__encoder *e, const mms_type_field *fields, size_t count, const void *in,
                              const struct mms__step *step)
{
    for (size_t i = 0; i < count; i++) {
        const mms_type *type = fields[i].type;
        const void *from = (const char *)in + fields[i].input_offset;
        struct mms__step field = mms__step_field(step, fields[i].name);
        int code;

        if (type->flags & MMS_TF_LEAF || (type->kind == MMS_T_STRING && is_short(type, from)))
            continue;
        code = type->kind == MMS_T_VEC ? deeper(e, type, from, &field) : mms__encode_children(e, type, from, &field);
        if (code != 0)
            return code;
    }
    return 0;
}

int mms__encode_variant(const mms_type *type, const void *in, const mms_type_variant **out,
                        const struct mms__step *step)
{
    uint64_t tag = mms__input_tag(type, in);

    if (tag >= type->count)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, step, "the tag is %llu, and %s has %zu variants",
                              (unsigned long long)tag, type->name, type->count);
    *out = &type->variants[tag];
    return 0;
}

static int children_of_variant(struct mms__encoder *e, const mms_type *type, const void *in,
                               const struct mms__step *step)
{
    const mms_type_variant *variant = NULL;
    struct mms__step inner;
    int code = mms__encode_variant(type, in, &variant, step);

    if (code != 0)
        return code;
    inner = mms__step_field(step, variant->name);
    return children_of_fields(e, variant->fields, variant->count, in, &inner);
}

static int children_of_all(struct mms__encoder *e, const mms_type *item, mms_items items, const struct mms__step *step)
{
    struct mms__step element = mms__step_index(step, 0);
    int code = 0;

    if (item->flags & MMS_TF_LEAF)
        return 0;
    if (item->kind == MMS_T_STRING) {
        for (; element.index < items.count && code == 0; element.index++)
            if (!is_short(item, mms__item(item, items, element.index)))
                code = children_of_text(e, item, mms__item(item, items, element.index), &element);
        return code;
    }
    for (; element.index < items.count && code == 0; element.index++)
        code = mms__encode_children(e, item, mms__item(item, items, element.index), &element);
    return code;
}

/* Elements side by side: their children, then themselves. *at is where the first one is. */
static int write_items(struct mms__encoder *e, const mms_type *item, mms_items items, size_t *at,
                       const struct mms__step *step)
{
    bool copy = (item->flags & MMS_TF_COPY) != 0;
    bool whole = copy || item->kind == MMS_T_STRING; /* no byte is left as it was */
    size_t mark = e->used;
    int code = children_of_all(e, item, items, step);

    if (code == 0)
        code = whole && items.count <= SIZE_MAX / (item->size | 1)
                   ? mms__encode_room(e, item->align, items.count * item->size, at, step)
                   : mms__encode_reserve(e, item->align, item->size, items.count, at, step);
    if (code != 0 || !e->base || item->size == 0)
        return code;
    if (copy) {
        if (items.count > 0)
            /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): there are items */
            memcpy(e->base + *at, items.data, items.count * item->size);
        return 0;
    }
    e->next = mark;
    code = mms__encode_values(e, item, items, *at, step);
    e->used = mark;
    return code;
}

static int children_of_items(struct mms__encoder *e, const mms_type *type, mms_items items,
                             const struct mms__step *step)
{
    size_t at;
    int code;

    if (!items.data && items.count > 0 && type->first->input_size > 0)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, step, "data is NULL and count %zu", items.count);
    if (type->first->size == 0 && items.count > MMS_ARCHIVE_UNITS)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, step, "%zu elements of no size, and the limit is %d",
                              items.count, MMS_ARCHIVE_UNITS);
    switch (type->kind) {
    case MMS_T_MAP:
    case MMS_T_SET: return mms__encode_map(e, type, items, step);
    case MMS_T_TREE: return mms__encode_tree(e, type, items, step);
    }
    code = write_items(e, type->first, items, &at, step);
    return code == 0 ? mms__encode_push(e, at, step) : code;
}

static int children_of_box(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__step *step)
{
    mms_items one = {NULL, 1};
    size_t at;
    int code;

    memcpy(&one.data, in, sizeof one.data);
    if (!one.data && type->first->input_size > 0)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, step, "the pointer is NULL");
    code = write_items(e, type->first, one, &at, step);
    return code == 0 ? mms__encode_push(e, at, step) : code;
}

static int deeper(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__step *step)
{
    int code;

    if (e->depth >= MMS_ARCHIVE_DEPTH)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, step, "values are nested more than %d deep",
                              MMS_ARCHIVE_DEPTH);
    e->depth++;
    code = type->kind == MMS_T_BOX ? children_of_box(e, type, in, step)
                                   : children_of_items(e, type, mms__load_items(in), step);
    e->depth--;
    return code;
}

static int children_of_array(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__step *step)
{
    struct mms__step element = mms__step_index(step, 0);
    mms_items items = {in, type->count};
    int code = 0;

    for (; element.index < type->count && code == 0; element.index++)
        code = mms__encode_children(e, type->first, mms__item(type->first, items, element.index), &element);
    return code;
}

int mms__encode_children(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__step *step)
{
    if (type->flags & MMS_TF_LEAF)
        return 0;
    switch (type->kind) {
    case MMS_T_STRING:
    case MMS_T_BOX_STR: return children_of_text(e, type, in, step);
    case MMS_T_STRUCT: return children_of_fields(e, type->fields, type->count, in, step);
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: return children_of_variant(e, type, in, step);
    case MMS_T_ARRAY: return children_of_array(e, type, in, step);
    default: return deeper(e, type, in, step);
    }
}
