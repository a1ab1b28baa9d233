/* SPDX-License-Identifier: Apache-2.0 */
/* The header, and in it what can be done with whole values. */
#include "schema/emit.h"

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
    "/* Check bytes that nobody vouches for: the root, or NULL, and mms_last_error() names the field. */\n"
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
    "/* mms_read, and the root; each generation is checked at its first read. NULL: mms_last_code(), and no view. */\n"
    "static inline const @ *$_read(mms_reader *reader, mms_view *view)\n"
    "{\n"
    "    return MMS_CAST(const @ *, mms__archive_root(reader, &$_archive, view, sizeof(@)));\n"
    "}\n"
    "/* The same for a writer that is trusted: the type id is compared, and the bytes are not checked. */\n"
    "static inline const @ *$_read_unchecked(mms_reader *reader, mms_view *view)\n"
    "{\n"
    "    return MMS_CAST(const @ *, mms_archive_read_unchecked(reader, &$_archive, view));\n"
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
    for (const char *c = functions; *c; c++) {
        if (*c == '$')
            fputs(emit_name(e, type), e->out);
        else if (*c == '@')
            fputs(emit_archived_name(e, type), e->out);
        else
            putc(*c, e->out);
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
    fputs("\n#include <mmsync/archive.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n", e->out);
    emit_types(e);
    fprintf(e->out, "extern const mms_type %s_types[];\n\n", e->stem);
    emit_accessors(e);
    emit_roots(e);
    fputs("#ifdef __cplusplus\n}\n#endif\n#endif\n", e->out);
}
