/* SPDX-License-Identifier: Apache-2.0 */
/* What `write` publishes: a file, or standard input of any length. */
#ifndef MMS_CLI_SOURCE_H
#define MMS_CLI_SOURCE_H

#include "cli/command.h"
#include "cli/publication.h"
#include <stdbool.h>
#include <sys/stat.h>

struct source {
    int fd;
    const char *name; /* for messages */
    bool standard_input;
    bool allow_empty; /* set between open and read: publish an empty stream too */
    bool generated;   /* made by the kernel as it is read: its size and times mean nothing */
    bool sized;       /* a regular file: exactly `size` bytes are left to read */
    uint64_t size;
    struct stat at_open;
    struct command *command; /* whose output it is; NULL: nobody's */
    /* To be set between open and read: the bytes become a part of the newest value, from `at` on. */
    bool patches;
    uint64_t at;
};

/* file: NULL or "-" for standard input. An exit status; anything but EXIT_OK has been reported,
   here and below. */
int source_open(struct source *source, const char *file);
void source_close(struct source *source);

/* What a command prints, which is started when it is read. It counts only if the command succeeds. Close the source in any
   case: a command that still runs is ended. */
void source_of_command(struct source *source, struct command *command);

/* `size` bytes, or fewer at the end of the source; *got is how many. */
int source_read_full(const struct source *source, void *buffer, size_t size, size_t *got);

/* All of it, with a 0 behind; free *text in any case. */
int source_read_all(const struct source *source, char **text, size_t *size);

/* Read everything into a write, or an update, of `writer` that is begun here. If this fails or the user interrupts it (interrupted()), the write is aborted. `most`: the region's
   max_size. Room for a file of known size is requested at once, which lets the library choose
   the best slot; or gradually if the region `is_new`, so that an interrupt is seen soon. In another one a signal that comes
   while readers are waited for ends the process. */
int source_read(struct source *source, mms_writer *writer, uint64_t most, bool is_new, struct candidate *candidate);

#endif
