/* SPDX-License-Identifier: Apache-2.0 */
/* What `mmsync follow` keeps beside a region: where its value comes from, as JSON in a region of
   its own, REGION.source. */
#ifndef MMS_CLI_FOLLOWED_H
#define MMS_CLI_FOLLOWED_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum { FOLLOWED_SIZE_MOST = 64 << 10 }; /* of the text */

/* The name of the region beside `path`. False: that is too long. */
bool followed_path(const char *path, char out[PATH_MAX]);

/* What is there, or NULL: nothing, or nothing that can be read. */
json_t *followed_read(const char *path);

/* A member's number or text; 0 or "" if there is none. */
unsigned long long followed_number(const json_t *followed, const char *key);
const char *followed_text(const json_t *followed, const char *key);

#endif
