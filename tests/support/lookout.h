/* SPDX-License-Identifier: Apache-2.0 */
/* Watching a region's readers from outside. */
#ifndef TEST_LOOKOUT_H
#define TEST_LOOKOUT_H

#include "check.h"
#include <sys/types.h>

mms_info inspect(const char *path);

/* The first line that claims to be this process's; .pid is 0 if there is none. */
mms_reader_info find_reader(const char *path, pid_t pid);

/* True if no live reader has this pid: its line is gone, or known to be a dead process's. */
bool is_gone(const char *path, pid_t pid);

/* Publish a value of support/pattern.h. Returns its generation. */
uint64_t publish_pattern(mms_writer *writer, size_t size);
/* Publish enough small values to use each slot again. Returns the last generation. */
uint64_t use_every_slot(mms_writer *writer, unsigned slots);

/* A writer of small geometry (64 KiB) for helpers: the words that follow the path. */
#define SMALL_REGION "max_size=65536 max_slots=4 max_readers=8 grace_ms=-2 lock_wait_ms=-2"

/* Pause for a random time, up to some hundred microseconds, to hit any moment. Not for waiting
   until something has happened. */
void random_moment(uint64_t *random);

#endif
