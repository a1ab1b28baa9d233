/* SPDX-License-Identifier: Apache-2.0 */
/* From a literal to input of a type that is learned at run time: types without pointers, and texts,
   which keys of maps may be; with literal->whole all types. */
#ifndef MMS_CLI_SET_INPUT_H
#define MMS_CLI_SET_INPUT_H

#include "cli/set/literal.h"

/* `out` has room for the type's input, zeroed. A text in it is good as long as the literal's
   text and room. */
bool input_read(struct literal *literal, const mms_type *type, void *out);
/* The same of a part of a value, which messages then name. */
bool input_read_part(struct literal *literal, struct literal_crumb crumb, const mms_type *type, void *out);

/* Of types that lead to others: Box, Vec, maps and sets (container.c). */
bool input_container(struct literal *literal, const mms_type *type, void *out);

/* Of the kinds from MMS_T_IPV4 on. */
bool input_address(struct literal *literal, const mms_type *type, void *out);

#endif
