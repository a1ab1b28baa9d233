/* SPDX-License-Identifier: Apache-2.0 */
/* What the library calls an option, and what the tool calls it. */
#ifndef MMS_CLI_WORDING_H
#define MMS_CLI_WORDING_H

#include <stddef.h>

/* A message of the library with the tool's options in place of `options.NAME`. Returns text,
   which is cut at `size`. */
const char *in_words_of_tool(const char *message, char *text, size_t size);

#endif
