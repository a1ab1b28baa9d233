/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts: archived ones as rkyv's, with C's rules for structs; input ones as the C compiler's,
   which checks them. */
#include "base/round.h"
#include "schema/model.h"
#include <stdalign.h>
#include <stddef.h>

enum { MEASURING = 1, MEASURED = 2, DEEPEST_STRUCT = 128 };

/* The largest type. Two of these and some alignment are a size_t of 32 bits, so that sums need
   no other check. */
#define LARGEST ((size_t)INT32_MAX)

static bool measure(struct model *model, struct model_type *type);

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Some compilers for 32 bits align input of 8 bytes to 4, wherever it is a member. */
struct eight {
    char before;
    uint64_t value;
};

/* size, align, flags; input alike */
static void set_scalar(struct model_type *t, size_t size, size_t align, unsigned flags)
{
    t->type.size = t->type.input_size = size;
    t->type.align = align;
    t->input_align = size == 8 ? offsetof(struct eight, value) : align;
    t->type.flags |= flags | MMS_TF_LEAF;
}

static void set_pointer(struct model_type *t, size_t words, bool wide, size_t input_size)
{
    t->type.align = wide ? 8 : 4;
    t->type.size = words * t->type.align;
    t->type.input_size = input_size;
    t->input_align = alignof(void *);
}

static void measure_scalar(struct model_type *t, bool wide)
{
    const unsigned plain = MMS_TF_COPY | MMS_TF_ANY_BITS;

    switch (t->type.kind) {
    case MMS_T_UNIT: set_scalar(t, 0, 1, plain); break;
    case MMS_T_BOOL: set_scalar(t, 1, 1, 0); break;
    case MMS_T_U8:
    case MMS_T_I8: set_scalar(t, 1, 1, plain); break;
    case MMS_T_U16:
    case MMS_T_I16: set_scalar(t, 2, 2, plain); break;
    case MMS_T_U128:
    case MMS_T_I128: set_scalar(t, 16, 16, plain); break;
    case MMS_T_CHAR: set_scalar(t, 4, 4, 0); break;
    case MMS_T_DURATION: set_scalar(t, 16, 8, 0); break;
    case MMS_T_IPV4: set_scalar(t, sizeof(mms_ipv4), 1, plain); break;
    case MMS_T_IPV6: set_scalar(t, sizeof(mms_ipv6), 1, plain); break;
    case MMS_T_IP: set_scalar(t, sizeof(mms_ip), 1, 0); break;
    case MMS_T_SOCKET_V4: set_scalar(t, sizeof(mms_socket_v4), 2, plain); break;
    case MMS_T_SOCKET_V6: set_scalar(t, sizeof(mms_socket_v6), 4, MMS_TF_ANY_BITS); break;
    case MMS_T_SOCKET: set_scalar(t, sizeof(mms_socket), 4, 0); break;
    case MMS_T_UUID: set_scalar(t, sizeof(mms_uuid), 1, plain); break;
    case MMS_T_USIZE:
    case MMS_T_ISIZE:
        set_scalar(t, 8, 8, MMS_TF_ANY_BITS | (wide ? MMS_TF_COPY : 0));
        t->type.size = t->type.align = wide ? 8 : 4;
        break;
    case MMS_T_U32:
    case MMS_T_I32:
    case MMS_T_F32: set_scalar(t, 4, 4, plain); break;
    default: set_scalar(t, 8, 8, plain); break;
    }
    if (t->type.flags & MMS_TF_NON_ZERO)
        t->type.flags &= ~plain;
}

/* Fields one after the other, after a tag of a size (0: none) in the archive and in the input. */
struct extent {
    size_t size, align, input_size, input_align;
    unsigned flags; /* that all of the fields have */
    bool padded;
};

static bool too_large(struct model *model, size_t at, const char *what)
{
    source_error(model->source, at, "%s", what);
    return false;
}

static bool add_fields(struct model *model, const mms_type_field *fields, size_t count, struct extent *e)
{
    for (size_t i = 0; i < count; i++) {
        mms_type_field *field = (mms_type_field *)(uintptr_t)&fields[i];
        struct model_type *type = model_of(field->type);

        if (!measure(model, type))
            return false;
        field->offset = mms__round_up_size(e->size, type->type.align);
        e->padded = e->padded || field->offset != e->size;
        e->size = field->offset + type->type.size;
        e->align = larger(e->align, type->type.align);
        e->flags &= type->type.flags;
        if (type->type.input_size > 0) { /* C has no fields of no size */
            field->input_offset = mms__round_up_size(e->input_size, type->input_align);
            e->input_size = field->input_offset + type->type.input_size;
            e->input_align = larger(e->input_align, type->input_align);
        }
        if (e->size > LARGEST || e->input_size > LARGEST)
            return too_large(model, type->at, "the fields up to this type are larger than 2 GiB");
    }
    return true;
}

/* Sizes as they are with the last padding. */
static bool check_size(struct model *model, const struct model_type *t)
{
    if (t->type.size <= LARGEST && t->type.input_size <= LARGEST)
        return true;
    return too_large(model, t->at, "the type is larger than 2 GiB");
}

static bool measure_struct(struct model *model, struct model_type *t)
{
    struct extent e = {.align = 1, .input_align = 1, .flags = MMS_TF_LEAF | MMS_TF_COPY | MMS_TF_ANY_BITS};

    if (!add_fields(model, t->type.fields, t->type.count, &e))
        return false;
    t->type.align = e.align;
    t->type.size = mms__round_up_size(e.size, e.align);
    t->input_align = e.input_align;
    t->type.input_size = mms__round_up_size(e.input_size, e.input_align);
    if (e.padded || t->type.size != e.size || t->type.input_size != t->type.size)
        e.flags &= ~(unsigned)MMS_TF_COPY; /* padding must be written as 0 */
    t->type.flags |= e.flags;
    return check_size(model, t);
}

/* The variants of a C struct {tag, fields} each, and the union of them; in the input the fields
   start behind the tag at one place for all variants, as they are in a union. */
static bool measure_variants(struct model *model, struct model_type *t)
{
    size_t tag = t->type.kind == MMS_T_ENUM ? 4 : 1, size = t->type.tag_size, union_size = 0, union_align = 1;
    unsigned flags = MMS_TF_LEAF;

    t->type.align = t->type.tag_size;
    for (size_t i = 0; i < t->type.count; i++) {
        const mms_type_variant *variant = &t->type.variants[i];
        struct extent e = {.size = t->type.tag_size, .align = t->type.tag_size, .input_align = 1, .flags = flags};

        if (!add_fields(model, variant->fields, variant->count, &e))
            return false;
        t->type.align = larger(t->type.align, e.align);
        size = larger(size, e.size);
        union_size = larger(union_size, mms__round_up_size(e.input_size, e.input_align));
        union_align = larger(union_align, e.input_align);
        flags = e.flags;
    }
    t->type.size = mms__round_up_size(size, t->type.align);
    t->input_align = larger(tag, union_align);
    for (size_t i = 0; i < t->type.count; i++)
        for (size_t k = 0; k < t->type.variants[i].count; k++) {
            mms_type_field *field = (mms_type_field *)(uintptr_t)&t->type.variants[i].fields[k];

            if (field->type->input_size > 0)
                field->input_offset += mms__round_up_size(tag, union_align);
        }
    t->type.input_size = mms__round_up_size(mms__round_up_size(tag, union_align) + union_size, t->input_align);
    if (union_size == 0)
        t->type.input_size = tag;
    t->type.flags |= flags;
    return check_size(model, t);
}

static bool measure_array(struct model *model, struct model_type *t)
{
    struct model_type *item = model_of(t->type.first);

    if (!measure(model, item))
        return false;
    if (item->type.size == 0 && t->type.count > MMS_ARCHIVE_UNITS) {
        source_error(model->source, t->at, "an array of more than %d elements of no size", MMS_ARCHIVE_UNITS);
        return false;
    }
    if (__builtin_mul_overflow(t->type.count, item->type.size, &t->type.size) ||
        __builtin_mul_overflow(t->type.count, item->type.input_size, &t->type.input_size) || t->type.size > LARGEST ||
        t->type.input_size > LARGEST)
        return too_large(model, t->at, "the array is larger than 2 GiB");
    t->type.align = item->type.align;
    t->input_align = item->input_align;
    t->type.flags |= item->type.flags & (MMS_TF_LEAF | MMS_TF_COPY | MMS_TF_ANY_BITS);
    if (t->type.count == 0)
        t->type.flags |= MMS_TF_LEAF | MMS_TF_COPY | MMS_TF_ANY_BITS;
    return true;
}

static bool measure_kind(struct model *model, struct model_type *t)
{
    bool wide = model->wide;

    switch (t->type.kind) {
    case MMS_T_STRING:
    case MMS_T_BOX_STR: set_pointer(t, 2, wide, sizeof(mms_str)); return true;
    case MMS_T_BOX: set_pointer(t, 1, wide, sizeof(void *)); return true;
    case MMS_T_VEC:
    case MMS_T_TREE:
    case MMS_T_TREE_SET: set_pointer(t, 2, wide, sizeof(mms_items)); return true;
    case MMS_T_MAP:
    case MMS_T_SET: set_pointer(t, 3, wide, sizeof(mms_items)); return true;
    case MMS_T_ARRAY: return measure_array(model, t);
    case MMS_T_STRUCT: return measure_struct(model, t);
    case MMS_T_ENUM:
    case MMS_T_OPTION:
    case MMS_T_RESULT: return measure_variants(model, t);
    default: measure_scalar(t, wide); return true;
    }
}

static bool measure(struct model *model, struct model_type *type)
{
    if (type->state == MEASURED)
        return true;
    if (type->state == MEASURING) {
        source_error(model->source, type->at,
                     "`%s` contains itself, so its size is infinite; put a Box or a Vec in between", type->type.name);
        return false;
    }
    if (model->depth == DEEPEST_STRUCT) {
        source_error(model->source, type->at, "types are nested more than %d deep", DEEPEST_STRUCT);
        return false;
    }
    type->state = MEASURING;
    model->depth++;
    if (model->wide)
        type->type.flags |= MMS_TF_WIDE;
    if (!measure_kind(model, type))
        return false;
    model->depth--;
    type->state = MEASURED;
    return true;
}

/* ---- The largest alignment in an archive ---- */

static size_t deepest_of_fields(const mms_type_field *fields, size_t count, size_t deepest)
{
    for (size_t i = 0; i < count; i++)
        deepest = larger(deepest, fields[i].type->deep_align);
    return deepest;
}

static bool deepen(mms_type *type)
{
    size_t deepest = larger(type->deep_align, type->align);

    if (type->first)
        deepest = larger(deepest, type->first->deep_align);
    if (model_is_table(type))
        deepest = larger(deepest, 4);
    if (type->kind == MMS_T_STRUCT)
        deepest = deepest_of_fields(type->fields, type->count, deepest);
    for (size_t i = 0; type->variants && i < type->count; i++)
        deepest = deepest_of_fields(type->variants[i].fields, type->variants[i].count, deepest);
    if (deepest == type->deep_align)
        return false;
    type->deep_align = deepest;
    return true;
}

/* ---- The alignments of what belongs to a value ---- */

static size_t join(size_t a, size_t b)
{
    return a == 0 ? b : b == 0 || a == b ? a : SIZE_MAX;
}

static size_t part_of_fields(const mms_type_field *fields, size_t count, size_t part)
{
    for (size_t i = 0; i < count; i++)
        part = join(part, model_of(fields[i].type)->part_align);
    return part;
}

static bool join_parts(struct model_type *t)
{
    const mms_type *type = &t->type;
    size_t part = t->part_align;

    if (type->first)
        part = join(part, model_of(type->first)->part_align);
    if (type->kind == MMS_T_STRING || type->kind == MMS_T_BOX_STR)
        part = join(part, 1);
    else if (model_is_tree(type)) /* nodes end where their parts do */
        part = SIZE_MAX;
    else if (type->first && type->kind != MMS_T_ARRAY)
        part = join(part, type->first->align);
    if (type->kind == MMS_T_MAP || type->kind == MMS_T_SET)
        part = join(part, 4);
    if (type->kind == MMS_T_STRUCT)
        part = part_of_fields(type->fields, type->count, part);
    for (size_t i = 0; type->variants && i < type->count; i++)
        part = part_of_fields(type->variants[i].fields, type->variants[i].count, part);
    if (part == t->part_align)
        return false;
    t->part_align = part;
    return true;
}

bool model_measure(struct model *model)
{
    bool changed = true;

    for (size_t i = 0; i < model->count; i++)
        if (!measure(model, model->types[i]))
            return false;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < model->count; i++)
            changed = deepen(&model->types[i]->type) + join_parts(model->types[i]) > 0 || changed;
        for (size_t i = model->count; i > 0; i--) /* or a long chain of types would take as many rounds */
            changed = deepen(&model->types[i - 1]->type) + join_parts(model->types[i - 1]) > 0 || changed;
    }
    for (size_t i = 0; i < model->count; i++)
        if (model->types[i]->part_align != SIZE_MAX)
            model->types[i]->type.flags |= MMS_TF_EVEN;
    return true;
}
