/* SPDX-License-Identifier: Apache-2.0 */
#include "os/file.h"
#include "base/error.h"
#include "base/round.h"
#include "os/huge_pages.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <mmsync/atomic.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

/* Descriptors 0 to 2 are standard streams: a host that closed one would print into the region. */
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

/* ELOOP, ENXIO, EISDIR: a symbolic link, a socket or a directory where a regular file should
   be. */
static int open_error(int error, int flags)
{
    if (!(flags & O_DIRECTORY) && (error == ELOOP || error == ENXIO || error == EISDIR))
        return MMS_E_NOT_REGION;
    return -error;
}

static int stat_or_close(int fd, struct stat *status)
{
    if (fstat(fd, status) == 0)
        return 0;
    int error = errno;
    close(fd);
    return -error;
}

int mms__file_open(int directory, const char *name, int flags, mode_t mode, struct mms__file *file)
{
    struct stat status;
    int fd, code;

    /* O_NONBLOCK: opening a FIFO must not block. */
    do
        fd = openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, mode);
    while (fd < 0 && errno == EINTR);
    fd = move_from_standard_streams(fd);
    if (fd < 0)
        return open_error(errno, flags);
    code = stat_or_close(fd, &status);
    if (code != 0)
        return code;
    if (!(flags & O_DIRECTORY) && !S_ISREG(status.st_mode)) {
        close(fd);
        return MMS_E_NOT_REGION;
    }
    *file = (struct mms__file){.fd = fd, .device = status.st_dev, .inode = status.st_ino};
    return 0;
}

int mms__file_adopt(int fd, struct mms__file *file)
{
    struct stat status;
    int code;

    fd = move_from_standard_streams(fd);
    if (fd < 0)
        return -errno;
    code = stat_or_close(fd, &status);
    if (code != 0)
        return code;
    *file = (struct mms__file){.fd = fd, .device = status.st_dev, .inode = status.st_ino};
    return 0;
}

bool mms__file_is(const struct mms__file *file, dev_t device, ino_t inode)
{
    return file->device == device && file->inode == inode;
}

int mms__file_stat(const struct mms__file *file, struct stat *status)
{
    if (file->fd < 0)
        return -EBADF;
    if (fstat(file->fd, status) != 0)
        return -errno;
    return mms__file_is(file, status->st_dev, status->st_ino) ? 0 : -EBADF;
}

/* Also true if that cannot be determined: hosts that close other people's descriptors are rare,
   and a failing device must not make us leak ours. */
bool mms__file_is_ours(const struct mms__file *file)
{
    struct stat status;

    return mms__file_stat(file, &status) != -EBADF;
}

/* Through the directory, so that only its last component is looked up under `name`. */
static int open_below(const char *directory, const char *name, int flags, struct mms__file *file)
{
    struct mms__file parent = MMS__NO_FILE;
    int code = mms__file_open(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0, &parent);

    if (code != 0)
        return code;
    code = mms__file_open(parent.fd, name, flags, 0, file);
    mms__file_close(&parent);
    return code;
}

int mms__file_ensure(struct mms__file *file, const char *directory, const char *name, int flags)
{
    struct mms__file again = MMS__NO_FILE;
    struct stat status;
    int code = mms__file_stat(file, &status);

    if (code != -EBADF)
        return code;
    code = open_below(directory, name, flags, &again);
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

/* Here EAGAIN means that too much memory is locked (mlockall). Elsewhere it means that
   somebody else has a lock. */
static int map_error(int error)
{
    return error == EAGAIN ? -ENOMEM : -error;
}

static int finish_map(void *base, size_t size, int advice, struct mms__mapping *mapping)
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
    /* Dumping the core of a process that has mapped a large region would take seconds. If this
       fails, no harm is done. */
    (void)madvise(base, size, MADV_DONTDUMP);
    *mapping = (struct mms__mapping){.base = base, .size = size};
    return 0;
}

int mms__map_file(int fd, size_t size, int protection, bool private_to_process, struct mms__mapping *mapping)
{
    void *base = mmap(mms__find_aligned(size), size, protection, MAP_SHARED | MAP_NORESERVE, fd, 0);

    return finish_map(base, size, private_to_process ? MADV_DONTFORK : 0, mapping);
}

int mms__map_reserve(size_t size, struct mms__mapping *mapping)
{
    void *base = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return finish_map(base, size, 0, mapping);
}

int mms__map_wiped(size_t size, struct mms__mapping *mapping)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    int code = finish_map(base, size, 0, mapping);

    /* Where the kernel (before 4.14) or an emulator cannot, the fork handler wipes it. */
    if (code == 0)
        (void)madvise(base, size, MADV_WIPEONFORK);
    return code;
}

void mms__unmap(struct mms__mapping *mapping)
{
    if (mapping->base)
        munmap(mapping->base, mapping->size);
    mapping->base = NULL;
}

void mms__map_zeros_over(const struct mms__mapping *mapping)
{
    (void)mmap(mapping->base, mapping->size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static int populate(void *start, size_t size, int advice)
{
    size_t page = mms__page_size();
    uintptr_t begin = (uintptr_t)start & ~(uintptr_t)(page - 1);
    uintptr_t end = (uintptr_t)mms__round_up((uintptr_t)start + size, page);

    while (madvise((void *)begin, end - begin, advice) != 0) {
        if (errno == EINTR)
            continue;
        if (errno == EINVAL || errno == ENOSYS || errno == EPERM)
            return -EOPNOTSUPP;
        return errno == EFAULT ? -ENOSPC : -errno; /* EFAULT: a store would raise SIGBUS */
    }
    return 0;
}

/* Past a limit on file sizes (ulimit -f) the kernel not only returns EFBIG but also sends
   SIGXFSZ, which by default ends the process. Block it in this thread during the call, and
   consume it if that call raised it. */
struct size_signal {
    sigset_t alone, mask;
    bool was_pending;
};

static struct size_signal hold_size_signal(void)
{
    struct size_signal held;
    sigset_t pending;

    sigemptyset(&held.alone);
    sigaddset(&held.alone, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &held.alone, &held.mask);
    sigemptyset(&pending);
    (void)sigpending(&pending);
    held.was_pending = sigismember(&pending, SIGXFSZ) == 1;
    return held;
}

static int release_size_signal(const struct size_signal *held, int code)
{
    const struct timespec at_once = {0};

    if (code == -EFBIG && !held->was_pending)
        (void)sigtimedwait(&held->alone, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &held->mask, NULL);
    return code;
}

int mms__populate_or_refuse(void *start, size_t size)
{
    return populate(start, size, MADV_POPULATE_WRITE);
}

int mms__populate(void *start, size_t size, bool for_writing)
{
    int code = populate(start, size, for_writing ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);

    return code == -EOPNOTSUPP ? 0 : code;
}

/* On tmpfs st_blksize is a huge page if the mount gives such pages to this file. */
size_t mms__huge_page_size(int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0 || (size_t)status.st_blksize <= mms__page_size())
        return 0;
    return (size_t)status.st_blksize;
}

void mms__forbid_huge_pages(const struct mms__mapping *mapping)
{
    (void)madvise(mapping->base, mapping->size,
                  MADV_NOHUGEPAGE); /* a failure costs memory, or means that there are none */
}

void mms__map_small_pages(const struct mms__mapping *mapping)
{
    (void)madvise(mapping->base, mapping->size, MADV_RANDOM); /* a failure costs writes to the disk */
}

/* tmpfs gives back all of a piece when a signal interrupts it, so a piece must be small enough
   to be done between two signals, and large enough to be quick. */
enum { PIECE_MAX = 64 << 20, PIECE_MIN = 1 << 20 };

static int allocate(int fd, uint64_t offset, uint64_t size)
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
            return 0; /* a forced file system, say ramfs: mms__populate reserves the room */
        } else {
            return -errno;
        }
    }
    return 0;
}

int mms__allocate(int fd, uint64_t offset, uint64_t size)
{
    struct size_signal held = hold_size_signal();

    return release_size_signal(&held, allocate(fd, offset, size));
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

int mms__write_at(int fd, const void *from, size_t size, uint64_t offset)
{
    struct size_signal held = hold_size_signal();
    int code = 0;

    for (size_t done = 0; code == 0 && done < size;) {
        ssize_t put = pwrite(fd, (const char *)from + done, size - done, (off_t)(offset + done));

        if (put == 0)
            code = -ENOSPC;
        else if (put > 0)
            done += (size_t)put;
        else if (errno != EINTR)
            code = -errno;
    }
    return release_size_signal(&held, code);
}

int mms__sync_data(int fd)
{
    while (fdatasync(fd) != 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int mms__sync(int fd)
{
    while (fsync(fd) != 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int mms__set_length(int fd, uint64_t size)
{
    struct size_signal held = hold_size_signal();
    int code;

    do
        code = ftruncate(fd, (off_t)size) == 0 ? 0 : -errno;
    while (code == -EINTR);
    return release_size_signal(&held, code);
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
