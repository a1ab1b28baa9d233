/* SPDX-License-Identifier: Apache-2.0 */
/* A type from the file of a schema, for values that come without one. */
#ifndef MMS_CLI_FILE_TYPE_H
#define MMS_CLI_FILE_TYPE_H

#include <mmsync/archive.h>

struct schema;

struct file_type {
    char *text; /* NULL: no type */
    struct schema *schema;
    const mms_archive *archive; /* in it */
};

/* The type `root` of a schema file. An exit status; anything but EXIT_OK has been reported,
   here and below. */
int file_type_load(struct file_type *type, const char *file, const char *root);
void file_type_free(struct file_type *type);

/* Check the bytes that a write was begun with, and give it the type. A code of the library. */
int file_type_apply(const struct file_type *type, mms_writer *writer, const void *data, size_t size);

#endif
