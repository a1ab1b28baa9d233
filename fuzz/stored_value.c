/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: a schema and a value as they lie in a region, as `mmsync read --json` prints them. Two bytes with the size of the
   schema, the schema, the value. script/fuzz builds and runs it. */
#include "schema/schema.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Memory that ends where the bytes end; `text`: 0-terminated. */
static void *copy_of(const uint8_t *data, size_t size)
{
    char *copy = aligned_alloc(16, (size + 16) & ~(size_t)15);

    if (!copy)
        abort();
    memcpy(copy, data, size);
    copy[size] = '\0';
    return copy;
}

static void print(const struct schema *schema, const uint8_t *data, size_t size)
{
    void *value = copy_of(data, size);
    const void *root;
    FILE *sink;

    if (mms_archive_check(&schema->archive, value, size, &root) == 0) {
        int code;

        sink = fopen("/dev/null", "we");
        code = sink ? mms_archive_print(schema->archive.type, root, sink) : 1;
        if (code != 0 && code != MMS_E_TOO_BIG)
            abort();
        (void)mms_archive_equal(schema->archive.type, root, root); /* false where there is a NaN */
        fclose(sink);
    }
    free(value);
}

/* The same for a value of a typed table. */
static void print_table_value(const struct schema *schema, const uint8_t *data, size_t size)
{
    void *value = copy_of(data, size);
    const void *root;
    FILE *sink;

    if (mms_typed_table_root(&schema->table, &(mms_value){value, size}, &root) == 0) {
        sink = fopen("/dev/null", "we");
        if (!sink || (mms_archive_print(schema->table.value, root, sink) != 0 && mms_last_code() != MMS_E_TOO_BIG))
            abort();
        fclose(sink);
    }
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schema schema;
    size_t text_size = size < 2 ? 0 : (size_t)data[0] | (size_t)data[1] << 8;
    uint64_t type_id[2];
    char *text;

    if (size < 2 || text_size > size - 2)
        return 0;
    text = copy_of(data + 2, text_size);
    model_type_id(text, type_id); /* whoever writes the schema can compute it */
    if (schema_read_stored(&schema, text, text_size, type_id, NULL))
        print(&schema, data + 2 + text_size, size - 2 - text_size);
    schema_free(&schema);
    if (schema_read_stored_table(&schema, text, text_size, type_id, NULL))
        print_table_value(&schema, data + 2 + text_size, size - 2 - text_size);
    schema_free(&schema);
    free(text);
    return 0;
}
