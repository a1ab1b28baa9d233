/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/file_type.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "schema/schema.h"
#include <errno.h>
#include <stdlib.h>

static char *load(const char *file, size_t *size)
{
    FILE *stream = fopen(file, "re");
    char *text = NULL;
    ssize_t length;

    *size = 0;
    if (!stream)
        return NULL;
    errno = 0;
    length = getdelim(&text, &(size_t){0}, '\0', stream);
    if (length < 0 && (ferror(stream) || errno)) {
        fclose(stream);
        free(text);
        return NULL;
    }
    fclose(stream);
    if (length < 0) { /* it is empty */
        free(text);
        return calloc(1, 1);
    }
    *size = (size_t)length;
    return text;
}

int file_type_load(struct file_type *type, const char *file, const char *root)
{
    size_t size;

    type->text = load(file, &size);
    if (!type->text)
        return fail_errno("cannot read the schema %s", file);
    type->schema = calloc(1, sizeof *type->schema);
    if (!type->schema)
        return fail_errno("cannot read the schema %s", file);
    type->archive = &type->schema->archive;
    if (!schema_read_any(type->schema, file, type->text, size, root, false, stderr))
        return EXIT_FAILED;
    if (!type->archive->type)
        return fail("%s in %s is a table, and no type of a value; 'mmsync put' and 'mmsync load' change tables", root,
                    file);
    return EXIT_OK;
}

void file_type_free(struct file_type *type)
{
    if (type->schema)
        schema_free(type->schema);
    free(type->schema);
    free(type->text);
}

int file_type_apply(const struct file_type *type, mms_writer *writer, const void *data, size_t size)
{
    const mms_archive *archive = type->archive;
    int code;

    if (!type->text)
        return 0;
    code = mms_archive_check(archive, data, size, NULL);
    if (code == 0)
        code = mms_write_set_type(writer, archive->type_id, archive->schema, archive->schema_size);
    return code;
}
