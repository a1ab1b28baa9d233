/* SPDX-License-Identifier: Apache-2.0 */
/* A writer, a region and a reader of it in one process, and updates through them. Each function
   fails the test if it fails. */
#ifndef HANDLES_H
#define HANDLES_H

#include "check.h"

struct handles {
    const char *path;
    mms_writer *writer;
    mms_region *region;
    mms_reader *reader;
};

/* For a region in the test's own directory, created if need be. */
struct handles open_handles(void **state);
struct handles open_handles_with(void **state, mms_writer_options options);
void close_handles(struct handles *handles);

/* Update the value: put a text at an offset. Returns the generation. */
uint64_t patch_text(mms_writer *writer, size_t offset, const char *text);

/* What mms_changes says of the view that the reader holds, as text: "3+2 10+1". Valid until the
   next call. */
const char *changes_since(mms_reader *reader, uint64_t since);

#endif
