/* SPDX-License-Identifier: Apache-2.0 */
/* The children of values, in order. A value that contains others stays open until they are
   written. Open values are in a list, because values may be nested too deeply for a thread's
   stack. */
#include "archive/encode/encoder.h"
#include <errno.h>
#include <stdlib.h>

/* ---- What is open ---- */

static struct mms__open *top(const struct mms__encoder *e)
{
    return &e->chunk->open[e->chunk->used - 1];
}

/* The chunk behind the one in use. NULL: no memory. */
static struct mms__open_chunk *next_chunk(struct mms__open_chunk *chunk)
{
    struct mms__open_chunk *next = chunk->next;

    if (next)
        return next;
    next = malloc(sizeof *next);
    if (!next)
        return NULL;
    next->next = NULL;
    next->before = chunk;
    chunk->next = next;
    return next;
}

/* NULL: no memory, which has been reported. Open values do not move: paths lead through them. */
static struct mms__open *push(struct mms__encoder *e, const struct mms__path *path)
{
    struct mms__open_chunk *chunk = e->chunk;
    struct mms__open *open;

    if (chunk->used == MMS__OPEN_CHUNK) {
        chunk = next_chunk(chunk);
        if (!chunk) {
            (void)mms__encode_no_memory(path);
            return NULL;
        }
        chunk->used = 0;
        e->chunk = chunk;
    }
    open = &chunk->open[chunk->used++];
    e->opened++;
    open->own = *path;
    open->index = 0;
    open->table = NULL;
    return open;
}

static void pop(struct mms__encoder *e)
{
    e->opened--;
    if (--e->chunk->used == 0 && e->chunk->before)
        e->chunk = e->chunk->before;
}

static void free_table(const struct mms__open *open)
{
    if (open->what == MMS__OPEN_MAP && open->table)
        mms__encode_map_free(open->table);
    else if (open->what == MMS__OPEN_TREE && open->table)
        mms__encode_tree_free(open->table);
}

void mms__encode_close_all(struct mms__encoder *e)
{
    struct mms__open_chunk *chunk = e->chunk;

    while (e->opened > 0) {
        free_table(top(e));
        pop(e);
    }
    while (chunk->before)
        chunk = chunk->before;
    for (chunk = chunk->next; chunk;) {
        struct mms__open_chunk *next = chunk->next;

        free(chunk);
        chunk = next;
    }
}

/* ---- Opening ---- */

/* Whether the text fits into the String itself; it is checked when it gets there. */
static inline bool is_short(const mms_type *type, const void *in)
{
    mms_str text;

    memcpy(&text, in, sizeof text);
    return text.size <= mms__inline_text(type);
}

static int open_fields(struct mms__encoder *e, const mms_type_field *fields, size_t count, size_t from, const void *in,
                       const char *variant, const struct mms__path *path)
{
    struct mms__open *open = push(e, path);

    if (!open)
        return -ENOMEM;
    open->what = MMS__OPEN_FIELDS;
    open->variant = variant ? mms__path_field(&open->own, variant) : open->own;
    open->fields = fields;
    open->items = (mms_items){in, count};
    open->index = from;
    return 0;
}

/* Whether nothing will be opened for it. */
static inline bool is_near(const mms_type *type)
{
    if (type->kind == MMS_T_OPTION)
        type = type->variants[1].fields[0].type;
    if (type->kind == MMS_T_VEC || type->kind == MMS_T_BOX)
        type = type->first;
    else if (type->kind == MMS_T_STRING || type->kind == MMS_T_BOX_STR)
        return true;
    return (type->flags & MMS_TF_LEAF) != 0;
}

/* Fields that need nothing opened are written at once: most values contain no others.
   `variant`: a name for the path. */
static int begin_fields(struct mms__encoder *e, const mms_type_field *fields, size_t count, const void *in,
                        const char *variant, const struct mms__path *path)
{
    struct mms__path inner = variant ? mms__path_field(path, variant) : *path;

    for (size_t i = 0; i < count; i++) {
        const mms_type *type = fields[i].type;
        const void *from = (const char *)in + fields[i].input_offset;
        struct mms__path field = mms__path_field(&inner, fields[i].name);
        int code;

        if (type->flags & MMS_TF_LEAF || (type->kind == MMS_T_STRING && is_short(type, from)))
            continue;
        if (!is_near(type))
            return open_fields(e, fields, count, i, in, variant, path);
        code = mms__encode_begin(e, type, from, &field);
        if (code != 0)
            return code;
    }
    return 0;
}

static int begin_variant(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__path *path)
{
    const mms_type_variant *variant = NULL;
    int code = mms__encode_variant(type, in, &variant, path);

    return code == 0 ? begin_fields(e, variant->fields, variant->count, in, variant->name, path) : code;
}

/* Elements side by side, whose children were written; then where they are, for their owner. */
static int write_items(struct mms__encoder *e, const mms_type *item, mms_items items, size_t mark,
                       const struct mms__path *path)
{
    bool copy = (item->flags & MMS_TF_COPY) != 0;
    bool whole = copy || item->kind == MMS_T_STRING; /* no byte is left as it was */
    size_t at = 0;
    int code = whole && items.count <= SIZE_MAX / (item->size | 1)
                   ? mms__encode_room(e, item->align, items.count * item->size, &at, path)
                   : mms__encode_reserve(e, item->align, item->size, items.count, &at, path);

    if (code == 0 && e->base && copy && items.count > 0 && item->size > 0) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): there are items */
        memcpy(e->base + at, items.data, items.count * item->size);
    } else if (code == 0 && e->base && !copy && item->size > 0) {
        e->next = mark;
        code = mms__encode_values(e, item, items, at, path);
        e->used = mark;
    }
    return code == 0 ? mms__encode_push(e, at, path) : code;
}

/* `pointer`: the Box or Vec that they are written for; NULL: an array's, which are written with
   it. */
static int open_items(struct mms__encoder *e, const mms_type *item, mms_items items, const mms_type *pointer,
                      const struct mms__path *path)
{
    struct mms__open *open;

    if (pointer && item->flags & MMS_TF_LEAF)
        return write_items(e, item, items, e->used, path);
    open = push(e, path);
    if (!open)
        return -ENOMEM;
    open->what = pointer ? MMS__OPEN_ITEMS : MMS__OPEN_ARRAY;
    open->type = item;
    open->items = items;
    open->mark = e->used;
    e->depth += pointer != NULL;
    return 0;
}

static int open_table(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__path *path)
{
    bool tree = type->kind == MMS_T_TREE || type->kind == MMS_T_TREE_SET;
    struct mms__open *open = push(e, path);

    if (!open)
        return -ENOMEM;
    open->what = tree ? MMS__OPEN_TREE : MMS__OPEN_MAP;
    e->depth++;
    return tree ? mms__encode_tree_begin(e, type, items, &open->own, &open->table)
                : mms__encode_map_begin(e, type, items, &open->own, &open->table);
}

static int begin_box(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__path *path)
{
    mms_items one = {NULL, 1};

    memcpy(&one.data, in, sizeof one.data);
    if (!one.data && type->first->input_size > 0)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "the pointer is NULL");
    return open_items(e, type->first, one, type, path);
}

static int begin_items(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__path *path)
{
    if (!items.data && items.count > 0 && type->first->input_size > 0)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "data is NULL, but count is %zu", items.count);
    if (type->first->size == 0 && items.count > MMS_ARCHIVE_UNITS)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "%zu elements of no size, and the limit is %d",
                              items.count, MMS_ARCHIVE_UNITS);
    if (type->kind == MMS_T_VEC)
        return open_items(e, type->first, items, type, path);
    return open_table(e, type, items, path);
}

static int begin_pointer(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__path *path)
{
    if (e->depth >= MMS_ARCHIVE_DEPTH)
        return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, path, "values are nested more than %d deep",
                              MMS_ARCHIVE_DEPTH);
    return type->kind == MMS_T_BOX ? begin_box(e, type, in, path) : begin_items(e, type, mms__get_items(in), path);
}

int mms__encode_begin(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__path *path)
{
    if (type->flags & MMS_TF_LEAF)
        return 0;
    switch (type->kind) {
    case MMS_T_STRING:
    case MMS_T_BOX_STR: return mms__encode_text(e, type, in, path);
    case MMS_T_STRUCT: return begin_fields(e, type->fields, type->count, in, NULL, path);
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: return begin_variant(e, type, in, path);
    case MMS_T_ARRAY: return open_items(e, type->first, (mms_items){in, type->count}, NULL, path);
    default: return begin_pointer(e, type, in, path);
    }
}

/* ---- Going on ---- */

static int next_field(struct mms__encoder *e, struct mms__open *open)
{
    size_t before = e->opened;
    int code = 0;

    while (code == 0 && e->opened == before && open->index < open->items.count) {
        const mms_type_field *field = &open->fields[open->index++];
        struct mms__path path = mms__path_field(&open->variant, field->name);

        code = mms__encode_begin(e, field->type, (const char *)open->items.data + field->input_offset, &path);
    }
    if (code == 0 && e->opened == before)
        pop(e);
    return code;
}

static int next_item(struct mms__encoder *e, struct mms__open *open)
{
    const mms_type *item = open->type;
    size_t before = e->opened;
    int code = 0;

    while (code == 0 && e->opened == before && open->index < open->items.count) {
        struct mms__path element = mms__path_index(&open->own, open->index);
        const void *in = mms__item(item, open->items, open->index++);

        if (item->kind != MMS_T_STRING || !is_short(item, in))
            code = mms__encode_begin(e, item, in, &element);
    }
    if (code != 0 || e->opened != before)
        return code;
    if (open->what == MMS__OPEN_ITEMS) {
        e->depth--;
        code = write_items(e, item, open->items, open->mark, &open->own);
    }
    pop(e);
    return code;
}

static int next_entry(struct mms__encoder *e, struct mms__open *open)
{
    bool over = false;
    int code = open->what == MMS__OPEN_TREE ? mms__encode_tree_next(e, open->table, &over)
                                            : mms__encode_map_next(e, open->table, &over);

    if (code == 0 && over) {
        free_table(open);
        e->depth--;
        pop(e);
    }
    return code;
}

static int next(struct mms__encoder *e)
{
    struct mms__open *open = top(e);

    switch (open->what) {
    case MMS__OPEN_FIELDS: return next_field(e, open);
    case MMS__OPEN_ITEMS:
    case MMS__OPEN_ARRAY: return next_item(e, open);
    default: return next_entry(e, open);
    }
}

int mms__encode_children(struct mms__encoder *e, const mms_type *type, const void *in, const struct mms__path *path)
{
    size_t before = e->opened;
    int code = mms__encode_begin(e, type, in, path);

    while (code == 0 && e->opened > before)
        code = next(e);
    return code;
}
