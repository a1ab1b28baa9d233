/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh directory for each test, in memory or on disk. Removing it also checks what must hold
   after every test: this process has no descriptor and no mapping of a file in it left, and no
   temporary name of a region is left. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "check.h"

/* For the array that cmocka runs. */
#define scratch_test(function) cmocka_unit_test_setup_teardown(function, scratch_in_memory, scratch_remove)
#define scratch_test_on_disk(function) cmocka_unit_test_setup_teardown(function, scratch_on_disk, scratch_remove)

int scratch_in_memory(void **state); /* tmpfs: /dev/shm */
int scratch_on_disk(void **state);   /* ext4, xfs or btrfs: $MMSYNC_TEST_DISK, $TMPDIR, /var/tmp, /tmp, or here */
int scratch_remove(void **state);

/* The prefix of every file that a test makes in a shared directory, so that leftovers are found
   (tests/guard). */
const char *scratch_name(void);

/* The path of `name` in the directory, valid for the rest of the test. Skips the test if there is
   no such directory. */
const char *scratch_path(void **state, const char *name);

/* Remove a file or a whole directory; it may be missing. */
void scratch_delete(const char *path);

#endif
