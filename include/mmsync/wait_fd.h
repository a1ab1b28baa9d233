/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a newer value in an event loop: a descriptor for epoll, poll, io_uring, libuv, asyncio
   and the like.

     mms_wait_fd(region, &fd);                             once; add it to the loop, for reading

     mms_wait_fd_ack(region, fd, &generation);             each time it is readable
     mms_read(reader, &view);                              that generation, or a newer one

     mms_wait_fd_close(region, fd);                        take it out of the loop first

   The first descriptor starts a thread of the library, which sleeps until something is published,
   and closing the last one ends it: one thread for each 127 such regions of a process, or one for
   each region where the kernel has no futex_waitv(2) (before Linux 5.16, or in containers that
   refuse it). It handles no signals. While there is no such descriptor, or all are readable, a
   publish costs what it costs without them.
   A process whose region is read-only cannot be woken: its thread looks every 10 ms or more often,
   as it does for the files of the Rust crate mmap-sync.
   Do not read from the descriptor, write to it or close it by hand. */
#ifndef MMSYNC_WAIT_FD_H
#define MMSYNC_WAIT_FD_H

#include <mmsync.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

/* A descriptor that is readable while the newest generation is not the last one acknowledged; so it
   is at first, if there is a value. It becomes readable within moments, and now and then although
   there is nothing new. A region may have many, and any thread may use them. It is closed by
   exec. A forked child must not use it: there the calls return MMS_E_FORKED, and mms_region_close
   closes it. -EMFILE, -ENOMEM (no memory, or no thread). */
int mms_wait_fd(mms_region *region, int *fd);

/* Acknowledge the newest generation, and store it; 0: there is no value yet. From then on the
   descriptor is not readable until something newer is published. MMS_E_GONE: the region was
   removed, and the descriptor stays readable. -EBADF: the process has closed it, or a descriptor
   that belongs to it; close it, and open another one. */
int mms_wait_fd_ack(mms_region *region, int fd, uint64_t *generation);

/* Before mms_region_close, which returns MMS_E_BUSY as long as descriptors are open. Returns when
   the thread has noticed: within 50 ms without futex_waitv(2), otherwise at once. */
int mms_wait_fd_close(mms_region *region, int fd);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
