/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a region, as lines or as one JSON object: what `check` and `verify` find. */
#ifndef MMS_CLI_VERDICT_H
#define MMS_CLI_VERDICT_H

#include <jansson.h>
#include <mmsync.h>
#include <stdbool.h>

struct verdict {
    const char *path;
    bool json;
    json_t *reasons; /* with json */
};

void verdict_begin(struct verdict *verdict, const char *path, bool json);
/* A reason why it is not as it should be: a line on standard error, or kept for the object. Returns EXIT_FAILED. */
int verdict_add(struct verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* With json: print the object. `info` NULL: nothing is known of the region. Returns the exit status. */
int verdict_end(struct verdict *verdict, const mms_info *info, int status);

#endif
