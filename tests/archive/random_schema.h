/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_RANDOM_SCHEMA_H
#define MMS_RANDOM_SCHEMA_H

#include "random_value.h"

/* The text of a schema of some random structs and enums, the last of which is the struct Root; to be
   freed. No type contains itself. */
char *random_schema(struct random *random);

#endif
