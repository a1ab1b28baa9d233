/* SPDX-License-Identifier: Apache-2.0 */
/* Equality as in Rust's PartialEq: by value; NaN does not equal itself; the order of a HashMap
   does not matter. Targets of pointers wait in a list, not on the stack, which may be small. */
#include "archive/address.h"
#include "archive/bytes.h"
#include "archive/key.h"

enum { FIRST_RUNS = 16 };

/* Values of one type that are still to be compared: side by side, or the entries of two
   BTreeMaps. */
struct run {
    const mms_type *type; /* of each; of entries, the BTreeMap */
    const char *a, *b;    /* the next ones */
    uint64_t left;
    mms_tree_cursor of_a, of_b;
};

struct comparison {
    struct run *runs, *allocated; /* the latter: NULL while the first few are enough */
    size_t used, room;
};

static bool equal_values(struct comparison *c, const mms_type *type, const char *a, const char *b);
static bool equal_runs(struct run run);

/* Without memory it is compared at once, on the stack: the caller expects an answer, not an
   error. */
static bool add_run(struct comparison *c, struct run run)
{
    if (run.left == 0)
        return true;
    if (c->used == c->room) {
        struct run *more = mms__resize(c->allocated, c->room, 2 * sizeof *more);

        if (!more)
            return equal_runs(run);
        if (!c->allocated)
            memcpy(more, c->runs, c->used * sizeof *more);
        c->runs = c->allocated = more;
        c->room *= 2;
    }
    c->runs[c->used++] = run;
    return true;
}

static bool add_items(struct comparison *c, const mms_type *item, const void *a, const void *b, uint64_t count)
{
    if (item->size == 0)
        return true;
    return add_run(c, (struct run){.type = item, .a = a, .b = b, .left = count});
}

/* ---- Compounds ---- */

static bool equal_fields(struct comparison *c, const mms_type_field *fields, size_t count, const char *a, const char *b)
{
    for (size_t i = 0; i < count; i++)
        if (!equal_values(c, fields[i].type, a + fields[i].offset, b + fields[i].offset))
            return false;
    return true;
}

static bool equal_variants(struct comparison *c, const mms_type *type, const char *a, const char *b)
{
    uint64_t tag = mms__get_uint(a, type->tag_size);
    const mms_type_variant *variant = &type->variants[tag];

    return tag == mms__get_uint(b, type->tag_size) && equal_fields(c, variant->fields, variant->count, a, b);
}

static bool equal_arrays(struct comparison *c, const mms_type *type, const char *a, const char *b)
{
    const mms_type *item = type->first;

    for (size_t i = 0; i < type->count; i++)
        if (!equal_values(c, item, a + i * item->size, b + i * item->size))
            return false;
    return true;
}

static bool equal_vectors(struct comparison *c, const mms_type *type, const char *a, const char *b)
{
    uint64_t count = mms__get_count(type, a + mms__word_size(type));

    return count == mms__get_count(type, b + mms__word_size(type)) &&
           add_items(c, type->first, mms__follow(type, a), mms__follow(type, b), count);
}

/* The bytes depend on the keys alone, so equal maps have them in the same slots. */
static bool equal_maps(struct comparison *c, const mms_type *type, const char *a, const char *b)
{
    uint64_t count = mms__get_count(type, a);
    size_t at = 2 * mms__word_size(type);

    return count == mms__get_count(type, b) &&
           add_items(c, type->first, mms__follow(type, a + at), mms__follow(type, b + at), count);
}

static bool equal_trees(struct comparison *c, const mms_type *type, const char *a, const char *b)
{
    struct run run = {.type = type, .left = mms__get_count(type, a)};

    if (run.left != mms__get_count(type, b))
        return false;
    run.a = mms_tree_seek(type, a, NULL, &run.of_a);
    run.b = mms_tree_seek(type, b, NULL, &run.of_b);
    return add_run(c, run);
}

static bool equal_pointed_texts(const mms_type *type, const char *a, const char *b)
{
    mms_str x = {mms__follow(type, a), (size_t)mms__get_count(type, a + mms__word_size(type))};
    mms_str y = {mms__follow(type, b), (size_t)mms__get_count(type, b + mms__word_size(type))};

    return mms_str_equal(x, y);
}

static bool equal_floats(const mms_type *type, const void *a, const void *b)
{
    double x, y;
    float f, g;

    if (type->kind == MMS_T_F64) {
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return x == y;
    }
    memcpy(&f, a, sizeof f);
    memcpy(&g, b, sizeof g);
    return f == g;
}

static bool equal_values(struct comparison *c, const mms_type *type, const char *a, const char *b)
{
    if (type->size == 0) /* also a few that contain each other, and come to more than there is time for */
        return true;
    switch (type->kind) {
    case MMS_T_F32:
    case MMS_T_F64: return equal_floats(type, a, b);
    case MMS_T_DURATION: return memcmp(a, b, 12) == 0;
    case MMS_T_STRING: return mms_str_equal(mms__get_string(type, a), mms__get_string(type, b));
    case MMS_T_BOX_STR: return equal_pointed_texts(type, a, b);
    case MMS_T_BOX: return add_items(c, type->first, mms__follow(type, a), mms__follow(type, b), 1);
    case MMS_T_VEC: return equal_vectors(c, type, a, b);
    case MMS_T_ARRAY: return equal_arrays(c, type, a, b);
    case MMS_T_STRUCT: return equal_fields(c, type->fields, type->count, a, b);
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: return equal_variants(c, type, a, b);
    case MMS_T_MAP:
    case MMS_T_SET: return equal_maps(c, type, a, b);
    case MMS_T_TREE:
    case MMS_T_TREE_SET: return equal_trees(c, type, a, b);
    case MMS_T_IP:
    case MMS_T_SOCKET_V6:
    case MMS_T_SOCKET: return mms__address_compare(type->kind, a, b) == 0;
    default: return memcmp(a, b, type->size) == 0;
    }
}

/* The next of the values that were added last; what is behind its pointers is added. */
static bool equal_next(struct comparison *c)
{
    struct run *run = &c->runs[c->used - 1];
    const mms_type *type = run->of_a.node ? run->type->first : run->type;
    const char *a = run->a, *b = run->b;

    if (run->of_a.node) {
        run->a = mms_tree_next(run->type, &run->of_a);
        run->b = mms_tree_next(run->type, &run->of_b);
    } else {
        run->a += type->size;
        run->b += type->size;
    }
    if (--run->left == 0)
        c->used--;
    return equal_values(c, type, a, b);
}

static bool equal_runs(struct run run)
{
    struct run first[FIRST_RUNS];
    struct comparison c = {.runs = first, .used = 1, .room = FIRST_RUNS};
    bool equal = true;

    first[0] = run;
    while (equal && c.used > 0)
        equal = equal_next(&c);
    free(c.allocated);
    return equal;
}

bool mms_archive_equal(const mms_type *type, const void *a, const void *b)
{
    return equal_runs((struct run){.type = type, .a = a, .b = b, .left = 1});
}
