/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that the library works by. The C compiler knows where input values have their
   fields. */
#include "schema/emit/emit.h"
#include <string.h>

static const char *const kinds[] = {
    "UNIT",     "BOOL", "U8",    "U16",    "U32",       "U64",       "U128",   "I8",       "I16",    "I32",
    "I64",      "I128", "USIZE", "ISIZE",  "F32",       "F64",       "CHAR",   "DURATION", "STRING", "BOX_STR",
    "BOX",      "VEC",  "ARRAY", "STRUCT", "ENUM",      "OPTION",    "RESULT", "MAP",      "SET",    "TREE",
    "TREE_SET", "IPV4", "IPV6",  "IP",     "SOCKET_V4", "SOCKET_V6", "SOCKET", "UUID",
};

/* Where a field is in a C type; `variant` is the member of the union that it is in, or NULL. */
static const char *input_offset(const struct emit *e, const mms_type *type, size_t variant, const mms_type_field *field,
                                const char *c_name)
{
    const char *name = emit_name(e, type);

    if (!emit_has_input(field->type) || emit_is_bare_key(type))
        return "0";
    switch (type->kind) {
    case MMS_T_OPTION: return model_format(e->model, "offsetof(%s, value)", name);
    case MMS_T_RESULT: return model_format(e->model, "offsetof(%s, %s)", name, variant == 0 ? "ok" : "err");
    case MMS_T_ENUM:
        return model_format(e->model, "offsetof(%s, %s) + offsetof(%s_%s, %s)", name,
                            /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): enums have variants */
                            model_of(type)->variants[variant].c_name, name, type->variants[variant].name, c_name);
    default: return model_format(e->model, "offsetof(%s, %s)", name, c_name);
    }
}

static void field_table(const struct emit *e, const mms_type *type, size_t variant, const mms_type_field *fields,
                        const struct field_text *texts, size_t count, const char *name)
{
    if (count == 0)
        return;
    fprintf(e->out, "static const mms_type_field %s[] = {\n", name);
    for (size_t i = 0; i < count; i++)
        fprintf(e->out, "    {\"%s\", &%s_types[%zu], %zu, %s},\n", fields[i].name, e->stem,
                model_of(fields[i].type)->index, fields[i].offset,
                input_offset(e, type, variant, &fields[i], texts ? texts[i].c_name : ""));
    fputs("};\n", e->out);
}

static const char *fields_name(const struct emit *e, const mms_type *type)
{
    return model_format(e->model, "%s_fields_%zu", e->stem, model_of(type)->index);
}

static const char *variant_name(const struct emit *e, const mms_type *type, size_t variant)
{
    return model_format(e->model, "%s_fields_%zu_%zu", e->stem, model_of(type)->index, variant);
}

static void variant_table(const struct emit *e, const mms_type *type)
{
    static const char *const shapes[] = {"UNIT", "TUPLE", "NAMED"};
    const struct model_type *model = model_of(type);

    for (size_t i = 0; i < type->count; i++)
        field_table(e, type, i, type->variants[i].fields, model->variants ? model->variants[i].fields : NULL,
                    type->variants[i].count, variant_name(e, type, i));
    fprintf(e->out, "static const mms_type_variant %s_variants_%zu[] = {\n", e->stem, model->index);
    for (size_t i = 0; i < type->count; i++) {
        const mms_type_variant *variant = &type->variants[i];

        fprintf(e->out, "    {\"%s\", %s, %zu, MMS_SHAPE_%s},\n", variant->name,
                variant->count > 0 ? variant_name(e, type, i) : "NULL", variant->count, shapes[variant->shape]);
    }
    fputs("};\n", e->out);
}

static void tables_of(const struct emit *e, const mms_type *type)
{
    if (type->kind == MMS_T_STRUCT)
        field_table(e, type, 0, type->fields, model_of(type)->fields, type->count, fields_name(e, type));
    else if (type->variants)
        variant_table(e, type);
}

static void flags(const struct emit *e, const mms_type *type)
{
    static const char *const names[] = {"WIDE", "LEAF", "COPY", "ANY_BITS", "EVEN", "NON_ZERO"};
    const char *separator = "";

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (type->flags & 1u << i) {
            fprintf(e->out, "%sMMS_TF_%s", separator, names[i]);
            separator = " | ";
        }
    if (!*separator)
        putc('0', e->out);
}

static void input_size(const struct emit *e, const mms_type *type)
{
    if (emit_has_input(type))
        fprintf(e->out, "sizeof(%s)", emit_input(e, type));
    else
        putc('0', e->out);
}

static void type_row(const struct emit *e, const mms_type *type)
{
    static const char *const shapes[] = {"UNIT", "TUPLE", "NAMED"};
    size_t index = model_of(type)->index;

    fprintf(e->out, "    {\"%s\", MMS_T_%s, MMS_SHAPE_%s, ", type->name, kinds[type->kind], shapes[type->shape]);
    flags(e, type);
    fprintf(e->out, ", %u,\n     %zu, %zu, ", type->tag_size, type->size, type->align);
    input_size(e, type);
    fprintf(e->out, ", %zu, %zu, ", type->deep_align, type->count);
    if (type->first)
        fprintf(e->out, "&%s_types[%zu], ", e->stem, model_of(type->first)->index);
    else
        fputs("NULL, ", e->out);
    fputs(type->kind == MMS_T_STRUCT && type->count > 0 ? fields_name(e, type) : "NULL", e->out);
    if (type->variants)
        fprintf(e->out, ", %s_variants_%zu}, /* %zu */\n", e->stem, index, index);
    else
        fprintf(e->out, ", NULL}, /* %zu */\n", index);
}

/* Text as a C string, a line of it in each line. */
static void quoted(const struct emit *e, const char *text)
{
    fputs("    \"", e->out);
    for (; *text; text++) {
        if (*text == '\n')
            fputs(text[1] ? "\\n\"\n    \"" : "\\n", e->out);
        else if (*text == '"' || *text == '\\')
            fprintf(e->out, "\\%c", *text);
        else
            putc(*text, e->out);
    }
    putc('"', e->out);
}

enum { LONGEST_LITERAL = 4095 };

void emit_schema(const struct emit *e, const char *name, const char *canon)
{
    if (strlen(canon) > LONGEST_LITERAL) /* -Wpedantic minds what all compilers that we use can do */
        fputs("#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n", e->out);
    fprintf(e->out, "static const char %s[] =\n", name);
    quoted(e, canon);
    fputs(";\n", e->out);
}

static void archive(const struct emit *e, struct model_type *type)
{
    const char *canon = model_canon(e->model, type);
    uint64_t id[2];

    model_type_id(canon, id);
    emit_schema(e, model_format(e->model, "%s_schema_%zu", e->stem, type->index), canon);
    fprintf(e->out,
            "mms_archive %s_archive = {&%s_types[%zu], {UINT64_C(0x%016llx), UINT64_C(0x%016llx)},\n"
            "    %s_schema_%zu, sizeof %s_schema_%zu - 1, MMS_ARCHIVE_NEW};\n\n",
            emit_name(e, &type->type), e->stem, type->index, (unsigned long long)id[0], (unsigned long long)id[1],
            e->stem, type->index, e->stem, type->index);
}

void emit_source(const struct emit *e)
{
    struct model *model = e->model;

    fprintf(e->out, "/* Made from %s by mmsc " MMS_VERSION "; do not edit. */\n#include \"%s\"\n\n", e->schema,
            e->header);
    for (size_t i = 0; i < model->count; i++)
        tables_of(e, &model->types[i]->type);
    fprintf(e->out, "\nconst mms_type %s_types[] = {\n", e->stem);
    for (size_t i = 0; i < model->count; i++)
        type_row(e, &model->types[i]->type);
    fputs("};\n\n", e->out);
    for (size_t i = 0; i < model->count; i++)
        if (model->types[i]->defined && emit_exists(&model->types[i]->type))
            archive(e, model->types[i]);
    emit_table_sources(e);
}
