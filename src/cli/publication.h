/* SPDX-License-Identifier: Apache-2.0 */
/* One value, from opening the region to the line that says what was published. */
#ifndef MMS_CLI_PUBLICATION_H
#define MMS_CLI_PUBLICATION_H

#include <mmsync.h>
#include <stdbool.h>
#include <stddef.h>

/* Where the value is while nobody else sees it. */
struct candidate {
    const void *data;
    size_t size;
};

struct publication {
    const char *path;
    const mms_writer_options *options;
    bool is_new; /* the region was created for it */
    /* Begin a write, or an update, of the writer and fill it; abort it on failure. An exit status; anything but
       EXIT_OK has been reported. */
    int (*build)(const struct publication *publication, mms_writer *writer, struct candidate *candidate);
    /* Publish it: a code of the library. NULL: mms_write_commit, and after a failed check mms_write_abort. */
    int (*commit)(const struct publication *publication, mms_writer *writer, mms_receipt *receipt);
    void *context; /* of these */
};

/* An exit status. Prints the line; a region that was created for a value that never came goes away. */
int publication_run(struct publication *publication);

#endif
