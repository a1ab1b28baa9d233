/* SPDX-License-Identifier: Apache-2.0 */
/* Values that contain no others, as JSON. */
#ifndef MMS_ARCHIVE_JSON_SCALAR_H
#define MMS_ARCHIVE_JSON_SCALAR_H

#include <mmsync/archive.h>
#include <stdbool.h>
#include <stdio.h>

/* Print the value at `at`, which was checked. False, with nothing printed, if it contains others. */
bool mms__json_print_scalar(const mms_type *type, const char *at, FILE *out);

#endif
