/* SPDX-License-Identifier: Apache-2.0 */
/* Values that came with their schema. */
#ifndef MMS_CLI_TYPED_VALUE_H
#define MMS_CLI_TYPED_VALUE_H

#include "cli/sink.h"
#include <mmsync.h>
#include <stdbool.h>

/* The current value as one line of JSON; its schema as text. An exit status; anything but
   EXIT_OK has been reported. */
int typed_write_json(mms_region *region, struct sink *sink);
int typed_write_schema(mms_region *region, struct sink *sink);

/* The name of the type of the current value, if it is of this type id and came with a schema;
   else false. */
bool typed_name(const char *path, const uint64_t type_id[2], char *name, size_t size);

#endif
