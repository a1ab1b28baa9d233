/* SPDX-License-Identifier: Apache-2.0 */
/* Values that came with their schema. */
#ifndef MMS_CLI_TYPED_VALUE_H
#define MMS_CLI_TYPED_VALUE_H

#include "cli/sink.h"
#include <mmsync/archive.h>
#include <stdbool.h>

/* The current value as one line of JSON; its schema as text. An exit status; anything but
   EXIT_OK has been reported. */
int typed_write_json(mms_region *region, struct sink *sink);
int typed_write_schema(mms_region *region, struct sink *sink);

/* The type of the current value. Free it in any case. */
struct typed_schema {
    char *text;
    struct schema *schema;
    const mms_archive *archive; /* in it */
};
/* An exit status. `instead`: what to do with a value that has no schema, for the message. */
int typed_load_schema(mms_region *region, const char *instead, struct typed_schema *out);
void typed_free_schema(struct typed_schema *schema);

/* The name of the type of the current value, if it is of this type id and came with a schema;
   else false. */
bool typed_name(const char *path, const uint64_t type_id[2], char *name, size_t size);

#endif
