/* SPDX-License-Identifier: Apache-2.0 */
/* The type that a bridge gives to values from files that store none. */
#ifndef MMS_CLI_BRIDGE_TYPE_H
#define MMS_CLI_BRIDGE_TYPE_H

#include "schema/schema.h"
#include <mmsync.h>

struct bridge_type {
    struct schema schema;
    char *text; /* NULL: no type */
};

/* The type `root` of a schema file. An exit status; anything but EXIT_OK has been reported,
   here and below. */
int bridge_type_load(struct bridge_type *type, const char *file, const char *root);
void bridge_type_free(struct bridge_type *type);

/* Check the bytes that a write was begun with, and give it the type. A code of the library. */
int bridge_type_apply(const struct bridge_type *type, mms_writer *writer, const void *data, size_t size);

#endif
