/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/schema.h"
#include <string.h>

static bool read_text(struct schema *schema, const char *name, const char *text, size_t size, const char *root,
                      bool wide, bool stored, FILE *errors)
{
    const struct model_type *type;

    *schema = (struct schema){.source = {.name = name, .text = text, .size = size, .errors = errors}};
    if (!model_read(&schema->model, &schema->source, wide, stored))
        return false;
    type = model_find(&schema->model, root);
    if (!type || !type->defined) {
        source_error(&schema->source, size, "the schema does not define `%s`", root);
        return false;
    }
    schema->archive.type = &type->type;
    schema->archive.schema = model_canon(&schema->model, type);
    schema->archive.schema_size = strlen(schema->archive.schema);
    schema->archive.token = MMS_ARCHIVE_NEW;
    model_type_id(schema->archive.schema, schema->archive.type_id);
    return true;
}

bool schema_read(struct schema *schema, const char *name, const char *text, size_t size, const char *root, bool wide,
                 FILE *errors)
{
    return read_text(schema, name, text, size, root, wide, false, errors);
}

bool schema_read_stored(struct schema *schema, const char *text, size_t size, const uint64_t type_id[2], FILE *errors)
{
    char root[256];
    bool wide;

    *schema = (struct schema){.source = {.name = "schema"}};
    if (!model_canon_root(text, size, root, sizeof root, &wide) ||
        !read_text(schema, "schema", text, size, root, wide, true, errors))
        return false;
    return schema->archive.type_id[0] == type_id[0] && schema->archive.type_id[1] == type_id[1];
}

void schema_free(struct schema *schema)
{
    model_free(&schema->model);
}
