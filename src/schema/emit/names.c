/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/emit/emit.h"
#include <string.h>

int emit_bits(const struct emit *e)
{
    return e->model->wide ? 64 : 32;
}

bool emit_exists(const mms_type *type)
{
    return type->size > 0;
}

bool emit_has_input(const mms_type *type)
{
    return type->input_size > 0;
}

bool emit_is_bare_key(const mms_type *type)
{
    return model_of(type)->bare;
}

static bool shared_fields(const mms_type_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!emit_is_shared(fields[i].type))
            return false;
    return true;
}

bool emit_is_shared(const mms_type *type)
{
    if (model_of(type)->defined)
        return false;
    if (type->first && !emit_is_shared(type->first))
        return false;
    if (type->kind == MMS_T_STRUCT)
        return shared_fields(type->fields, type->count);
    for (size_t i = 0; type->variants && i < type->count; i++)
        if (!shared_fields(type->variants[i].fields, type->variants[i].count))
            return false;
    return true;
}

const char *emit_name(const struct emit *e, const mms_type *type)
{
    return model_format(e->model, "%s%s", e->prefix, model_of(type)->mangled);
}

const char *emit_archived_name(const struct emit *e, const mms_type *type)
{
    return model_format(e->model, "%sArchived%s", e->prefix, model_of(type)->mangled);
}

const char *emit_pointer(const struct emit *e, const char *to)
{
    size_t size = strlen(to);

    if (size > 0 && to[size - 1] == '*')
        return model_format(e->model, "%sconst *", to);
    return model_format(e->model, "const %s *", to);
}

static const char *scalar(const mms_type *type)
{
    switch (type->kind) {
    case MMS_T_BOOL: return "bool";
    case MMS_T_U8: return "uint8_t";
    case MMS_T_U16: return "uint16_t";
    case MMS_T_U32:
    case MMS_T_CHAR: return "uint32_t";
    case MMS_T_U64: return "uint64_t";
    case MMS_T_U128: return "mms_u128";
    case MMS_T_I8: return "int8_t";
    case MMS_T_I16: return "int16_t";
    case MMS_T_I32: return "int32_t";
    case MMS_T_I64: return "int64_t";
    case MMS_T_I128: return "mms_i128";
    case MMS_T_F32: return "float";
    case MMS_T_F64: return "double";
    case MMS_T_DURATION: return "mms_duration";
    case MMS_T_IPV4: return "mms_ipv4";
    case MMS_T_IPV6: return "mms_ipv6";
    case MMS_T_IP: return "mms_ip";
    case MMS_T_SOCKET_V4: return "mms_socket_v4";
    case MMS_T_SOCKET_V6: return "mms_socket_v6";
    case MMS_T_SOCKET: return "mms_socket";
    case MMS_T_UUID: return "mms_uuid";
    default: return NULL;
    }
}

const char *emit_input(const struct emit *e, const mms_type *type)
{
    const char *name = scalar(type);

    if (name)
        return name;
    if (emit_is_bare_key(type))
        return emit_input(e, type->fields[0].type);
    switch (type->kind) {
    case MMS_T_USIZE: return "uint64_t";
    case MMS_T_ISIZE: return "int64_t";
    case MMS_T_STRING:
    case MMS_T_BOX_STR: return "mms_str";
    case MMS_T_BOX: return emit_pointer(e, emit_has_input(type->first) ? emit_input(e, type->first) : "void");
    default: return emit_name(e, type);
    }
}

const char *emit_archived(const struct emit *e, const mms_type *type)
{
    const char *name = scalar(type);

    if (name)
        return name;
    if (emit_is_bare_key(type))
        return emit_archived(e, type->fields[0].type);
    switch (type->kind) {
    case MMS_T_USIZE: return e->model->wide ? "uint64_t" : "uint32_t";
    case MMS_T_ISIZE: return e->model->wide ? "int64_t" : "int32_t";
    case MMS_T_STRING: return e->model->wide ? "mms_string64" : "mms_string32";
    case MMS_T_BOX_STR: return e->model->wide ? "mms_slice64" : "mms_slice32";
    default: return emit_archived_name(e, type);
    }
}

/* One line of a doc, with what would end the comment taken apart. */
static void doc_line(const struct emit *e, const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        putc(line[i], e->out);
        if ((line[i] == '*' && i + 1 < size && line[i + 1] == '/') ||
            (line[i] == '/' && i + 1 < size && line[i + 1] == '*') || (line[i] == '\\' && i + 1 == size))
            putc(' ', e->out);
    }
}

void emit_doc(const struct emit *e, const char *doc, const char *indent)
{
    const char *start = "/* ";

    if (!doc)
        return;
    for (const char *line = doc; *line;) {
        size_t size = strcspn(line, "\n");
        const char *next = line[size] ? line + size + 1 : line + size;

        if (size > 0 || *start == '/')
            fprintf(e->out, "%s%s", indent, start);
        doc_line(e, line, size);
        fputs(*next ? "\n" : " */\n", e->out);
        start = "   ";
        line = next;
    }
}
