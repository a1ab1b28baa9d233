/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh directory for each test, in memory or on disk. Taking it away also checks what must hold after every test: no
   descriptor and no map of a file in it is left in this process, and no temporary name of a region that was built. */
#ifndef SCRATCH_H
#define SCRATCH_H

#include "check.h"

/* For the array that cmocka runs. */
#define scratch_test(function) cmocka_unit_test_setup_teardown(function, scratch_in_memory, scratch_remove)
#define scratch_test_on_disk(function) cmocka_unit_test_setup_teardown(function, scratch_on_disk, scratch_remove)

int scratch_in_memory(void **state); /* tmpfs: /dev/shm */
int scratch_on_disk(void **state);   /* ext4, xfs or btrfs: $MMSYNC_TEST_DISK, $TMPDIR, /var/tmp, /tmp, or here */
int scratch_remove(void **state);

/* The path of `name` in the directory, good for the rest of the test. Skips the test if there is no such directory. */
const char *scratch_path(void **state, const char *name);

/* Remove a file or a whole directory; what is not there is no error. */
void scratch_delete(const char *path);

#endif
