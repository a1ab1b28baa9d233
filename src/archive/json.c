/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, laid out as serde_json does it for the same Rust types. Open values are in a list, not
   on the stack. */
#include "archive/address.h"
#include "archive/bytes.h"
#include "archive/json_scalar.h"
#include "archive/path.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum key_text { NO_TEXT, TEXT, NUMBER }; /* what a key is in JSON: the last one gets quotes */

static enum key_text key_text_of(const mms_type *type)
{
    while (type->kind == MMS_T_BOX ||
           (type->kind == MMS_T_STRUCT && type->shape == MMS_SHAPE_TUPLE && type->count == 1))
        type = type->kind == MMS_T_BOX ? type->first : type->fields[0].type;
    if (type->kind == MMS_T_ENUM) {
        for (size_t i = 0; i < type->count; i++)
            if (type->variants[i].shape != MMS_SHAPE_UNIT)
                return NO_TEXT;
        return TEXT;
    }
    if (type->kind == MMS_T_STRING || type->kind == MMS_T_BOX_STR || type->kind == MMS_T_CHAR ||
        mms__is_address(type->kind))
        return TEXT;
    return type->kind < MMS_T_CHAR && type->kind != MMS_T_UNIT ? NUMBER : NO_TEXT;
}

/* ---- What is open ---- */

/* A value without a size takes no bytes of the archive: a few bytes could stand for terabytes
   of text. All others have bytes of their own, so archive and schema bound their text. */
enum { MOST_UNITS = 4 * MMS_ARCHIVE_UNITS, FIRST_OPEN = 16 };

/* A value that is partly printed. Values may be nested too deeply for a thread's stack. */
struct open {
    enum { FIELDS, ITEMS, ENTRIES, TREE, TREE_KEYS } what;
    bool named, bare;             /* FIELDS: in an object; without brackets */
    const char *end;              /* what closes it */
    const mms_type_field *fields; /* FIELDS */
    const mms_type *type;         /* ITEMS: of one; else itself */
    const char *at;               /* FIELDS: what they are in; of trees: the next entry, or NULL; else the first one */
    uint64_t index, count;
    enum { KEY, VALUE, END } part; /* of an entry: what comes next */
    enum key_text text;
    mms_tree_cursor cursor;
};

struct printer {
    FILE *out;
    const mms_type *root;
    struct open *open, *allocated; /* the latter: NULL while the first few are enough */
    size_t used, room, units;
};

static int fail(const struct printer *p, int code, const char *what)
{
    struct mms__path path = mms__path_field(NULL, p->root->name);

    return mms__path_fail(code, "printing", &path, "%s", what);
}

static int open_one(struct printer *p, struct open open)
{
    if (p->used == p->room) {
        struct open *more = mms__resize(p->allocated, p->room, 2 * sizeof *more);

        if (!more)
            return fail(p, -ENOMEM, "no memory");
        if (!p->allocated)
            memcpy(more, p->open, p->used * sizeof *more);
        p->open = p->allocated = more;
        p->room *= 2;
    }
    p->open[p->used++] = open;
    return 0;
}

static int open_items(struct printer *p, const mms_type *item, const char *at, uint64_t count)
{
    putc('[', p->out);
    return open_one(p, (struct open){.what = ITEMS, .type = item, .at = at, .count = count, .end = "]"});
}

/* With `wrapped`, in an object that ends with them. */
static int open_fields(struct printer *p, const mms_type_field *fields, size_t count, int shape, const char *at,
                       bool wrapped)
{
    struct open open = {.what = FIELDS, .named = shape == MMS_SHAPE_NAMED, .fields = fields, .at = at, .count = count};

    if (shape == MMS_SHAPE_UNIT) {
        fputs(wrapped ? "null}" : "null", p->out);
        return 0;
    }
    open.bare = shape == MMS_SHAPE_TUPLE && count == 1;
    if (!open.bare)
        putc(open.named ? '{' : '[', p->out);
    if (open.bare)
        open.end = wrapped ? "}" : "";
    else
        open.end = open.named ? (wrapped ? "}}" : "}") : (wrapped ? "]}" : "]");
    return open_one(p, open);
}

static int open_variant(struct printer *p, const mms_type *type, const char *at)
{
    const mms_type_variant *variant = &type->variants[mms__get_uint(at, type->tag_size)];

    if (type->kind == MMS_T_OPTION)
        return open_fields(p, variant->fields, variant->count, variant->count > 0 ? MMS_SHAPE_TUPLE : MMS_SHAPE_UNIT,
                           at, false);
    if (variant->shape == MMS_SHAPE_UNIT) {
        fprintf(p->out, "\"%s\"", variant->name);
        return 0;
    }
    fprintf(p->out, "{\"%s\":", variant->name);
    return open_fields(p, variant->fields, variant->count, variant->shape, at, true);
}

/* An object or, if keys are not text, an array of [key, value]. `open` says where the entries
   are. */
static int open_entries(struct printer *p, const mms_type *type, struct open open)
{
    open.type = type;
    open.text = key_text_of(type->first->fields[0].type);
    open.end = open.text == NO_TEXT ? "]" : "}";
    putc(open.text == NO_TEXT ? '[' : '{', p->out);
    return open_one(p, open);
}

static int open_map(struct printer *p, const mms_type *type, const char *at)
{
    return open_entries(p, type,
                        (struct open){.what = ENTRIES,
                                      .at = mms__follow(type, at + 2 * mms__word_size(type)),
                                      .count = mms__get_count(type, at)});
}

static int open_tree(struct printer *p, const mms_type *type, const char *at)
{
    struct open open = {.what = TREE};

    open.at = mms_tree_seek(type, at, NULL, &open.cursor);
    return open_entries(p, type, open);
}

static int open_tree_set(struct printer *p, const mms_type *type, const char *at)
{
    struct open open = {.what = TREE_KEYS, .type = type, .end = "]"};

    open.at = mms_tree_seek(type, at, NULL, &open.cursor);
    putc('[', p->out);
    return open_one(p, open);
}

/* Print a value, or begin to. */
static int print_value(struct printer *p, const mms_type *type, const char *at)
{
    if (type->size == 0 && ++p->units > MOST_UNITS)
        return fail(p, MMS_E_TOO_BIG, "too many values without a size, which take no bytes but endless text");
    while (type->kind == MMS_T_BOX) {
        at = mms__follow(type, at);
        type = type->first;
    }
    if (mms__json_print_scalar(type, at, p->out))
        return 0;
    switch (type->kind) {
    case MMS_T_VEC:
        return open_items(p, type->first, mms__follow(type, at), mms__get_count(type, at + mms__word_size(type)));
    case MMS_T_ARRAY: return open_items(p, type->first, at, type->count);
    case MMS_T_STRUCT: return open_fields(p, type->fields, type->count, type->shape, at, false);
    case MMS_T_MAP: return open_map(p, type, at);
    case MMS_T_SET:
        return open_items(p, type->first->fields[0].type, mms__follow(type, at + 2 * mms__word_size(type)),
                          mms__get_count(type, at));
    case MMS_T_TREE: return open_tree(p, type, at);
    case MMS_T_TREE_SET: return open_tree_set(p, type, at);
    default: return open_variant(p, type, at);
    }
}

static int print_field(struct printer *p, struct open *open)
{
    const mms_type_field *field = &open->fields[open->index];

    if (open->index++ > 0)
        putc(',', p->out);
    if (open->named)
        fprintf(p->out, "\"%s\":", field->name);
    return print_value(p, field->type, open->at + field->offset);
}

/* The next part of an entry. */
static int print_entry(struct printer *p, struct open *open)
{
    const mms_type *entry = open->type->first;
    const char *at = open->what == TREE ? open->at : open->at + open->index * entry->size;
    const mms_type_field *field = &entry->fields[open->part == KEY ? 0 : 1];

    switch (open->part) {
    case KEY:
        if (open->index > 0)
            putc(',', p->out);
        if (open->text != TEXT)
            putc(open->text == NUMBER ? '"' : '[', p->out);
        open->part = VALUE;
        break;
    case VALUE:
        if (open->text == NUMBER)
            putc('"', p->out);
        putc(open->text == NO_TEXT ? ',' : ':', p->out);
        open->part = END;
        break;
    default:
        if (open->text == NO_TEXT)
            putc(']', p->out);
        open->part = KEY;
        open->index++;
        if (open->what == TREE)
            open->at = mms_tree_next(open->type, &open->cursor);
        return 0;
    }
    return print_value(p, field->type, at + field->offset);
}

static int print_tree_key(struct printer *p, struct open *open)
{
    const mms_type_field *key = &open->type->first->fields[0];
    const char *at = open->at;

    if (open->index++ > 0)
        putc(',', p->out);
    open->at = mms_tree_next(open->type, &open->cursor);
    return print_value(p, key->type, at + key->offset);
}

static int print_item(struct printer *p, struct open *open)
{
    if (open->index > 0)
        putc(',', p->out);
    return print_value(p, open->type, open->at + open->index++ * open->type->size);
}

static bool is_at_end(const struct open *open)
{
    return open->what == TREE || open->what == TREE_KEYS ? !open->at : open->index == open->count;
}

/* The next part of what was opened last. What prints a value may move what `open` points to. */
static int print_next(struct printer *p)
{
    struct open *open = &p->open[p->used - 1];

    if (is_at_end(open)) {
        fputs(open->end, p->out);
        p->used--;
        return 0;
    }
    switch (open->what) {
    case FIELDS: return print_field(p, open);
    case ITEMS: return print_item(p, open);
    case TREE_KEYS: return print_tree_key(p, open);
    default: return print_entry(p, open);
    }
}

static void free_open(void *printer)
{
    free(((struct printer *)printer)->allocated);
}

int mms_archive_print(const mms_type *type, const void *value, FILE *stream)
{
    struct open first[FIRST_OPEN];
    struct printer p = {.out = stream, .root = type, .open = first, .room = FIRST_OPEN};
    int code;

    errno = 0;
    pthread_cleanup_push(free_open, &p); /* the stream's functions are cancellation points */
    code = print_value(&p, type, value);
    while (code == 0 && p.used > 0 && !ferror(stream))
        code = print_next(&p);
    if (code == 0 && ferror(stream))
        code = errno > 0 ? -errno : -EIO;
    pthread_cleanup_pop(1);
    return code;
}
