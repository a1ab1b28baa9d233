/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE /* the headers are older than the kernel */
#define MADV_POPULATE_WRITE 23
#endif

const char *const disk_names[DISK_FILES] = {"control", "readers", "data", "durable", "changes"};

enum { SYNCED_MOST = 256 };

static struct {
    bool on;
    char path[512];
    struct disk_log log;
    unsigned char *seen[DISK_FILES]; /* as of the last look */
    size_t size[DISK_FILES];
    ino_t inode[DISK_FILES];
    void (*before_sync)(void);
    unsigned syncs, failing;
    bool fails_once;
    int error;
    unsigned reads, failing_read;
    int read_error;
    bool populates_fail;
    ino_t synced[SYNCED_MOST];
    unsigned synced_count;
} disk;

static void *get_memory(size_t size)
{
    void *memory = calloc(1, size ? size : 1);

    check_true(memory != NULL);
    return memory;
}

/* All of a file, in whole pages; NULL if there is none. */
static unsigned char *load(enum disk_file file, size_t *size)
{
    char path[600];
    struct stat status;
    unsigned char *bytes;
    int fd;

    snprintf(path, sizeof path, "%s/%s", disk.path, disk_names[file]);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    *size = 0;
    if (fd < 0)
        return NULL;
    check_true(fstat(fd, &status) == 0);
    disk.inode[file] = status.st_ino;
    *size = (size_t)status.st_size;
    bytes = get_memory((*size + DISK_PAGE - 1) / DISK_PAGE * DISK_PAGE);
    check_true(pread(fd, bytes, *size, 0) == (ssize_t)*size);
    close(fd);
    return bytes;
}

static struct disk_event *add(enum disk_kind kind, enum disk_file file, uint64_t number)
{
    struct disk_log *log = &disk.log;

    if (log->count == log->room) {
        log->room = log->room ? 2 * log->room : 1024;
        log->events = realloc(log->events, log->room * sizeof *log->events);
        check_true(log->events != NULL);
    }
    log->events[log->count] = (struct disk_event){kind, file, number, NULL};
    return &log->events[log->count++];
}

static void note_page(enum disk_file file, size_t page, const unsigned char *bytes)
{
    struct disk_event *event = add(DISK_WRITE, file, page);

    event->bytes = get_memory(DISK_PAGE);
    memcpy(event->bytes, bytes, DISK_PAGE);
}

static void look_at(enum disk_file file)
{
    static const unsigned char zeros[DISK_PAGE];
    size_t size;
    unsigned char *now = load(file, &size);

    for (size_t at = 0; now && at < size; at += DISK_PAGE)
        if (memcmp(now + at, at < disk.size[file] ? disk.seen[file] + at : zeros, DISK_PAGE) != 0)
            note_page(file, at / DISK_PAGE, now + at);
    free(disk.seen[file]);
    disk.seen[file] = now;
    disk.size[file] = size;
    if (now && size > disk.log.size[file])
        disk.log.size[file] = size; /* one that was made meanwhile */
}

static void look(void)
{
    for (int file = 0; disk.on && file < DISK_FILES; file++)
        look_at((enum disk_file)file);
}

void step_reached(enum step step)
{
    int error = errno;

    (void)step;
    look();
    errno = error;
}

void disk_record(const char *path)
{
    snprintf(disk.path, sizeof disk.path, "%s", path);
    memset(&disk.log, 0, sizeof disk.log);
    for (int file = 0; file < DISK_FILES; file++) {
        disk.seen[file] = load((enum disk_file)file, &disk.size[file]);
        disk.log.image[file] = load((enum disk_file)file, &disk.log.size[file]);
    }
    disk.on = true;
}

void disk_note(enum disk_kind kind, uint64_t number)
{
    look();
    if (disk.on)
        add(kind, DISK_FILES, number);
}

struct disk_log disk_stop(void)
{
    look();
    disk.on = false;
    for (int file = 0; file < DISK_FILES; file++)
        free(disk.seen[file]);
    return disk.log;
}

void disk_free(struct disk_log *log)
{
    for (int file = 0; file < DISK_FILES; file++)
        free(log->image[file]);
    for (size_t i = 0; i < log->count; i++)
        free(log->events[i].bytes);
    free(log->events);
}

/* ---- Syncs ---- */

void disk_fail_syncs(unsigned nth, int error)
{
    disk.syncs = 0;
    disk.failing = nth;
    disk.error = error;
    disk.fails_once = false;
}

void disk_fail_sync(unsigned nth, int error)
{
    disk_fail_syncs(nth, error);
    disk.fails_once = true;
}

void disk_fail_read(unsigned nth, int error)
{
    disk.reads = 0;
    disk.failing_read = nth;
    disk.read_error = error;
}

void disk_fail_populates(bool fail)
{
    disk.populates_fail = fail;
}

bool disk_read_failed(void)
{
    return disk.failing_read != 0 && disk.reads >= disk.failing_read;
}

unsigned disk_syncs(void)
{
    return disk.syncs;
}

void disk_before_syncs(void (*function)(void))
{
    disk.before_sync = function;
}

void disk_forget_syncs(void)
{
    disk.synced_count = 0;
}

bool disk_was_synced(const char *path)
{
    struct stat status;

    check_true(stat(path, &status) == 0);
    for (unsigned i = 0; i < disk.synced_count; i++)
        if (disk.synced[i] == status.st_ino)
            return true;
    return false;
}

static bool fails_now(void)
{
    if (disk.failing == 0 || ++disk.syncs < disk.failing)
        return false;
    return !disk.fails_once || disk.syncs == disk.failing;
}

static void note_sync(enum disk_kind kind, ino_t inode)
{
    for (int file = 0; disk.on && file < DISK_FILES; file++)
        if (disk.seen[file] && disk.inode[file] == inode)
            add(kind, (enum disk_file)file, 0);
}

static int synced(int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return -1;
    if (disk.before_sync)
        disk.before_sync();
    look();
    if (fails_now()) {
        note_sync(DISK_FAILED, status.st_ino);
        errno = disk.error;
        return -1;
    }
    if (disk.synced_count < SYNCED_MOST)
        disk.synced[disk.synced_count++] = status.st_ino;
    note_sync(DISK_SYNC, status.st_ino);
    return 0;
}

/* In place of the C library's. */
int fdatasync(int fd)
{
    return synced(fd);
}

int fsync(int fd)
{
    return synced(fd);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at)
{
    if (disk.failing_read != 0 && ++disk.reads == disk.failing_read) {
        errno = disk.read_error;
        return -1;
    }
    return preadv(fd, &(struct iovec){bytes, size}, 1, at);
}

static bool was_noted(size_t since, enum disk_file file, uint64_t page)
{
    for (size_t i = since; i < disk.log.count; i++)
        if (disk.log.events[i].file == file && disk.log.events[i].number == page)
            return true;
    return false;
}

/* A page that is written is to be synced again, also if its bytes are those that were there. */
static void note_written(enum disk_file file, uint64_t first, uint64_t last)
{
    size_t since = disk.log.count;

    look();
    for (uint64_t page = first; page <= last; page++)
        if (!was_noted(since, file, page))
            note_page(file, page, disk.seen[file] + page * DISK_PAGE);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    const struct iovec all = {(void *)(uintptr_t)bytes, size};
    ssize_t put = pwritev(fd, &all, 1, at);
    struct stat status;

    if (put <= 0 || !disk.on || fstat(fd, &status) != 0)
        return put;
    for (int file = 0; file < DISK_FILES; file++)
        if (disk.seen[file] && disk.inode[file] == status.st_ino)
            note_written((enum disk_file)file, (uint64_t)at / DISK_PAGE,
                         ((uint64_t)at + (uint64_t)put - 1) / DISK_PAGE);
    return put;
}

int madvise(void *start, size_t size, int advice)
{
    if (disk.populates_fail && advice == MADV_POPULATE_WRITE) {
        errno = EFAULT;
        return -1;
    }
    return (int)syscall(SYS_madvise, start, size, advice);
}
