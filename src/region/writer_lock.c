/* SPDX-License-Identifier: Apache-2.0 */
#include "region/writer_lock.h"
#include "base/error.h"
#include "handle/lock.h"
#include "os/cancel.h"
#include "os/clock.h"
#include "os/process.h"
#include "region/directory.h"
#include <errno.h>
#include <fcntl.h>
#include <mmsync.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_RETRY_NS 2000000

/* A sweeper may have deleted a file that we had made and not locked yet, as if a dead process
   had left it. */
static int check_still_linked(const struct mms__file *file)
{
    struct stat status;

    if (fstat(file->fd, &status) != 0)
        return -errno;
    return status.st_nlink == 0 ? -EAGAIN : 0;
}

/* With forks held off: a child must not inherit the descriptor while it is open. */
static int lock_and_map(const struct mms__place *place, bool create, struct mms__writer_lock *lock, bool *refused)
{
    struct mms__file file;
    int code = mms__file_open(place->directory.fd, "lock", O_RDWR | (create ? O_CREAT | O_EXCL : 0), 0600, &file);

    if (code != 0)
        return code;
    MMS__STEP(lock_opened);
    if (create && fchmod(file.fd, 0600) != 0) { /* whatever the umask is: others must never get it, the owner always */
        code = -errno;
        goto close;
    }
    code = mms__lock_byte(file.fd, 0);
    *refused = mms__locks_are_refused(code);
    if (code != 0)
        goto close;
    MMS__STEP(lock_taken);
    if (create)
        code = check_still_linked(&file);
    if (code != 0)
        goto close;
    code = mms__map_file(file.fd, mms__page_size(), PROT_NONE, true, &lock->map);
    if (code != 0)
        goto close;
    MMS__STEP(lock_mapped);
    if (place->loses_locks)
        mms__lock_file_keep(&file);
    else
        mms__file_close(&file);
    lock->file = file; /* closed or not, it says which file that is */
    return 0;
close:
    mms__file_close(&file);
    return code;
}

int mms__writer_lock_try(const struct mms__place *place, bool create, struct mms__writer_lock *lock)
{
    bool refused = false;
    int code;

    *lock = MMS__NO_WRITER_LOCK;
    mms__fork_hold();
    code = lock_and_map(place, create, lock, &refused);
    mms__fork_release();
    if (refused)
        return mms__fail_lock(code, create ? "creating" : "opening", place->path, "lock");
    if (code == -ENOENT && create)
        return -EAGAIN; /* the empty directory was swept */
    if (code == -ENOENT || code == MMS_E_NOT_REGION)
        return mms__fail_missing(place, "lock");
    if (code == -EAGAIN)
        return code;
    if (code == -ENOSPC || code == -EDQUOT)
        return mms__fail_making(code, place->path, "lock");
    if (code == -EACCES)
        return mms__fail(code, "opening %s/lock: only the user who created a region may write it", place->path);
    return code == 0 ? 0 : mms__fail(code, "taking the writer's lock %s/lock", place->path);
}

int mms__writer_lock_wait(const struct mms__place *place, int wait_ms, int before, struct mms__writer_lock *lock)
{
    uint64_t deadline = wait_ms == MMS_NO_WAIT ? 0 : mms__deadline(wait_ms);
    int code;

    while ((code = mms__writer_lock_try(place, false, lock)) == -EAGAIN) {
        if (mms__now_ns() >= deadline)
            return mms__fail(MMS_E_BUSY,
                             "another process is the writer of %s; end it, or wait longer (options.lock_wait_ms)",
                             place->path);
        mms__sleep_cancellable(LOCK_RETRY_NS, before);
    }
    return code;
}

void mms__writer_lock_drop(struct mms__writer_lock *lock)
{
    mms__unmap(&lock->map);
    MMS__STEP(lock_dropped);
    mms__file_close(&lock->file);
}
