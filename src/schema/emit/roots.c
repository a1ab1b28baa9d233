/* SPDX-License-Identifier: Apache-2.0 */
/* The header, and in it what can be done with whole values. */
#include "schema/emit/emit.h"
#include <string.h>

/* $: the type's name. @: the archived type's. */
static const char functions[] =
    "/* ---- $ ---- */\n"
    "\n"
    "extern mms_archive $_archive;\n"
    "\n"
    "/* The exact size of the archive of a value. */\n"
    "static inline int $_size(const $ *value, size_t *size)\n"
    "{\n"
    "    return mms_archive_size(&$_archive, value, size);\n"
    "}\n"
    "/* Write an archive to a buffer that is aligned to 16; see mms_archive_write. */\n"
    "static inline int $_serialize(const $ *value, void *buffer, size_t capacity, size_t *size)\n"
    "{\n"
    "    return mms_archive_write(&$_archive, value, buffer, capacity, size);\n"
    "}\n"
    "/* Check untrusted bytes: the root, or NULL, and mms_last_error() names the field. */\n"
    "static inline const @ *$_check(const void *data, size_t size)\n"
    "{\n"
    "    const void *root;\n"
    "\n"
    "    return mms_archive_check(&$_archive, data, size, &root) == 0 ? MMS_CAST(const @ *, root) : NULL;\n"
    "}\n"
    "/* The root of bytes that are known to be good. */\n"
    "static inline const @ *$_root(const void *data, size_t size)\n"
    "{\n"
    "    return MMS_CAST(const @ *, mms__root_of(data, size, sizeof(@)));\n"
    "}\n"
    "/* Publish a value, built in place. */\n"
    "static inline int $_write(mms_writer *writer, const $ *value, mms_receipt *receipt)\n"
    "{\n"
    "    return mms_archive_publish(writer, &$_archive, value, receipt);\n"
    "}\n"
    "/* Begin to change the newest value: its root, to find what the setters change, and its size, to commit with\n"
    "   mms_write_commit. MMS_E_EMPTY: publish one with $_write first; MMS_E_TYPE; see mms_archive_update.\n"
    "   On failure *root is NULL. */\n"
    "static inline int $_update(mms_writer *writer, const @ **root, size_t *size, mms_receipt *receipt)\n"
    "{\n"
    "    const void *found = NULL;\n"
    "    int code = mms_archive_update(writer, &$_archive, root ? &found : NULL, size, receipt);\n"
    "\n"
    "    if (root)\n"
    "        *root = MMS_CAST(const @ *, found);\n"
    "    return code;\n"
    "}\n"
    "/* mms_read, and the root; bytes that $_write did not make are checked. NULL: mms_last_code(), and no view. */\n"
    "static inline const @ *$_read(mms_reader *reader, mms_view *view)\n"
    "{\n"
    "    return MMS_CAST(const @ *, mms__archive_root(reader, &$_archive, view, sizeof(@)));\n"
    "}\n"
    "/* The same for a trusted writer: the type id is compared, but the bytes are not checked. */\n"
    "static inline const @ *$_read_unchecked(mms_reader *reader, mms_view *view)\n"
    "{\n"
    "    return MMS_CAST(const @ *, mms_archive_read_unchecked(reader, &$_archive, view));\n"
    "}\n"
    "/* A copy of the newest value, checked: the root in the buffer, which is aligned to 16, or NULL; see\n"
    "   mms_archive_read_copy. For views that can be taken away, and without the right to write. */\n"
    "static inline const @ *$_read_copy(mms_region *region, void *buffer, size_t capacity, size_t *size,\n"
    "                                   uint64_t *generation)\n"
    "{\n"
    "    const void *root;\n"
    "\n"
    "    if (mms_archive_read_copy(region, &$_archive, buffer, capacity, size, generation, &root) != 0)\n"
    "        return NULL;\n"
    "    return MMS_CAST(const @ *, root);\n"
    "}\n"
    "static inline bool $_equal(const @ *a, const @ *b)\n"
    "{\n"
    "    return mms_archive_equal($_archive.type, a, b);\n"
    "}\n"
    "/* In one line, without a newline. Returns 0 or -errno. */\n"
    "static inline int $_print_json(const @ *value, FILE *stream)\n"
    "{\n"
    "    return mms_archive_print($_archive.type, value, stream);\n"
    "}\n"
    "\n";

static void root_functions(const struct emit *e, const mms_type *type)
{
    const char *name = emit_name(e, type), *archived = emit_archived_name(e, type);

    for (const char *c = functions; *c;) {
        size_t plain = strcspn(c, "$@");

        fwrite(c, 1, plain, e->out);
        c += plain;
        if (*c)
            fputs(*c++ == '$' ? name : archived, e->out);
    }
}

void emit_roots(const struct emit *e)
{
    for (size_t i = 0; i < e->model->count; i++) {
        const struct model_type *type = e->model->types[i];

        if (type->defined && emit_exists(&type->type))
            root_functions(e, &type->type);
    }
}

/* What a loop of mmsync.hpp goes over: the function that says where the elements are. NULL: nothing. */
static const char *elements_of(const mms_type *type)
{
    switch (type->kind) {
    case MMS_T_VEC: return emit_exists(type->first) ? "data" : NULL;
    case MMS_T_MAP: return "entries";
    case MMS_T_SET: return "keys";
    default: return NULL;
    }
}

static void emit_schema_container(const struct emit *e, const mms_type *type)
{
    const char *name = emit_name(e, type), *archived = emit_archived_name(e, type), *elements = elements_of(type);
    bool tree = type->kind == MMS_T_TREE || type->kind == MMS_T_TREE_SET, shared = emit_is_shared(type);

    if (!tree && !elements)
        return;
    if (shared)
        fprintf(e->out, "#ifndef MMS_RANGE_%s\n#define MMS_RANGE_%s\n", name, name);
    if (tree)
        fprintf(e->out, "MMS_SCHEMA_TREE(%s, %s)\n", name, archived);
    else
        fprintf(e->out, "MMS_SCHEMA_LIST(%s, %s, %s)\n", name, archived, elements);
    if (shared)
        fputs("#endif\n", e->out);
}

/* For mmsync.hpp. */
static void emit_schema_types(const struct emit *e)
{
    for (size_t i = 0; i < e->model->count; i++) {
        const struct model_type *type = e->model->types[i];

        if (type->defined && emit_exists(&type->type))
            fprintf(e->out, "MMS_SCHEMA_TYPE(%s, %s)\n", emit_name(e, &type->type), emit_archived_name(e, &type->type));
        emit_schema_container(e, &type->type);
    }
}

/* Upper case, for the include guard. */
static void guard(const struct emit *e)
{
    fputs("MMS_SCHEMA_", e->out);
    for (const char *c = e->stem; *c; c++)
        putc(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, e->out);
    fputs("_H\n", e->out);
}

void emit_header(const struct emit *e)
{
    fprintf(
        e->out,
        "/* Made from %s by mmsc " MMS_VERSION "; do not edit.\n"
        "   A type T of the schema is T as a plain value to be written, and ArchivedT as what readers use in place.\n"
        "   Offsets have %d bits. */\n",
        e->schema, emit_bits(e));
    fputs("#ifndef ", e->out);
    guard(e);
    fputs("#define ", e->out);
    guard(e);
    fprintf(e->out, "\n#include <mmsync/%s.h>\n", e->model->tables ? "typed_table" : "archive");
    fputs("\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n", e->out);
    emit_types(e);
    fprintf(e->out, "extern const mms_type %s_types[];\n\n", e->stem);
    emit_accessors(e);
    emit_setters(e);
    emit_roots(e);
    emit_tables(e);
    fputs("#ifdef __cplusplus\n}\n\n/* For mmsync.hpp. */\n", e->out);
    emit_schema_types(e);
    fputs("#endif\n#endif\n", e->out);
}
