/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_CLI_JSON_TEXT_H
#define MMS_CLI_JSON_TEXT_H

#include <jansson.h>

/* A string of JSON for a text that need not be UTF-8, such as a path, or a message that names one. */
json_t *json_text(const char *text);

#endif
