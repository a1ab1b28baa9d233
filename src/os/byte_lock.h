/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel locks that say who is alive. An open file description lock (F_OFD_SETLK) lives as
   long as its description, and a mapping keeps the description alive after the descriptor is
   closed. So a lock that was taken through a descriptor that is then mapped with MADV_DONTFORK
   and closed ends exactly with this process, whatever the host does with descriptors or forks.
   On overlayfs a mapping holds another file than the descriptor does, so there the descriptor
   has to stay open. */
#ifndef MMS_OS_BYTE_LOCK_H
#define MMS_OS_BYTE_LOCK_H

#include "os/file.h"

/* Lock one byte exclusively. 0; -EAGAIN if somebody else has it; -errno. -EACCES means that a
   security module refuses locks here, never that somebody has it. */
int mms__lock_byte(int fd, int64_t offset);
/* True if this code of mms__lock_byte or flock(2) means that this process may not lock at all. */
bool mms__locks_are_refused(int code);
void mms__unlock_byte(int fd, int64_t offset);
/* 0 if it is free, -EAGAIN if somebody has it, else -errno. The answer may be out of date when it
   is acted on. */
int mms__test_byte(int fd, int64_t offset);

/* Where a lock ends with its descriptor: mark the open file by its file position, which is
   otherwise unused. */
void mms__lock_file_keep(struct mms__file *file);
/* False if the host has closed it, even if the same file was opened again under the same
   number. */
bool mms__lock_file_is_kept(const struct mms__file *file);

#endif
