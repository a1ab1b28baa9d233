/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions of the C types, each after what it contains. */
#include "base/round.h"
#include "schema/emit/emit.h"
#include <string.h>

static void define(const struct emit *e, const mms_type *type, bool *done);

/* ---- Fields ---- */

static void input_fields(const struct emit *e, const mms_type_field *fields, const struct field_text *texts,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *type;
        size_t size;

        if (!emit_has_input(fields[i].type))
            continue;
        type = emit_input(e, fields[i].type);
        size = strlen(type);
        emit_doc(e, texts[i].doc, "    ");
        fprintf(e->out, "    %s%s%s;\n", type, type[size - 1] == '*' ? "" : " ", texts[i].c_name);
    }
}

/* The C type of a part of an archived one. */
static const char *archived_part(const struct emit *e, const mms_type *type)
{
    switch (type->kind) {
    case MMS_T_U64: return "mms_u64";
    case MMS_T_I64: return "mms_i64";
    case MMS_T_F64: return "mms_f64";
    case MMS_T_USIZE: return e->model->wide ? "mms_u64" : "uint32_t";
    case MMS_T_ISIZE: return e->model->wide ? "mms_i64" : "int32_t";
    default: return emit_archived(e, type);
    }
}

/* Padding where C would put the next field elsewhere, because fields of no size may still be
   aligned. Returns C's alignment. */
static size_t archived_fields(const struct emit *e, const mms_type_field *fields, const struct field_text *texts,
                              size_t count, size_t at)
{
    size_t align = at > 0 ? at : 1;

    for (size_t i = 0; i < count; i++) {
        const mms_type *type = fields[i].type;

        if (!emit_exists(type))
            continue;
        if (mms__round_up_size(at, type->align) != fields[i].offset)
            fprintf(e->out, "    uint8_t mms_padding_%zu[%zu];\n", i, fields[i].offset - at);
        emit_doc(e, texts[i].doc, "    ");
        fprintf(e->out, "    %s %s;\n", archived_part(e, type), texts[i].c_name);
        at = fields[i].offset + type->size;
        align = align > type->align ? align : type->align;
    }
    return align;
}

static void end_struct(const struct emit *e, size_t align, size_t natural)
{
    if (align > natural)
        fprintf(e->out, "} __attribute__((aligned(%zu)));\n", align);
    else
        fputs("};\n", e->out);
}

/* ---- What the compiler must agree to ---- */

static void assert_layout(const struct emit *e, const mms_type *type)
{
    const char *name = emit_archived(e, type);

    fprintf(e->out, "MMS_ASSERT(sizeof(%s) == %zu && MMS_ALIGNOF(%s) == %zu, \"layout of %s\");\n", name, type->size,
            name, type->align, name);
}

static void assert_fields(const struct emit *e, const char *name, const mms_type_field *fields,
                          const struct field_text *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (emit_exists(fields[i].type))
            fprintf(e->out, "MMS_ASSERT(offsetof(%s, %s) == %zu, \"layout of %s\");\n", name, texts[i].c_name,
                    fields[i].offset, name);
}

/* ---- Structs ---- */

static void define_struct(const struct emit *e, const mms_type *type)
{
    const struct model_type *model = model_of(type);
    size_t natural;

    if (emit_has_input(type)) {
        emit_doc(e, model->doc, "");
        fprintf(e->out, "struct %s {\n", emit_name(e, type));
        input_fields(e, type->fields, model->fields, type->count);
        fputs("};\n\n", e->out);
    }
    if (!emit_exists(type))
        return;
    fprintf(e->out, "struct %s {\n", emit_archived_name(e, type));
    natural = archived_fields(e, type->fields, model->fields, type->count, 0);
    end_struct(e, type->align, natural);
    assert_layout(e, type);
    assert_fields(e, emit_archived_name(e, type), type->fields, model->fields, type->count);
    putc('\n', e->out);
}

static void define_array(const struct emit *e, const mms_type *type)
{
    if (emit_has_input(type))
        fprintf(e->out, "struct %s {\n    %s items[%zu];\n};\n", emit_name(e, type), emit_input(e, type->first),
                type->count);
    if (emit_exists(type)) {
        fprintf(e->out, "struct %s {\n    %s items[%zu];\n};\n", emit_archived_name(e, type),
                archived_part(e, type->first), type->count);
        assert_layout(e, type);
    }
    putc('\n', e->out);
}

/* ---- Enums ---- */

static void define_tags(const struct emit *e, const mms_type *type, const char *name, const char *doc)
{
    const struct model_type *model = model_of(type);

    emit_doc(e, doc, "");
    fprintf(e->out, "typedef enum %s {\n", name);
    for (size_t i = 0; i < type->count; i++) {
        emit_doc(e, model->variants[i].doc, "    ");
        fprintf(e->out, "    %s_%s = %zu%s\n", name, model->variants[i].c_name, i, i + 1 < type->count ? "," : "");
    }
    fprintf(e->out, "} %s;\nMMS_ASSERT(sizeof(%s) == 4, \"%s\");\n\n", name, name, name);
}

static bool variant_has_input(const mms_type_variant *variant)
{
    for (size_t i = 0; i < variant->count; i++)
        if (emit_has_input(variant->fields[i].type))
            return true;
    return false;
}

static bool variant_has_fields(const mms_type_variant *variant)
{
    for (size_t i = 0; i < variant->count; i++)
        if (emit_exists(variant->fields[i].type))
            return true;
    return false;
}

static bool any_input(const mms_type *type)
{
    for (size_t i = 0; i < type->count; i++)
        if (variant_has_input(&type->variants[i]))
            return true;
    return false;
}

static void define_variants(const struct emit *e, const mms_type *type)
{
    const struct model_type *model = model_of(type);

    for (size_t i = 0; i < type->count; i++) {
        const mms_type_variant *variant = &type->variants[i];

        if (!variant_has_input(variant))
            continue;
        fprintf(e->out, "typedef struct %s_%s {\n", emit_name(e, type), variant->name);
        input_fields(e, variant->fields, model->variants[i].fields, variant->count);
        fprintf(e->out, "} %s_%s;\n\n", emit_name(e, type), variant->name);
    }
}

static void define_enum_input(const struct emit *e, const mms_type *type)
{
    const struct model_type *model = model_of(type);
    const char *name = emit_name(e, type);

    define_tags(e, type, model_format(e->model, "%s_Tag", name), NULL);
    define_variants(e, type);
    emit_doc(e, model->doc, "");
    fprintf(e->out, "struct %s {\n    %s_Tag tag;\n", name, name);
    if (any_input(type)) {
        fputs("    union {\n", e->out);
        for (size_t i = 0; i < type->count; i++)
            if (variant_has_input(&type->variants[i]))
                fprintf(e->out, "        %s_%s %s;\n", name, type->variants[i].name, model->variants[i].c_name);
        fputs("    };\n", e->out);
    }
    fputs("};\n\n", e->out);
}

/* A union of the variants, each a struct that begins with the tag. */
static void define_enum_archived(const struct emit *e, const mms_type *type)
{
    const struct model_type *model = model_of(type);
    const char *name = emit_archived_name(e, type), *tag = type->tag_size == 1 ? "uint8_t" : "uint16_t";

    for (size_t i = 0; i < type->count; i++) {
        const mms_type_variant *variant = &type->variants[i];
        const char *own = model_format(e->model, "%s_%s", name, variant->name);
        size_t natural;

        if (!variant_has_fields(variant))
            continue;
        fprintf(e->out, "typedef struct %s {\n    %s mms_tag;\n", own, tag);
        natural = archived_fields(e, variant->fields, model->variants[i].fields, variant->count, type->tag_size);
        fprintf(e->out, "} __attribute__((aligned(%zu))) %s;\n", natural, own);
        assert_fields(e, own, variant->fields, model->variants[i].fields, variant->count);
        putc('\n', e->out);
    }
    fprintf(e->out, "union %s {\n    %s tag;\n", name, tag);
    for (size_t i = 0; i < type->count; i++)
        if (variant_has_fields(&type->variants[i]))
            fprintf(e->out, "    %s_%s %s;\n", name, type->variants[i].name, model->variants[i].c_name);
    fprintf(e->out, "} __attribute__((aligned(%zu)));\n", type->align);
    assert_layout(e, type);
    putc('\n', e->out);
}

static void define_enum(const struct emit *e, const mms_type *type)
{
    if (!model_of(type)->c_like)
        define_enum_input(e, type);
    define_enum_archived(e, type);
}

/* ---- Containers ---- */

static void define_option(const struct emit *e, const mms_type *type)
{
    const mms_type_field *value = &type->variants[1].fields[0];
    size_t natural;

    fprintf(e->out, "struct %s {\n    bool some;\n", emit_name(e, type));
    input_fields(e, value, &(struct field_text){.c_name = "value"}, 1);
    fprintf(e->out, "};\nstruct %s {\n    uint8_t mms_tag;\n", emit_archived_name(e, type));
    natural = archived_fields(e, value, &(struct field_text){.c_name = "value"}, 1, 1);
    end_struct(e, type->align, natural);
    assert_layout(e, type);
    putc('\n', e->out);
}

static void define_result(const struct emit *e, const mms_type *type)
{
    const mms_type_field *ok = &type->variants[0].fields[0], *err = &type->variants[1].fields[0];
    const char *name = emit_archived_name(e, type);

    fprintf(e->out, "struct %s {\n    bool is_err;\n    union {\n", emit_name(e, type));
    input_fields(e, ok, &(struct field_text){.c_name = "ok"}, 1);
    input_fields(e, err, &(struct field_text){.c_name = "err"}, 1);
    if (!emit_has_input(ok->type) && !emit_has_input(err->type))
        fputs("    bool mms_nothing;\n", e->out);
    fputs("    };\n};\n", e->out);
    for (int i = 0; i < 2; i++) {
        fprintf(e->out, "typedef struct %s_%s {\n    uint8_t mms_tag;\n", name, type->variants[i].name);
        archived_fields(e, type->variants[i].fields, &(struct field_text){.c_name = "value"}, 1, 1);
        fprintf(e->out, "} %s_%s;\n", name, type->variants[i].name);
    }
    fprintf(e->out, "union %s {\n    uint8_t tag;\n    %s_Ok ok;\n    %s_Err err;\n} __attribute__((aligned(%zu)));\n",
            name, name, name, type->align);
    assert_layout(e, type);
    putc('\n', e->out);
}

static const char *block_of(const mms_type *type)
{
    switch (type->kind) {
    case MMS_T_BOX: return "box";
    case MMS_T_VEC: return "slice";
    case MMS_T_TREE:
    case MMS_T_TREE_SET: return "tree";
    default: return "map";
    }
}

static void define_pointing(const struct emit *e, const mms_type *type)
{
    const mms_type *item = model_is_set(type) ? type->first->fields[0].type : type->first;

    if (type->kind != MMS_T_BOX)
        fprintf(e->out, "struct %s {\n    %s%s;\n    size_t count;\n};\n", emit_name(e, type),
                emit_pointer(e, emit_has_input(item) ? emit_input(e, item) : "void"),
                model_is_set(type) ? "keys" : "data");
    fprintf(e->out, "struct %s {\n    mms_%s%d %s;\n};\n\n", emit_archived_name(e, type), block_of(type), emit_bits(e),
            block_of(type));
}

/* ---- All, in order ---- */

/* The kinds that get a C type of their own. */
static bool is_named(const mms_type *type)
{
    if (emit_is_bare_key(type))
        return false;
    return type->kind == MMS_T_BOX || (type->kind >= MMS_T_VEC && type->kind <= MMS_T_TREE_SET);
}

static bool is_union(const mms_type *type)
{
    return type->kind == MMS_T_ENUM || type->kind == MMS_T_RESULT;
}

static void declare(const struct emit *e, const mms_type *type)
{
    bool tag_only = type->kind == MMS_T_ENUM && model_of(type)->c_like;

    if (emit_has_input(type) && type->kind != MMS_T_BOX && !tag_only)
        fprintf(e->out, "typedef struct %s %s;\n", emit_name(e, type), emit_name(e, type));
    if (emit_exists(type))
        fprintf(e->out, "typedef %s %s %s;\n", is_union(type) ? "union" : "struct", emit_archived_name(e, type),
                emit_archived_name(e, type));
}

static void define_one(const struct emit *e, const mms_type *type)
{
    if (emit_is_shared(type)) {
        fprintf(e->out, "#ifndef MMS_TYPE_%s_%d\n#define MMS_TYPE_%s_%d\n", emit_name(e, type), emit_bits(e),
                emit_name(e, type), emit_bits(e));
        declare(e, type);
    }
    switch (type->kind) {
    case MMS_T_STRUCT: define_struct(e, type); break;
    case MMS_T_ENUM: define_enum(e, type); break;
    case MMS_T_OPTION: define_option(e, type); break;
    case MMS_T_RESULT: define_result(e, type); break;
    case MMS_T_ARRAY: define_array(e, type); break;
    default: define_pointing(e, type); break;
    }
    if (emit_is_shared(type))
        fputs("#endif\n\n", e->out);
}

static void define_fields(const struct emit *e, const mms_type_field *fields, size_t count, bool *done)
{
    for (size_t i = 0; i < count; i++)
        define(e, fields[i].type, done);
}

/* What a type contains, or a shared type leads to, comes first. Recursion ends because sizes
   are finite. */
static void define(const struct emit *e, const mms_type *type, bool *done)
{
    if (done[model_of(type)->index])
        return;
    done[model_of(type)->index] = true;
    if (type->first && (type->kind == MMS_T_ARRAY || emit_is_shared(type)))
        define(e, type->first, done);
    if (type->kind == MMS_T_STRUCT)
        define_fields(e, type->fields, type->count, done);
    for (size_t i = 0; type->variants && i < type->count; i++)
        define_fields(e, type->variants[i].fields, type->variants[i].count, done);
    if (is_named(type) && (emit_exists(type) || emit_has_input(type)))
        define_one(e, type);
}

void emit_types(const struct emit *e)
{
    bool *done = model_allocate(e->model, e->model->count * sizeof *done);

    for (size_t i = 0; i < e->model->count; i++) {
        const struct model_type *type = e->model->types[i];

        if (type->c_like)
            define_tags(e, &type->type, emit_name(e, &type->type), type->doc);
    }
    for (size_t i = 0; i < e->model->count; i++) {
        const mms_type *type = &e->model->types[i]->type;

        if (is_named(type) && !emit_is_shared(type))
            declare(e, type);
    }
    putc('\n', e->out);
    for (size_t i = 0; i < e->model->count; i++)
        define(e, &e->model->types[i]->type, done);
}
