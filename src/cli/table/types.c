/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/types.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "schema/schema.h"
#include <stdlib.h>
#include <string.h>

/* How often the value may change while its schema is read. */
enum { TRIES = 200 };

static int fail_memory(void)
{
    return fail("out of memory for the schema of a table");
}

void table_types_free(struct table_types *types)
{
    if (types->schema)
        schema_free(types->schema);
    free(types->schema);
    free(types->text);
    *types = (struct table_types){.type = NULL};
}

/* With a text that ends in a 0. */
static int read_text(struct table_types *types, size_t size, const uint64_t type_id[2])
{
    struct canon_head head;

    if (!model_canon_head(types->text, size, &head) || !head.table)
        return EXIT_OK;
    types->schema = calloc(1, sizeof *types->schema);
    if (!types->schema)
        return fail_memory();
    if (schema_read_stored_table(types->schema, types->text, size, type_id, NULL))
        types->type = &types->schema->table;
    return EXIT_OK;
}

int table_types_take(struct table_types *types, const uint64_t type_id[2], const char *text, size_t size)
{
    table_types_free(types);
    types->text = malloc(size + 1);
    if (!types->text)
        return fail_memory();
    if (size > 0)
        memcpy(types->text, text, size);
    types->text[size] = '\0';
    return read_text(types, size, type_id);
}

/* A code of the library. */
static int copy_schema(mms_region *region, struct table_types *types, size_t *size)
{
    size_t capacity = 0;
    char nothing;
    int code = mms_read_schema(region, &nothing, 0, size, NULL, NULL);

    for (int tries = 0; tries < TRIES && (code == MMS_E_TOO_BIG || code == MMS_E_AGAIN); tries++) {
        if (code == MMS_E_TOO_BIG) {
            free(types->text);
            capacity = *size;
            types->text = malloc(capacity + 1);
            if (!types->text)
                return code;
        }
        code = mms_read_schema(region, types->text ? types->text : &nothing, capacity, size, NULL, NULL);
    }
    return code;
}

int table_types_fetch(struct table_types *types, mms_region *region, const uint64_t type_id[2])
{
    size_t size = 0;
    int code;

    table_types_free(types);
    code = copy_schema(region, types, &size);
    if (code == MMS_E_EMPTY)
        return EXIT_OK;
    if (code)
        return fail_call(code);
    if (!types->text)
        return EXIT_OK;
    types->text[size] = '\0';
    return read_text(types, size, type_id);
}

int table_types_take_held(struct table_types *types, mms_reader *reader, const uint64_t type_id[2])
{
    mms_view_info info;
    int code = mms_view_describe(reader, &info);

    return code ? fail_call(code) : table_types_take(types, type_id, info.schema, info.schema_size);
}
