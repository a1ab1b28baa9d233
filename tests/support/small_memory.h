/* SPDX-License-Identifier: Apache-2.0 */
/* A small tmpfs of the test's own, to fill. */
#ifndef SMALL_MEMORY_H
#define SMALL_MEMORY_H

#include "forked.h"
#include <mmsync.h>

/* Run a part in a child with a tmpfs of `size` bytes; its argument is the directory where that is mounted. */
void in_small_memory(void **state, unsigned size, forked_part *part);
/* Of the region in such a directory. Good until the next call. */
const char *region_in(const char *directory);
/* A writer of a region that may take more than the tmpfs has. */
mms_writer *roomy_writer(const char *path);
/* Take all room that is left, with the file `filler` beside the region. */
void fill_memory(const char *directory);

#endif
