/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a test that run in a forked child of the test program: checks that fail there fail the test. */
#ifndef FORKED_H
#define FORKED_H

#include "check.h"
#include <sys/types.h>

typedef void forked_part(void *argument);

/* Run a part in a child, and wait for it. */
void in_child(forked_part *part, void *argument);
/* The same in a child that clone(2) makes, which runs no fork handlers of the C library. */
void in_raw_child(forked_part *part, void *argument);

/* Skips the test where fork leaves to the child what MADV_DONTFORK and MADV_WIPEONFORK are to keep from it: qemu-user
   takes the advice and does nothing. To be called first. in_raw_child does so. */
void need_fork_advice(void);

/* Start a part and go on; then wait for it, and check how it ended. */
pid_t start_child(forked_part *part, void *argument);
void finish_child(pid_t child);

/* Run a part in a child that has given up all rights (uid and gid 65534); skips the test if we are not root. */
void in_child_without_rights(forked_part *part, void *argument);

enum { NOBODY = 65534 };

/* Run a part in a child with a mount namespace of its own, in which a file system of this type is mounted on
   `directory`. Skips the test, with the reason, where that is not allowed. */
void in_child_with_mount(const char *type, const char *options, const char *directory, forked_part *part,
                         void *argument);

#endif
