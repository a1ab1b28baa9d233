/* SPDX-License-Identifier: Apache-2.0 */
/* A small tmpfs of the test's own, to fill. */
#ifndef SMALL_MEMORY_H
#define SMALL_MEMORY_H

#include "forked.h"
#include <mmsync.h>
#include <sys/types.h>

/* Run a part in a child with a tmpfs of `size` bytes; its argument is the directory where that is mounted. */
void in_small_memory(void **state, unsigned size, forked_part *part);
/* Of the region in such a directory. Good until the next call. */
const char *region_in(const char *directory);
/* A writer of a region that may take more than the tmpfs has. */
mms_writer *roomy_writer(const char *path);
/* Take all room that is left, or all but so many bytes of it, with the file `filler` beside the region. */
void fill_memory(const char *directory);
void fill_memory_but(const char *directory, off_t left);
/* Give that back. */
void empty_memory(const char *directory);

#endif
