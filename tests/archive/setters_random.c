/* SPDX-License-Identifier: Apache-2.0 */
/* Random changes by setters, in values of every type: what is published has, byte for byte, the archive
   of the value that was changed the same way in memory. Values that are none are refused, and change
   nothing. */
#include "board.h"
#include "corpus.h"
#include "everything.h"
#include "json_input.h"
#include "scratch.h"
#include "setters.h"
#include "standard.h"
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 60, CHANCE = 3 };

struct run {
    uint64_t state; /* of the random numbers */
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader, *behind;
    const mms_archive *archive;
    void *value;   /* the input */
    bool aborting; /* what is set does not become part of it */
    mms_view old;  /* that `behind` holds, and its bytes; NULL: it holds none */
    unsigned char *kept;
    size_t kept_size;
    unsigned set;
};

static uint64_t draw(struct run *run)
{
    run->state ^= run->state << 13;
    run->state ^= run->state >> 7;
    run->state ^= run->state << 17;
    return run->state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

static bool one_in(struct run *run, unsigned n)
{
    return draw(run) % n == 0;
}

/* ---- Random values of types without pointers ---- */

static void randomize(struct run *run, const mms_type *type, void *in);

static void draw_bytes(struct run *run, void *out, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)out)[i] = (unsigned char)draw(run);
}

static void randomize_fields(struct run *run, const mms_type_field *fields, size_t count, void *in)
{
    for (size_t i = 0; i < count; i++)
        randomize(run, fields[i].type, (char *)in + fields[i].input_offset);
}

static void put_tag(const mms_type *type, void *in, size_t tag)
{
    if (type->kind == MMS_T_ENUM)
        memcpy(in, &(uint32_t){(uint32_t)tag}, 4);
    else
        *(unsigned char *)in = (unsigned char)tag;
}

static size_t get_tag(const mms_type *type, const void *in)
{
    uint32_t tag = *(const unsigned char *)in;

    if (type->kind == MMS_T_ENUM)
        memcpy(&tag, in, 4);
    return tag;
}

static void randomize_scalar(struct run *run, const mms_type *type, void *in)
{
    draw_bytes(run, in, type->input_size);
    switch (type->kind) {
    case MMS_T_BOOL: *(unsigned char *)in &= 1; break;
    case MMS_T_CHAR: memcpy(in, &(uint32_t){(uint32_t)(draw(run) % 0xd800)}, 4); break;
    case MMS_T_DURATION: ((mms_duration *)in)->nanos %= 1000000000; break;
    case MMS_T_IP:
    case MMS_T_SOCKET: *(unsigned char *)in &= 1; break;
    case MMS_T_USIZE: memcpy(in, &(uint64_t){draw(run) & UINT32_MAX}, 8); break;
    case MMS_T_ISIZE: memcpy(in, &(int64_t){(int32_t)(uint32_t)draw(run)}, 8); break;
    default: break;
    }
    if (type->flags & MMS_TF_NON_ZERO)
        *(unsigned char *)in |= 1;
}

static void randomize(struct run *run, const mms_type *type, void *in)
{
    size_t tag;

    switch (type->kind) {
    case MMS_T_STRUCT: randomize_fields(run, type->fields, type->count, in); break;
    case MMS_T_ARRAY:
        for (size_t i = 0; i < type->count; i++)
            randomize(run, type->first, (char *)in + i * type->first->input_size);
        break;
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT:
        tag = (size_t)(draw(run) % type->count);
        put_tag(type, in, tag);
        randomize_fields(run, type->variants[tag].fields, type->variants[tag].count, in);
        break;
    default: randomize_scalar(run, type, in); break;
    }
}

/* ---- And such as are none ---- */

static bool spoil(const mms_type *type, void *in);

static bool spoil_fields(const mms_type_field *fields, size_t count, void *in)
{
    for (size_t i = count; i > 0; i--) /* the last one, so that what is before it would be stored */
        if (spoil(fields[i - 1].type, (char *)in + fields[i - 1].input_offset))
            return true;
    return false;
}

static bool spoil_scalar(const mms_type *type, void *in)
{
    switch (type->kind) {
    case MMS_T_BOOL: *(unsigned char *)in = 2; return true;
    case MMS_T_CHAR: memcpy(in, &(uint32_t){0xdfff}, 4); return true;
    case MMS_T_DURATION: ((mms_duration *)in)->nanos = 1000000000; return true;
    case MMS_T_IP:
    case MMS_T_SOCKET: *(unsigned char *)in = 2; return true;
    case MMS_T_USIZE:
    case MMS_T_ISIZE: memcpy(in, &(uint64_t){UINT64_C(1) << 40}, 8); return type->size == 4;
    default: break;
    }
    if (type->flags & MMS_TF_NON_ZERO)
        memset(in, 0, type->input_size);
    return (type->flags & MMS_TF_NON_ZERO) != 0;
}

/* False: every value of the type is good. */
static bool spoil(const mms_type *type, void *in)
{
    switch (type->kind) {
    case MMS_T_STRUCT: return spoil_fields(type->fields, type->count, in);
    case MMS_T_ARRAY:
        return type->count > 0 && spoil(type->first, (char *)in + (type->count - 1) * type->first->input_size);
    case MMS_T_ENUM: put_tag(type, in, type->count); return true;
    case MMS_T_OPTION:
    case MMS_T_RESULT: put_tag(type, in, 2); return true;
    default: return spoil_scalar(type, in);
    }
}

/* ---- One change, in the update and in the value ---- */

/* How a part is set: in `self`, which is of a type, by an index or a key. */
struct way {
    enum { FIELD, ITEM, VALUE } what;
    const mms_type *type;
    const void *self;
    size_t variant, index;
    const void *key;
};

static int set(const struct run *run, const struct way *way, const void *value)
{
    switch (way->what) {
    case FIELD: return mms_archive_set_field(run->writer, way->type, way->variant, way->index, way->self, value);
    case ITEM: return mms_archive_set_item(run->writer, way->type, way->self, way->index, value);
    default: return mms_archive_set_value(run->writer, way->type, way->self, way->key, value);
    }
}

static void *copy_of(const mms_type *type, const void *in)
{
    void *copy = corpus_allocate(type->input_size);

    memcpy(copy, in, type->input_size);
    return copy;
}

static void try_bad(struct run *run, const struct way *way, const mms_type *type, const void *in)
{
    void *bad = copy_of(type, in);

    if (spoil(type, bad))
        check_code(set(run, way, bad), MMS_E_INVALID);
    free(bad);
}

static void set_part(struct run *run, const struct way *way, const mms_type *type, void *in)
{
    void *copy = copy_of(type, in);

    randomize(run, type, copy);
    check_ok(set(run, way, copy));
    run->set++;
    if (!run->aborting)
        memcpy(in, copy, type->input_size);
    free(copy);
}

static void walk(struct run *run, const mms_type *type, void *in, const void *at);

/* A part: set it as a whole, or go into it. `whole` is where it is archived. */
static void change(struct run *run, const struct way *way, const mms_type *type, void *in, const void *whole)
{
    if (!(type->flags & MMS_TF_LEAF) || type->input_size == 0 || type->size == 0) {
        walk(run, type, in, whole);
        return;
    }
    if (one_in(run, CHANCE))
        try_bad(run, way, type, in);
    if (!one_in(run, CHANCE)) {
        walk(run, type, in, whole);
        return;
    }
    set_part(run, way, type, in);
}

static void walk_fields(struct run *run, const mms_type *type, size_t variant, void *in, const void *at)
{
    const mms_type_field *fields = type->variants ? type->variants[variant].fields : type->fields;
    size_t count = type->variants ? type->variants[variant].count : type->count;

    for (size_t i = 0; i < count; i++) {
        struct way way = {.what = FIELD, .type = type, .self = at, .variant = variant, .index = i};

        change(run, &way, fields[i].type, (char *)in + fields[i].input_offset, (const char *)at + fields[i].offset);
    }
}

static const char *follow(const mms_type *type, const void *at)
{
    int32_t near;
    int64_t far;

    memcpy(&near, at, sizeof near);
    if (!(type->flags & MMS_TF_WIDE))
        return (const char *)at + near;
    memcpy(&far, at, sizeof far);
    return (const char *)at + far;
}

static void walk_items(struct run *run, const mms_type *type, mms_items items, const char *first, const void *at)
{
    for (size_t i = 0; i < items.count && type->first->size > 0; i++) {
        struct way way = {.what = ITEM, .type = type, .self = at, .index = i};

        change(run, &way, type->first, (char *)(uintptr_t)items.data + i * type->first->input_size,
               first + i * type->first->size);
    }
}

static void walk_map(struct run *run, const mms_type *type, mms_items items, const void *at)
{
    const mms_type *entry = type->first;
    const mms_type_field *key = &entry->fields[0], *value = &entry->fields[1];

    for (size_t i = 0; i < items.count; i++) {
        char *in = (char *)(uintptr_t)items.data + i * entry->input_size;
        struct way way = {.what = VALUE, .type = type, .self = at, .key = in + key->input_offset};
        const char *found =
            type->kind == MMS_T_MAP ? mms_map_find(type, at, way.key) : mms_tree_find(type, at, way.key);

        check_true(found != NULL);
        if (one_in(run, 2)) /* through the entry */
            way = (struct way){.what = FIELD, .type = entry, .self = found, .index = 1};
        change(run, &way, value->type, in + value->input_offset, found + value->offset);
    }
}

static void walk(struct run *run, const mms_type *type, void *in, const void *at)
{
    mms_items items;

    switch (type->kind) {
    case MMS_T_STRUCT: walk_fields(run, type, 0, in, at); break;
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: walk_fields(run, type, get_tag(type, in), in, at); break;
    case MMS_T_ARRAY: walk_items(run, type, (mms_items){in, type->count}, at, at); break;
    case MMS_T_BOX:
        memcpy(&items.data, in, sizeof items.data);
        items.count = 1;
        walk_items(run, type, items, follow(type, at), at);
        break;
    case MMS_T_VEC:
        memcpy(&items, in, sizeof items);
        walk_items(run, type, items, follow(type, at), at);
        break;
    case MMS_T_MAP:
    case MMS_T_TREE:
        memcpy(&items, in, sizeof items);
        walk_map(run, type, items, at);
        break;
    default: break;
    }
}

/* ---- Rounds ---- */

static unsigned char *archive_of(const struct run *run, size_t *size)
{
    unsigned char *bytes;

    check_ok(mms_archive_size(run->archive, run->value, size));
    bytes = corpus_allocate(*size);
    check_ok(mms_archive_write(run->archive, run->value, bytes, *size, size));
    return bytes;
}

static void check_view(const mms_view *view, const unsigned char *bytes, size_t size)
{
    check_equal(view->size, size);
    check_memory(view->data, bytes, size);
}

/* A view of some generation before, while the writer goes on. */
static void look_behind(struct run *run)
{
    if (!run->kept) {
        run->kept = archive_of(run, &run->kept_size);
        check_ok(mms_read(run->behind, &run->old));
    }
    check_view(&run->old, run->kept, run->kept_size);
    if (!one_in(run, CHANCE))
        return;
    check_ok(mms_release(run->behind));
    free(run->kept);
    run->kept = NULL;
}

/* What is aborted stays in its slot, and is made good when that is next used. */
static void abandon(struct run *run)
{
    const void *root;
    size_t size;

    check_ok(mms_archive_update(run->writer, run->archive, &root, &size, NULL));
    run->aborting = true;
    walk(run, run->archive->type, run->value, root);
    run->aborting = false;
    check_ok(mms_write_abort(run->writer));
}

static void change_once(struct run *run)
{
    size_t size, found;
    unsigned char *bytes;
    const void *root;
    mms_view view;

    if (one_in(run, CHANCE))
        abandon(run);
    check_ok(mms_archive_update(run->writer, run->archive, &root, &size, NULL));
    walk(run, run->archive->type, run->value, root);
    check_ok(mms_write_commit(run->writer, size, NULL));
    bytes = archive_of(run, &found);
    check_ok(mms_read(run->reader, &view));
    check_equal(found, size);
    check_view(&view, bytes, found);
    check_ok(mms_archive_check(run->archive, view.data, view.size, NULL));
    check_ok(mms_release(run->reader));
    free(bytes);
    look_behind(run);
}

static void *value_of(struct json_input *in, const mms_type *type)
{
    void *value = calloc(1, type->input_size + 1);

    check_true(value && json_input(in, type, value));
    return value;
}

static void set_up(struct run *run, const char *path)
{
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    options.max_size = 1 << 20;
    options.max_slots = 4;
    options.check_touch = true;
    check_ok(mms_writer_open(path, &options, &run->writer));
    check_ok(mms_archive_publish(run->writer, run->archive, run->value, NULL));
    check_ok(mms_region_open(path, NULL, &run->region));
    check_ok(mms_reader_open(run->region, &run->reader));
    check_ok(mms_reader_open(run->region, &run->behind));
}

static void tear_down(struct run *run, const char *path)
{
    check_ok(mms_reader_close(run->reader));
    check_ok(mms_reader_close(run->behind));
    check_ok(mms_region_close(run->region));
    check_ok(mms_writer_close(run->writer));
    check_ok(mms_remove(path));
    free(run->kept);
    free(run->value);
}

static void change_often(void **state, const mms_archive *archive, const char *json, uint64_t seed)
{
    struct json_input in = {.at = json};
    struct run run = {
        .state = seed,
        .archive = archive,
        .value = value_of(&in, archive->type),
    };
    const char *path = scratch_path(state, "region");

    set_up(&run, path);
    for (int i = 0; i < check_rounds(ROUNDS); i++)
        change_once(&run);
    check_true(run.set > 0);
    tear_down(&run, path);
    json_input_free(&in);
}

static void boards_change(void **state)
{
    for (uint64_t seed = 1; seed <= 3; seed++)
        change_often(state, &Board_archive, BOARD_JSON, seed);
}

static void values_of_all_types_change(void **state)
{
    const struct corpus_value *value;

    for (size_t i = 0; (value = corpus_value(i)) != NULL; i++)
        change_often(state, value->archive, value->json, i + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(boards_change),
        scratch_test(values_of_all_types_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
