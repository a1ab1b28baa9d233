/* SPDX-License-Identifier: Apache-2.0 */
/* What `write` publishes: a file, or standard input of any length. */
#ifndef MMS_CLI_SOURCE_H
#define MMS_CLI_SOURCE_H

#include <mmsync.h>
#include <sys/stat.h>

struct source {
    int fd;
    const char *name; /* for messages */
    bool sized;       /* a regular file: `size` bytes are left, and any other number is an error */
    uint64_t size;
    struct stat at_open;
};

/* file: NULL or "-" for standard input. An exit status; anything but EXIT_OK has been reported, here and below. */
int source_open(struct source *source, const char *file);
void source_close(struct source *source);

/* Read everything into a write of `writer` that is begun here; *size is what to commit. If this fails or the user
   interrupts it (interrupted()), the write is aborted. `most`: the region's max_size. Room for a file of known size is
   got at once, as the library then chooses its slots best; or in_steps, so that an interrupt is seen soon. */
int source_read(struct source *source, mms_writer *writer, uint64_t most, bool in_steps, size_t *size);

#endif
