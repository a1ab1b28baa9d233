/* SPDX-License-Identifier: Apache-2.0 */
/* Equality as Rust's PartialEq has it: by value; NaN is not equal to itself; the order of a HashMap is no matter. */
#include "archive/key.h"
#include "archive/load.h"

static bool equal_fields(const mms_type_field *fields, size_t count, const char *a, const char *b)
{
    for (size_t i = 0; i < count; i++)
        if (!mms_archive_equal(fields[i].type, a + fields[i].offset, b + fields[i].offset))
            return false;
    return true;
}

static bool equal_variants(const mms_type *type, const char *a, const char *b)
{
    uint64_t tag = mms__load_uint(a, type->tag_size);
    const mms_type_variant *variant = &type->variants[tag];

    return tag == mms__load_uint(b, type->tag_size) && equal_fields(variant->fields, variant->count, a, b);
}

static bool equal_items(const mms_type *item, const char *a, const char *b, uint64_t count)
{
    if (item->size == 0)
        return true;
    for (uint64_t i = 0; i < count; i++)
        if (!mms_archive_equal(item, a + i * item->size, b + i * item->size))
            return false;
    return true;
}

static bool equal_vectors(const mms_type *type, const char *a, const char *b)
{
    uint64_t count = mms__load_count(type, a + mms__word_size(type));

    return count == mms__load_count(type, b + mms__word_size(type)) &&
           equal_items(type->first, mms__follow(type, a), mms__follow(type, b), count);
}

/* The bytes depend on the keys alone, so equal maps have them in the same slots. */
static bool equal_maps(const mms_type *type, const char *a, const char *b)
{
    uint64_t count = mms__load_count(type, a);
    size_t at = 2 * mms__word_size(type);

    return count == mms__load_count(type, b) &&
           equal_items(type->first, mms__follow(type, a + at), mms__follow(type, b + at), count);
}

static bool equal_trees(const mms_type *type, const char *a, const char *b)
{
    mms_tree_cursor of_a, of_b;
    const void *x, *y;

    if (mms__load_count(type, a) != mms__load_count(type, b))
        return false;
    x = mms_tree_seek(type, a, NULL, &of_a);
    y = mms_tree_seek(type, b, NULL, &of_b);
    while (x && y) {
        if (!mms_archive_equal(type->first, x, y))
            return false;
        x = mms_tree_next(type, &of_a);
        y = mms_tree_next(type, &of_b);
    }
    return !x && !y;
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

bool mms_archive_equal(const mms_type *type, const void *a, const void *b)
{
    switch (type->kind) {
    case MMS_T_F32:
    case MMS_T_F64: return equal_floats(type, a, b);
    case MMS_T_DURATION: return memcmp(a, b, 12) == 0;
    case MMS_T_STRING: return mms_str_equal(mms__load_string(type, a), mms__load_string(type, b));
    case MMS_T_BOX_STR: {
        mms_str x = {mms__follow(type, a), (size_t)mms__load_count(type, (const char *)a + mms__word_size(type))};
        mms_str y = {mms__follow(type, b), (size_t)mms__load_count(type, (const char *)b + mms__word_size(type))};

        return mms_str_equal(x, y);
    }
    case MMS_T_BOX: return mms_archive_equal(type->first, mms__follow(type, a), mms__follow(type, b));
    case MMS_T_VEC: return equal_vectors(type, a, b);
    case MMS_T_ARRAY: return equal_items(type->first, a, b, type->count);
    case MMS_T_STRUCT: return equal_fields(type->fields, type->count, a, b);
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: return equal_variants(type, a, b);
    case MMS_T_MAP:
    case MMS_T_SET: return equal_maps(type, a, b);
    case MMS_T_TREE: return equal_trees(type, a, b);
    default: return memcmp(a, b, type->size) == 0;
    }
}
