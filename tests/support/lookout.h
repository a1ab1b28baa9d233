/* SPDX-License-Identifier: Apache-2.0 */
/* What can be seen of a region's readers from outside. */
#ifndef TEST_LOOKOUT_H
#define TEST_LOOKOUT_H

#include "check.h"
#include <sys/types.h>

mms_info inspect(const char *path);

/* The first line that says it is of this process; .pid is 0 if there is none. */
mms_reader_info find_reader(const char *path, pid_t pid);

/* True if no live reader calls itself so: the line is gone, or seen to be of a dead process. */
bool is_gone(const char *path, pid_t pid);

/* Publish a value of support/pattern.h; its generation. */
uint64_t publish_pattern(mms_writer *writer, size_t size);
/* Publish so many small values that each slot is used again. The last generation. */
uint64_t use_every_slot(mms_writer *writer, unsigned slots);

/* A writer of small geometry (64 KiB) for helpers: the words after the path. */
#define SMALL_REGION "max_size=65536 max_slots=4 max_readers=8 grace_ms=-2 lock_wait_ms=-2"

/* A moment of random length, up to some hundred microseconds: for what is to happen at any time. Not to wait for
   anything. */
void random_moment(uint64_t *random);

#endif
