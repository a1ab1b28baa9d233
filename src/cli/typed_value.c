/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/typed_value.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "schema/schema.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How often the value may change while it and its schema are read. */
enum { TRIES = 200 };

static const char as_bytes[] = "read it without --json and --schema";

struct schema_text {
    char *text; /* with a 0 behind it */
    size_t size;
    uint64_t type_id[2], generation;
};

/* A code of the library; -ENOMEM included. */
static int fetch_schema(mms_region *region, struct schema_text *schema)
{
    size_t capacity = 0;
    char nothing;
    int code = mms_read_schema(region, &nothing, 0, &schema->size, schema->type_id, &schema->generation);

    for (int tries = 0; tries < TRIES && (code == MMS_E_TOO_BIG || code == MMS_E_AGAIN); tries++) {
        if (code == MMS_E_TOO_BIG) {
            free(schema->text);
            capacity = schema->size;
            schema->text = calloc(1, capacity + 1);
            if (!schema->text)
                return code;
        }
        code = mms_read_schema(region, schema->text ? schema->text : &nothing, capacity, &schema->size, schema->type_id,
                               &schema->generation);
    }
    if (code == 0 && schema->text)
        schema->text[schema->size] = '\0';
    return code;
}

static int need_schema(mms_region *region, const char *instead, struct schema_text *schema)
{
    int code = fetch_schema(region, schema);

    if (code)
        return fail_call(code);
    if (schema->size == 0)
        return fail("the value has no schema: it was published as bytes; %s", instead);
    return EXIT_OK;
}

int typed_write_schema(mms_region *region, struct sink *sink)
{
    struct schema_text schema = {.text = NULL};
    int status = need_schema(region, as_bytes, &schema);

    if (!status)
        status = sink_write(sink, schema.text, schema.size);
    free(schema.text);
    return status;
}

/* ---- JSON ---- */

/* Neither a broken pipe nor an interrupt by the user is reported. */
static int fail_print(const struct sink *sink, int code)
{
    if (code == -EPIPE || interrupted())
        return EXIT_FAILED;
    if (code != MMS_E_TOO_BIG && code != -ENOMEM) {
        errno = -code;
        return fail_errno("cannot write to %s", sink->name);
    }
    return fail_call(code);
}

/* Printed as it is made, because the text may be many times as long as the value. */
static int print_line(const mms_archive *archive, const void *root, const struct sink *sink)
{
    FILE *stream = sink_stream(sink);
    int code;

    if (!stream)
        return fail_errno("cannot write to %s", sink->name);
    code = mms_archive_print(archive->type, root, stream);
    if (code == 0)
        putc('\n', stream);
    if (fclose(stream) != 0 && code == 0)
        code = -errno;
    return code == 0 ? EXIT_OK : fail_print(sink, code);
}

static int make_type(const struct schema_text *text, struct schema *schema)
{
    if (schema_read_stored(schema, text->text, text->size, text->type_id, NULL))
        return EXIT_OK;
    schema_free(schema);
    if (schema_read_stored_table(schema, text->text, text->size, text->type_id, NULL))
        return fail("the value is a table, which 'mmsync get' reads and 'mmsync put' changes, key by key");
    return fail("the schema stored with the value does not match its type id; run mmsync verify");
}

int typed_load_schema(mms_region *region, const char *instead, struct typed_schema *out)
{
    struct schema_text text = {.text = NULL};
    int status = need_schema(region, instead, &text);

    *out = (struct typed_schema){.text = text.text};
    if (status)
        return status;
    out->schema = calloc(1, sizeof *out->schema);
    if (!out->schema)
        return fail_errno("cannot read the schema");
    out->archive = &out->schema->archive;
    return make_type(&text, out->schema);
}

void typed_free_schema(struct typed_schema *schema)
{
    if (schema->schema)
        schema_free(schema->schema);
    free(schema->schema);
    free(schema->text);
}

static int print_value(const struct schema_text *text, const void *data, size_t size, struct sink *sink)
{
    struct schema schema;
    const void *root;
    int status = make_type(text, &schema);

    if (!status && mms_archive_check(&schema.archive, data, size, &root) != 0)
        status = fail_call(mms_last_code());
    if (!status)
        status = print_line(&schema.archive, root, sink);
    schema_free(&schema);
    return status;
}

/* A copy of the value; *size is its size. A code of the library. */
static int copy_value(mms_region *region, void **buffer, size_t *size, uint64_t *generation)
{
    size_t capacity = 0;
    char nothing;
    int code = mms_read_copy(region, &nothing, 0, size, generation);

    for (int tries = 0; tries < TRIES && (code == MMS_E_TOO_BIG || code == MMS_E_AGAIN); tries++) {
        if (code == MMS_E_TOO_BIG) {
            free(*buffer);
            capacity = *size;
            *buffer = malloc(capacity);
            if (!*buffer)
                return code;
        }
        code = mms_read_copy(region, *buffer ? *buffer : &nothing, capacity, size, generation);
    }
    return code;
}

int typed_write_json(mms_region *region, struct sink *sink)
{
    struct schema_text schema = {.text = NULL};
    void *data = NULL;
    uint64_t generation = 0;
    size_t size = 0;
    int status = EXIT_OK;

    for (int tries = 0; tries < TRIES; tries++) {
        int code;

        status = need_schema(region, as_bytes, &schema);
        if (status)
            break;
        code = copy_value(region, &data, &size, &generation);
        if (code)
            status = fail_call(code);
        if (code || generation == schema.generation)
            break;
    }
    if (!status && generation != schema.generation)
        status = fail("the writer replaced the value %d times meanwhile; try again", TRIES);
    if (!status)
        status = print_value(&schema, data, size, sink);
    free(schema.text);
    free(data);
    return status;
}

/* ---- The name ---- */

bool typed_name(const char *path, const uint64_t type_id[2], char *name, size_t size)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    struct schema_text schema = {.text = NULL};
    mms_region *region = NULL;
    struct canon_head head;
    uint64_t found[2];
    bool good = false;

    options.read_only = options.force_filesystem = true;
    if (mms_region_open(path, &options, &region) == 0 && fetch_schema(region, &schema) == 0 && schema.size > 0) {
        model_type_id(schema.text, found);
        good = memcmp(found, type_id, sizeof found) == 0 && model_canon_head(schema.text, schema.size, &head);
        if (good)
            snprintf(name, size, "%s", head.name);
    }
    mms_region_close(region);
    free(schema.text);
    return good;
}
