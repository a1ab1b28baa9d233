/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of JSON for those who print it themselves. */
#ifndef MMS_CLI_JSON_ESCAPE_H
#define MMS_CLI_JSON_ESCAPE_H

#include <stddef.h>

/* Store what stands between the quotation marks of a string that means `text`. What is not UTF-8 becomes '?', and what does
   not fit is left out. Returns `out`. */
const char *json_escape(const char *text, char *out, size_t size);

#endif
