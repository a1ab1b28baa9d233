/* SPDX-License-Identifier: Apache-2.0 */
/* A file that appears whole or not at all. */
#ifndef MMS_OUTPUT_H
#define MMS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct output {
    FILE *file;
    char *path, *temporary;
};

/* Each returns false after a message on standard error. */
bool output_open(struct output *output, const char *path);
bool output_commit(struct output *output);
/* Removes what was not committed. */
void output_close(struct output *output);

#endif
