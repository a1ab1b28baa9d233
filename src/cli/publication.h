/* SPDX-License-Identifier: Apache-2.0 */
/* One value, from opening the region to the line that says what was published. */
#ifndef MMS_CLI_PUBLICATION_H
#define MMS_CLI_PUBLICATION_H

#include "cli/writer_arguments.h"
#include <stdbool.h>
#include <stddef.h>

/* Where the value is while nobody else sees it. */
struct candidate {
    const void *data;
    size_t size;
};

struct publication {
    const char *path;
    struct writer_arguments *arguments;
    const char *validate; /* a line for the shell that judges the value first; NULL: nobody does */
    bool has_command;     /* the value comes from one, so interrupts are caught */
    bool is_new;          /* the region was created for it */
    /* Begin a write, or an update, of the writer and fill it; abort it on failure. An exit status; anything but
       EXIT_OK has been reported. */
    int (*build)(const struct publication *publication, mms_writer *writer, struct candidate *candidate);
    /* Publish it: a code of the library. NULL: a write has begun; mms_write_commit. */
    int (*commit)(const struct publication *publication, mms_writer *writer, mms_receipt *receipt);
    void *context; /* of these */
};

/* An exit status. Prints the line; a region that was created for a value that never came goes away. Interrupts may be caught
   from here on: end with interrupt_finish. */
int publication_run(struct publication *publication);

#endif
