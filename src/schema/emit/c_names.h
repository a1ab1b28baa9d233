/* SPDX-License-Identifier: Apache-2.0 */
/* Names that C, C++ or a header of the C library uses otherwise. */
#ifndef MMS_SCHEMA_EMIT_C_NAMES_H
#define MMS_SCHEMA_EMIT_C_NAMES_H

#include <stdbool.h>

/* For members, enumerators and all else: keywords, and macros that stand for something wherever
   they are. */
bool c_name_is_taken(const char *name);
/* For what is declared at file scope: beside these, what a header declares or defines there. */
bool c_global_is_taken(const char *name);

#endif
