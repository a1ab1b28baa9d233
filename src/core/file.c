/* SPDX-License-Identifier: Apache-2.0 */
#include "core/file.h"
#include "core/error.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <mmsync/atomic.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

/* Descriptors 0 to 2 are standard streams: a host that has closed one would print into the region. */
static int move_from_standard_streams(int fd)
{
    int moved;

    if (fd < 0 || fd > 2)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int error = errno;
    close(fd);
    errno = error;
    return moved;
}

/* What open(2) says of a symbolic link, a socket, and a directory to be written, where a regular file should be. */
static int open_error(int error, int flags)
{
    if (!(flags & O_DIRECTORY) && (error == ELOOP || error == ENXIO || error == EISDIR))
        return MMS_E_NOT_REGION;
    return -error;
}

int mms__file_open(int directory, const char *name, int flags, mode_t mode, struct mms__file *file)
{
    struct stat status;
    int fd;

    /* O_NONBLOCK: a FIFO in the place of a file must not stop us. */
    do
        fd = openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode);
    while (fd < 0 && errno == EINTR);
    fd = move_from_standard_streams(fd);
    if (fd < 0)
        return open_error(errno, flags);
    if (fstat(fd, &status) != 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    if (!(flags & O_DIRECTORY) && !S_ISREG(status.st_mode)) {
        close(fd);
        return MMS_E_NOT_REGION;
    }
    *file = (struct mms__file){.fd = fd, .device = status.st_dev, .inode = status.st_ino};
    return 0;
}

bool mms__file_is(const struct mms__file *file, dev_t device, ino_t inode)
{
    return file->device == device && file->inode == inode;
}

int mms__file_look(const struct mms__file *file, struct stat *status)
{
    if (file->fd < 0)
        return 0;
    if (fstat(file->fd, status) != 0)
        return errno == EBADF ? 0 : -errno;
    return mms__file_is(file, status->st_dev, status->st_ino);
}

/* What cannot be looked at is taken for ours: a host that closes descriptors of others is rare, and a device with
   errors must not make us leak them. */
bool mms__file_is_ours(const struct mms__file *file)
{
    struct stat status;

    return mms__file_look(file, &status) != 0;
}

int mms__file_ensure(struct mms__file *file, const char *directory, const char *name, int flags)
{
    struct mms__file parent = MMS__NO_FILE, again = MMS__NO_FILE;
    struct stat status;
    int code = mms__file_look(file, &status);

    if (code != 0)
        return code < 0 ? code : 0;
    code = mms__file_open(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0, &parent);
    if (code == 0) {
        code = mms__file_open(parent.fd, name, flags, 0, &again);
        mms__file_close(&parent);
    }
    if (code != 0)
        return code == -ENOENT ? MMS_E_GONE : code;
    if (!mms__file_is(file, again.device, again.inode)) {
        mms__file_close(&again);
        return MMS_E_GONE;
    }
    *file = again;
    return 0;
}

void mms__file_close(struct mms__file *file)
{
    if (mms__file_is_ours(file))
        close(file->fd);
    file->fd = -1;
}

/* EAGAIN says that too much memory is locked (mlockall), and not what it says elsewhere: that somebody has a lock. */
static int map_error(int error)
{
    return error == EAGAIN ? -ENOMEM : -error;
}

static int finish_map(void *base, size_t size, int advice, struct mms__map *map)
{
    if (base == MAP_FAILED)
        return map_error(errno);
    while (advice && madvise(base, size, advice) != 0) {
        int error = errno;

        if (error == EINTR)
            continue;
        munmap(base, size);
        return map_error(error);
    }
    /* A core dump of a process with a large region mapped would take seconds; failing to say so is no harm. */
    (void)madvise(base, size, MADV_DONTDUMP);
    *map = (struct mms__map){.base = base, .size = size};
    return 0;
}

int mms__map_file(int fd, size_t size, int protection, bool private_to_process, struct mms__map *map)
{
    void *base = mmap(NULL, size, protection, MAP_SHARED | MAP_NORESERVE, fd, 0);

    return finish_map(base, size, private_to_process ? MADV_DONTFORK : 0, map);
}

int mms__map_wiped(size_t size, struct mms__map *map)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int code = finish_map(base, size, 0, map);

    /* Where the kernel (before 4.14) or an emulator does not know it, the fork handler wipes by hand. */
    if (code == 0)
        (void)madvise(base, size, MADV_WIPEONFORK);
    return code;
}

void mms__unmap(struct mms__map *map)
{
    if (map->base)
        munmap(map->base, map->size);
    map->base = NULL;
}

int mms__populate(void *start, size_t size, bool for_writing)
{
    size_t page = mms__page_size();
    uintptr_t begin = (uintptr_t)start & ~(uintptr_t)(page - 1);
    uintptr_t end = (uintptr_t)mms__round_up((uintptr_t)start + size, page);

    while (madvise((void *)begin, end - begin, for_writing ? MADV_POPULATE_WRITE : MADV_POPULATE_READ) != 0) {
        if (errno == EINTR)
            continue;
        if (errno == EINVAL || errno == ENOSYS || errno == EPERM)
            return 0;
        return errno == EFAULT ? -ENOSPC : -errno; /* EFAULT: a store would raise SIGBUS */
    }
    return 0;
}

/* A kernel that is interrupted in the middle gives back all of the piece (tmpfs), so pieces must be small enough to
   pass between two signals, and large enough to be quick. */
enum { PIECE_MAX = 64 << 20, PIECE_MIN = 1 << 20 };

int mms__allocate(int fd, uint64_t offset, uint64_t size)
{
    uint64_t piece = PIECE_MAX;

    while (size > 0) {
        uint64_t length = size < piece ? size : piece;

        if (fallocate(fd, 0, (off_t)offset, (off_t)length) == 0) {
            offset += length;
            size -= length;
        } else if (errno == EINTR) {
            piece = piece > PIECE_MIN ? piece / 2 : PIECE_MIN;
        } else if (errno == EOPNOTSUPP) {
            return 0; /* a file system that was forced, say ramfs: mms__populate gets the room then */
        } else {
            return -errno;
        }
    }
    return 0;
}

int mms__punch(int fd, uint64_t offset, uint64_t size)
{
    while (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size) != 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int mms__read_at(int fd, void *to, size_t size, uint64_t offset)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(fd, (char *)to + done, size - done, (off_t)(offset + done));

        if (got == 0)
            return -EIO;
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0)
            done += (size_t)got;
    }
    return 0;
}

int mms__set_length(int fd, uint64_t size)
{
    while (ftruncate(fd, (off_t)size) != 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int mms__random(void *bytes, size_t size)
{
    ssize_t got;

    do
        got = getrandom(bytes, size, 0);
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)size)
        return 0;
    return got < 0 ? -errno : -EIO;
}

size_t mms__page_size(void)
{
    static size_t size; /* every thread would store the same */
    size_t known = mms__load_relaxed(&size);

    if (known == 0) {
        known = (size_t)sysconf(_SC_PAGESIZE);
        mms__store_relaxed(&size, known);
    }
    return known;
}

uint64_t mms__round_up(uint64_t value, uint64_t unit)
{
    return (value + unit - 1) & ~(unit - 1);
}
