/* SPDX-License-Identifier: Apache-2.0 */
/* Files and directories. Structures are passed on unseen, so their pointers are void here. */
#include "inject.h"
#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/vfs.h>

#define OPEN INJECT_LARGE(open)
#define OPENAT INJECT_LARGE(openat)

INJECT(open, int, -1, OPEN, (const char *path, int flags, mode_t mode), (path, flags, mode))
INJECT(openat, int, -1, OPENAT, (int at, const char *path, int flags, mode_t mode), (at, path, flags, mode))
INJECT_DONE(close, close, (int fd), (fd)) /* the descriptor is gone whatever close says */

INJECT(stat, int, -1, INJECT_LARGE(stat), (const char *path, void *out), (path, out))
INJECT(fstat, int, -1, INJECT_LARGE(fstat), (int fd, void *out), (fd, out))
INJECT(fstatat, int, -1, INJECT_LARGE(fstatat), (int at, const char *path, void *out, int flags),
       (at, path, out, flags))
INJECT(realpath, char *, NULL, realpath, (const char *path, char *out), (path, out))
INJECT(mkdirat, int, -1, mkdirat, (int at, const char *path, mode_t mode), (at, path, mode))
#ifdef __GLIBC__
INJECT(renameat2, int, -1, renameat2, (int from, const char *path, int to, const char *name, unsigned flags),
       (from, path, to, name, flags))
#endif
INJECT(unlinkat, int, -1, unlinkat, (int at, const char *path, int flags), (at, path, flags))
INJECT(fdopendir, void *, NULL, fdopendir, (int fd), (fd))
INJECT(opendir, void *, NULL, opendir, (const char *path), (path))
INJECT_DONE(closedir, closedir, (void *directory), (directory))

INJECT(unlink, int, -1, unlink, (const char *path), (path))
INJECT(access, int, -1, access, (const char *path, int mode), (path, mode))
INJECT(flock, int, -1, flock, (int fd, int operation), (fd, operation))

struct dirent *INJECT_REAL(INJECT_LARGE(readdir))(DIR *directory);
struct dirent *INJECT_WRAP(INJECT_LARGE(readdir))(DIR *directory);
struct dirent *INJECT_WRAP(INJECT_LARGE(readdir))(DIR *directory)
{
    struct dirent *entry;

    if (inject_due(INJECT_readdir))
        return NULL;
    do
        entry = INJECT_REAL(INJECT_LARGE(readdir))(directory);
    while (entry && inject_hides(entry->d_name));
    return entry;
}

INJECT(ftruncate, int, -1, INJECT_LARGE(ftruncate), (int fd, int64_t size), (fd, size))
INJECT(fallocate, int, -1, INJECT_LARGE(fallocate), (int fd, int mode, int64_t offset, int64_t size),
       (fd, mode, offset, size))
INJECT(fsync, int, -1, fsync, (int fd), (fd))
INJECT(fdatasync, int, -1, fdatasync, (int fd), (fd))
INJECT(fchmod, int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
INJECT(fchown, int, -1, fchown, (int fd, uid_t user, gid_t group), (fd, user, group))

/* A short transfer, or an error. */
static ssize_t fall_short(size_t half)
{
    return errno == 0 ? (ssize_t)half : -1;
}

INJECT(pread, ssize_t, fall_short(0), INJECT_LARGE(pread), (int fd, void *to, size_t size, int64_t offset),
       (fd, to, size, offset))
/* What it says was written is written. */
INJECT(pwrite, ssize_t, errno == 0 ? INJECT_REAL(INJECT_LARGE(pwrite))(fd, from, size / 2, offset) : -1,
       INJECT_LARGE(pwrite), (int fd, const void *from, size_t size, int64_t offset), (fd, from, size, offset))
INJECT(write, ssize_t, -1, write, (int fd, const void *from, size_t size), (fd, from, size))
INJECT(pipe2, int, -1, pipe2, (int *ends, int flags), (ends, flags))
INJECT(read, ssize_t, fall_short(0), read, (int fd, void *to, size_t size), (fd, to, size))

int INJECT_REAL(INJECT_LARGE(fstatfs))(int fd, struct statfs *out);
int INJECT_WRAP(INJECT_LARGE(fstatfs))(int fd, struct statfs *out);
int INJECT_WRAP(INJECT_LARGE(fstatfs))(int fd, struct statfs *out)
{
    int result = inject_due(INJECT_fstatfs) ? -1 : INJECT_REAL(INJECT_LARGE(fstatfs))(fd, out);

    if (result == 0 && inject_magic != 0)
        out->f_type = (__typeof__(out->f_type))inject_magic;
    return result;
}

/* The kind of a request that is not about flags of a file, or INJECT_KIND_COUNT. */
static enum inject_kind tracking_kind(unsigned long request)
{
    if (request == UFFDIO_API)
        return INJECT_ioctl_uffd_api;
    if (request == UFFDIO_REGISTER)
        return INJECT_ioctl_uffd_register;
    return (request & 0xffff) == ('f' << 8 | 16) ? INJECT_ioctl_scan : INJECT_KIND_COUNT;
}

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
    enum inject_kind kind = tracking_kind(request);

    if (kind != INJECT_KIND_COUNT && inject_due(kind))
        return errno == 0 ? 0 : -1; /* INJECT_SHORT: success without a result */
    if (kind != INJECT_KIND_COUNT)
        return __real_ioctl(fd, request, argument);
    if (inject_due(request == FS_IOC_GETFLAGS ? INJECT_ioctl_getflags : INJECT_ioctl_setflags))
        return -1;
    if (inject_magic == 0)
        return __real_ioctl(fd, request, argument);
    if (request == FS_IOC_GETFLAGS)
        *(int *)argument = 0;
    return 0;
}

static enum inject_kind fcntl_kind(int command)
{
    return command == F_OFD_SETLK   ? INJECT_fcntl_setlk
           : command == F_OFD_GETLK ? INJECT_fcntl_getlk
                                    : INJECT_fcntl_dupfd;
}

int INJECT_REAL(INJECT_LARGE(fcntl))(int fd, int command, void *argument);
int INJECT_WRAP(INJECT_LARGE(fcntl))(int fd, int command, void *argument);
int INJECT_WRAP(INJECT_LARGE(fcntl))(int fd, int command, void *argument)
{
    return inject_due(fcntl_kind(command)) ? -1 : INJECT_REAL(INJECT_LARGE(fcntl))(fd, command, argument);
}
