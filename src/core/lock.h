/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel locks that say who is alive. An open file description lock (F_OFD_SETLK) lives as long as its description, and
   a map keeps the description alive after the descriptor is closed; so a lock taken through a descriptor that is mapped
   with MADV_DONTFORK and then closed ends exactly with this process, whatever the host does with descriptors or forks.
   On overlayfs a map holds another file than the descriptor, and there the descriptor has to stay open. */
#ifndef MMS_LOCK_H
#define MMS_LOCK_H

#include "core/place.h"

/* Exclusive lock on one byte. 0; -EAGAIN if somebody else has it; -errno. */
int mms__lock_byte(int fd, int64_t offset);
void mms__unlock_byte(int fd, int64_t offset);
/* 1: somebody has it; 0: nobody; -errno. A look only: it is old when it is acted on. */
int mms__byte_is_locked(int fd, int64_t offset);

/* The writer's lock. */
struct mms__writer_lock {
    struct mms__map map;
    struct mms__file file; /* open only where a map does not keep the lock */
};

#define MMS__NO_WRITER_LOCK ((struct mms__writer_lock){.file = {.fd = -1}})

/* In the directory that place has open. -EAGAIN if another writer has it; details are stored for other errors.
   `create` makes the file; then -EAGAIN says that file or directory were swept away. */
int mms__writer_lock_try(const struct mms__place *place, bool create, struct mms__writer_lock *lock);
/* The same for wait_ms at most (MMS_FOREVER: no limit), then MMS_E_BUSY. */
int mms__writer_lock_wait(const struct mms__place *place, int wait_ms, struct mms__writer_lock *lock);
void mms__writer_lock_drop(struct mms__writer_lock *lock);

#endif
