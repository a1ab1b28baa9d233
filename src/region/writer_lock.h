/* SPDX-License-Identifier: Apache-2.0 */
/* The lock that says whether a writer lives. */
#ifndef MMS_REGION_WRITER_LOCK_H
#define MMS_REGION_WRITER_LOCK_H

#include "handle/place.h"
#include "os/byte_lock.h"

/* The writer's lock. */
struct mms__writer_lock {
    struct mms__mapping map;
    struct mms__file file; /* which file it is; open only where a mapping does not keep the lock */
};

#define MMS__NO_WRITER_LOCK ((struct mms__writer_lock){.file = {.fd = -1}})

/* In the directory that place has open. -EAGAIN if another writer has it; details are stored for
   other errors. `create` makes the file; then -EAGAIN means that the file or directory was swept
   away. */
int mms__writer_lock_try(const struct mms__place *place, bool create, struct mms__writer_lock *lock);
/* The same for wait_ms at most (MMS_FOREVER: no limit), then MMS_E_BUSY. `before`: the
   caller's cancel state, for the sleeps (cancel.h). */
int mms__writer_lock_wait(const struct mms__place *place, int wait_ms, int before, struct mms__writer_lock *lock);
void mms__writer_lock_drop(struct mms__writer_lock *lock);

#endif
