/* SPDX-License-Identifier: Apache-2.0 */
/* A reader on one side and a writer on the other, each reopened when its side goes away and
   comes back. */
#ifndef MMS_CLI_BRIDGE_H
#define MMS_CLI_BRIDGE_H

#include "cli/arguments.h"
#include "cli/file_type.h"
#include <mmsync/mmap_sync.h>
#include <stdbool.h>

struct bridge {
    const char *from_path, *to_path; /* as given */
    const char *from, *to;           /* with their formats */
    enum format from_format, to_format;
    mms_region_options reading;
    mms_writer_options writing;
    mms_mmap_sync_region_options reading_mmap_sync; /* what reading.mmap_sync points to */
    mms_mmap_sync_writer_options writing_mmap_sync;
    struct file_type type;
    bool once, quiet;
    uint64_t count, copied;
    /* of the moment */
    mms_region *region;
    mms_reader *reader; /* NULL: no right to be counted, so values are copied */
    uint64_t from_id[2];
    mms_writer *writer;
    uint64_t to_id[2];
    bool writable, hopeless; /* TO could be opened; cannot be, and waiting will not help */
    uint64_t seen;           /* generation of FROM that TO has; 0: not known */
    char said[512];
};

/* Carry values over until interrupted, or as many as `once` and `count` say. Prints errors. Returns the exit status. */
int bridge_follow(struct bridge *bridge);
/* Both sides, and its type. */
void bridge_close(struct bridge *bridge);

#endif
