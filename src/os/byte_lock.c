/* SPDX-License-Identifier: Apache-2.0 */
#include "os/byte_lock.h"
#include <errno.h>
#include <fcntl.h>
#include <mmsync/atomic.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "lock bytes and data need 64-bit offsets: build with _FILE_OFFSET_BITS=64");

static struct flock byte_lock(short type, int64_t offset)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)offset, .l_len = 1};
}

int mms__lock_byte(int fd, int64_t offset)
{
    struct flock lock = byte_lock(F_WRLCK, offset);

    while (fcntl(fd, F_OFD_SETLK, &lock) != 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

bool mms__locks_are_refused(int code)
{
    return code == -EACCES || code == -EPERM || code == -ENOSYS || code == -ENOLCK || code == -EINVAL;
}

void mms__unlock_byte(int fd, int64_t offset)
{
    struct flock lock = byte_lock(F_UNLCK, offset);

    while (fcntl(fd, F_OFD_SETLK, &lock) != 0 && errno == EINTR)
        continue;
}

int mms__test_byte(int fd, int64_t offset)
{
    struct flock lock = byte_lock(F_WRLCK, offset);

    if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
        return -errno;
    return lock.l_type == F_UNLCK ? 0 : -EAGAIN;
}

void mms__lock_file_keep(struct mms__file *file)
{
    static mms__word marks;

    file->mark = lseek(file->fd, (off_t)mms__increment(&marks), SEEK_SET);
}

bool mms__lock_file_is_kept(const struct mms__file *file)
{
    return mms__file_is_ours(file) && lseek(file->fd, 0, SEEK_CUR) == file->mark;
}
