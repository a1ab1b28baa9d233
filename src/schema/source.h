/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a schema, and errors that point into it. */
#ifndef MMS_SOURCE_H
#define MMS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cfg;

enum { SOURCE_ERRORS = 20 };

struct source {
    const char *name; /* of the file, for messages */
    const char *text; /* with a 0 behind it */
    size_t size;
    FILE *errors;          /* NULL: none are printed */
    const struct cfg *cfg; /* what --cfg decided (cfg.h); NULL: nothing */
    const char *prefix;    /* of all C names; NULL: none */
    bool failed;           /* there was an error */
    unsigned count;        /* of errors */
    size_t places[SOURCE_ERRORS];
};

/* Print "NAME:LINE:COLUMN: error: ...", the line, and a caret below the byte at `at`; mark the source as failed. Of the
   errors at one place only the first is printed, as those after it tend to be its children, and of all the first 20. */
void source_error(struct source *source, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same with "warning", and nothing fails. */
void source_warning(struct source *source, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Is there nothing more to print? */
bool source_is_full(const struct source *source);

#endif
