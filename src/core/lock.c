/* SPDX-License-Identifier: Apache-2.0 */
#include "core/lock.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/process.h"
#include <errno.h>
#include <fcntl.h>
#include <mmsync.h>
#include <sys/mman.h>
#include <sys/stat.h>

_Static_assert(sizeof(off_t) == 8, "lock bytes and data need 64-bit offsets: build with _FILE_OFFSET_BITS=64");

#define LOCK_RETRY_NS 2000000

static struct flock byte_lock(short type, int64_t offset)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)offset, .l_len = 1};
}

int mms__lock_byte(int fd, int64_t offset)
{
    struct flock lock = byte_lock(F_WRLCK, offset);

    while (fcntl(fd, F_OFD_SETLK, &lock) != 0)
        if (errno != EINTR)
            return errno == EACCES ? -EAGAIN : -errno;
    return 0;
}

void mms__unlock_byte(int fd, int64_t offset)
{
    struct flock lock = byte_lock(F_UNLCK, offset);

    while (fcntl(fd, F_OFD_SETLK, &lock) != 0 && errno == EINTR)
        continue;
}

int mms__byte_is_locked(int fd, int64_t offset)
{
    struct flock lock = byte_lock(F_WRLCK, offset);

    if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
        return -errno;
    return lock.l_type != F_UNLCK;
}

/* A sweeper may have taken a file that we had made and not locked yet, for one that the dead have left. */
static int check_still_linked(const struct mms__file *file)
{
    struct stat status;

    if (fstat(file->fd, &status) != 0)
        return -errno;
    return status.st_nlink == 0 ? -EAGAIN : 0;
}

/* With forks held off: a child must not inherit the descriptor while it is open. */
static int lock_and_map(const struct mms__place *place, bool create, struct mms__writer_lock *lock)
{
    struct mms__file file;
    int code = mms__file_open(place->directory.fd, "lock", O_RDWR | (create ? O_CREAT | O_EXCL : 0), 0600, &file);

    if (code != 0)
        return code;
    MMS__STEP(lock_opened);
    if (create && fchmod(file.fd, 0600) != 0) /* whatever the umask is: others must never get it, the owner always */
        code = -errno;
    if (code == 0)
        code = mms__lock_byte(file.fd, 0);
    MMS__STEP(lock_taken);
    if (code == 0 && create)
        code = check_still_linked(&file);
    if (code == 0)
        code = mms__map_file(file.fd, mms__page_size(), PROT_NONE, true, &lock->map);
    MMS__STEP(lock_mapped);
    if (code == 0 && place->loses_locks)
        lock->file = file;
    else
        mms__file_close(&file);
    return code;
}

int mms__writer_lock_try(const struct mms__place *place, bool create, struct mms__writer_lock *lock)
{
    int code;

    *lock = MMS__NO_WRITER_LOCK;
    mms__fork_hold();
    code = lock_and_map(place, create, lock);
    mms__fork_release();
    if (code == -ENOENT && create)
        return -EAGAIN; /* the directory was empty, and was swept */
    if (code == -ENOENT)
        return mms__fail(MMS_E_NOT_REGION,
                         "%s has no file `lock`, so it is not a region; remove it or take another name", place->path);
    if (code == -EACCES)
        return mms__fail(code, "opening %s/lock: only the user who created a region may write it", place->path);
    if (code != 0 && code != -EAGAIN)
        return mms__fail(code, "taking the writer's lock %s/lock", place->path);
    return code;
}

int mms__writer_lock_wait(const struct mms__place *place, int wait_ms, struct mms__writer_lock *lock)
{
    uint64_t deadline = wait_ms == MMS_NO_WAIT ? 0 : mms__deadline(wait_ms);
    int code;

    while ((code = mms__writer_lock_try(place, false, lock)) == -EAGAIN) {
        if (mms__now_ns() >= deadline)
            return mms__fail(MMS_E_BUSY, "another process writes %s; end it, or wait longer (lock_wait_ms)",
                             place->path);
        mms__sleep_ns(LOCK_RETRY_NS);
    }
    return code;
}

void mms__writer_lock_drop(struct mms__writer_lock *lock)
{
    mms__unmap(&lock->map);
    MMS__STEP(lock_dropped);
    mms__file_close(&lock->file);
}
