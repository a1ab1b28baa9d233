/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a schema, and errors that point into it. */
#ifndef MMS_SOURCE_H
#define MMS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct source {
    const char *name; /* of the file, for messages */
    const char *text; /* with a 0 behind it */
    size_t size;
    FILE *errors; /* NULL: none are printed */
    bool failed;
};

/* Print "NAME:LINE:COLUMN: error: ...", the line, and a caret below the byte at `at`; mark the source as failed. The
   first error of a source is the only one that is printed, as those after it tend to be its children. */
void source_error(struct source *source, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
