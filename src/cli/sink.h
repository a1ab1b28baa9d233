/* SPDX-License-Identifier: Apache-2.0 */
/* Where `read` puts a value: standard output, or a file that appears whole or not at all. */
#ifndef MMS_CLI_SINK_H
#define MMS_CLI_SINK_H

#include <stddef.h>

struct sink {
    int fd;
    const char *name; /* for messages */
    char *target;     /* what a regular file will be called; NULL: written as it stands */
    char *temporary;  /* what it is called until then */
};

/* file: NULL or "-" for standard output. An exit status; anything but EXIT_OK has been reported, here and below. A
   broken pipe is no news to anybody: EXIT_FAILED without a line. */
int sink_open(struct sink *sink, const char *file);
/* All of it, with a progress bar. Stops when the user interrupts the writing of a regular file. */
int sink_write(struct sink *sink, const void *data, size_t size);
/* Everything is there: give the file its name. */
int sink_commit(struct sink *sink);
/* Frees everything; a file that was not committed is removed. */
void sink_close(struct sink *sink);

#endif
