/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/schema.h"
#include <string.h>

/* What the head of a stored text names, or a type that the caller wants. */
static bool read_text(struct schema *schema, const char *name, const char *text, size_t size,
                      const struct canon_head *root, bool stored, FILE *errors)
{
    *schema = (struct schema){.source = {.name = name, .text = text, .size = size, .errors = errors}};
    if (!model_read(&schema->model, &schema->source, root->wide, stored))
        return false;
    return root->table ? schema_take_table(schema, root->name) : schema_take_type(schema, root->name);
}

bool schema_take_type(struct schema *schema, const char *root)
{
    const struct model_type *type = model_find(&schema->model, root);

    if (!type || !type->defined) {
        source_error(&schema->source, schema->source.size, "the schema does not define `%s`", root);
        return false;
    }
    schema->archive.type = &type->type;
    schema->archive.schema = model_canon(&schema->model, type);
    schema->archive.schema_size = strlen(schema->archive.schema);
    schema->archive.token = MMS_ARCHIVE_NEW;
    model_type_id(schema->archive.schema, schema->archive.type_id);
    return true;
}

bool schema_take_table(struct schema *schema, const char *name)
{
    const struct model_table *table = model_find_table(&schema->model, name);

    if (!table) {
        source_error(&schema->source, schema->source.size, "the schema has no table `%s`", name);
        return false;
    }
    schema->table.name = table->name;
    schema->table.key = &table->key->type;
    schema->table.value = &table->value->type;
    schema->table.schema = model_canon_table(&schema->model, table);
    schema->table.schema_size = strlen(schema->table.schema);
    model_type_id(schema->table.schema, schema->table.type_id);
    return true;
}

bool schema_read(struct schema *schema, const char *name, const char *text, size_t size, const char *root, bool wide,
                 FILE *errors)
{
    struct canon_head head = {.wide = wide};

    snprintf(head.name, sizeof head.name, "%s", root);
    return read_text(schema, name, text, size, &head, false, errors);
}

bool schema_read_any(struct schema *schema, const char *name, const char *text, size_t size, const char *root,
                     bool wide, FILE *errors)
{
    *schema = (struct schema){.source = {.name = name, .text = text, .size = size, .errors = errors}};
    if (!model_read(&schema->model, &schema->source, wide, false))
        return false;
    return model_find_table(&schema->model, root) ? schema_take_table(schema, root) : schema_take_type(schema, root);
}

/* Of an archive, or of a table. */
static bool read_stored(struct schema *schema, const char *text, size_t size, bool table, FILE *errors)
{
    struct canon_head head;

    *schema = (struct schema){.source = {.name = "schema"}};
    return model_canon_head(text, size, &head) && head.table == table &&
           read_text(schema, "schema", text, size, &head, true, errors);
}

bool schema_read_stored(struct schema *schema, const char *text, size_t size, const uint64_t type_id[2], FILE *errors)
{
    return read_stored(schema, text, size, false, errors) && schema->archive.type_id[0] == type_id[0] &&
           schema->archive.type_id[1] == type_id[1];
}

bool schema_read_stored_table(struct schema *schema, const char *text, size_t size, const uint64_t type_id[2],
                              FILE *errors)
{
    return read_stored(schema, text, size, true, errors) && schema->table.type_id[0] == type_id[0] &&
           schema->table.type_id[1] == type_id[1];
}

void schema_free(struct schema *schema)
{
    model_free(&schema->model);
}
