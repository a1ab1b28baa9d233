/* SPDX-License-Identifier: Apache-2.0 */
/* Where output goes: standard output, a regular file, which appears whole or not at all, or
   anything else with a name: a descriptor, a pipe, a device. */
#ifndef MMS_CLI_SINK_H
#define MMS_CLI_SINK_H

#include "cli/progress.h"
#include <stddef.h>
#include <stdio.h>

struct sink {
    int fd;
    const char *name; /* for messages */
    char *target;     /* what a regular file will be called; NULL: written as it stands */
    char *temporary;  /* what it is called until then */
};

/* file: NULL or "-" for standard output. An exit status; anything but EXIT_OK has been reported,
   here and below. After a broken pipe: EXIT_FAILED without a line. */
int sink_open(struct sink *sink, const char *file);
bool sink_is_terminal(const struct sink *sink);
/* All of it, with a progress bar. Stops when the user interrupts the writing of a regular file. */
int sink_write(struct sink *sink, const void *data, size_t size);
/* The same for one part of what has a progress bar of its own. */
int sink_add(struct sink *sink, const void *data, size_t size, struct progress *progress);
/* For text made piece by piece; NULL: errno. It writes to the same file, and is closed before
   sink_commit. */
FILE *sink_stream(const struct sink *sink);
/* The output is complete: give the file its name. */
int sink_commit(struct sink *sink);
/* Frees everything; a file that was not committed is removed. */
void sink_close(struct sink *sink);

#endif
