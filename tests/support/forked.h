/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a test that run in a forked child: a check that fails there fails the test. */
#ifndef FORKED_H
#define FORKED_H

#include "check.h"
#include <sys/types.h>

typedef void forked_part(void *argument);

/* Run a part in a child, and wait for it. */
void in_child(forked_part *part, void *argument);
/* The same in a child that clone(2) makes, which runs no fork handlers of the C library. */
void in_raw_child(forked_part *part, void *argument);

/* Skips the test where MADV_DONTFORK and MADV_WIPEONFORK have no effect: qemu-user accepts the
   advice and ignores it. Call it first; in_raw_child does. */
void need_fork_advice(void);

/* Start a part and go on; later wait for it, and check how it ended. */
pid_t start_child(forked_part *part, void *argument);
void finish_child(pid_t child);

/* Run a part in a child without any rights (uid and gid 65534); skips the test unless we are
   root. */
void in_child_without_rights(forked_part *part, void *argument);

enum { NOBODY = 65534 };

/* Run a part in a child with its own mount namespace, in which a file system of this type is
   mounted on `directory`. Skips the test, with the reason, where that is not allowed. */
void in_child_with_mount(const char *type, const char *options, const char *directory, forked_part *part,
                         void *argument);
/* The same with an image of this type (ext4, xfs, btrfs), which is made at `image` with this size,
   as for truncate(1). The mount and its loop device end with the child. */
void in_child_with_image(const char *type, const char *size, const char *image, const char *directory,
                         forked_part *part, void *argument);

#endif
