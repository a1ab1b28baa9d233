/* SPDX-License-Identifier: Apache-2.0 */
/* A region whose writer tracks what updates change (options.track), beside a plain copy of its
   value. Each function fails the test if something is not as it should be. */
#ifndef TRACKED_H
#define TRACKED_H

#include "check.h"

/* Whether kernel and sandbox say which pages were stored to, found out without the library; if they
   do not, a text that says why is stored. */
bool can_track_pages(const char **reason);
/* Skips the test where they do not. */
void need_page_tracking(void);

struct tracked {
    const char *path;
    mms_writer_options options;
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
    unsigned char *buffer; /* of the update that was begun */
    unsigned char *copy;   /* what the value must be; room for max_size bytes */
    size_t size;
    uint64_t generation;
};

/* 8 slots, so that an update finds one that missed several. */
mms_writer_options tracked_options(mms_track how, size_t max_size);
/* Publishes a first value of max_size bytes, and updates it until each slot has been one's. */
struct tracked tracked_open_with(const char *path, mms_writer_options options);
struct tracked tracked_open(const char *path, mms_track how, size_t max_size);
void tracked_close(struct tracked *tracked);
void tracked_reopen(struct tracked *tracked);

void tracked_begin(struct tracked *tracked);
/* Store a byte that differs, to the buffer and to the copy. */
void tracked_store(struct tracked *tracked, size_t at);
/* Of so many bytes; then the value must be the copy. */
void tracked_commit(struct tracked *tracked, size_t size);
/* Begin, store to one byte, commit. */
void tracked_update(struct tracked *tracked, size_t at);

/* What the last commit has changed, as text: "3+2 10+1". */
const char *tracked_changes(struct tracked *tracked);
/* How many bytes the last commit compared. */
uint64_t tracked_compared(const struct tracked *tracked);

#endif
