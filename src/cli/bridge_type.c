/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bridge_type.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <stdlib.h>

static char *load(const char *file, size_t *size)
{
    FILE *stream = fopen(file, "re");
    char *text = NULL;
    ssize_t length;

    if (!stream)
        return NULL;
    *size = 0;
    length = getdelim(&text, &(size_t){0}, '\0', stream);
    fclose(stream);
    if (length < 0) {
        free(text);
        return NULL;
    }
    *size = (size_t)length;
    return text;
}

int bridge_type_load(struct bridge_type *type, const char *file, const char *root)
{
    size_t size;

    type->text = load(file, &size);
    if (!type->text)
        return fail_errno("cannot read the schema %s", file);
    if (!schema_read(&type->schema, file, type->text, size, root, false, stderr))
        return EXIT_FAILED;
    return EXIT_OK;
}

void bridge_type_free(struct bridge_type *type)
{
    if (type->text)
        schema_free(&type->schema);
    free(type->text);
}

int bridge_type_apply(const struct bridge_type *type, mms_writer *writer, const void *data, size_t size)
{
    const mms_archive *archive = &type->schema.archive;
    int code;

    if (!type->text)
        return 0;
    code = mms_archive_check(archive, data, size, NULL);
    if (code == 0)
        code = mms_write_set_type(writer, archive->type_id, archive->schema, archive->schema_size);
    return code;
}
