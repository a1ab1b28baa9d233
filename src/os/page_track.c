/* SPDX-License-Identifier: Apache-2.0 */
#include "os/page_track.h"
#include "base/libc.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Missing in the headers of older kernels; Debian 12 has those of Linux 6.1. */
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12)
#endif
#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

/* The structures of PAGEMAP_SCAN (linux/fs.h), under names that newer headers do not use. */
struct run {
    uint64_t start, end, categories;
};

struct scan {
    uint64_t size, flags, start, end, walk_end, runs, room, max_pages;
    uint64_t inverted, all_of, any_of, returned; /* categories */
};

#define SCAN _IOWR('f', 16, struct scan)

enum { WRITTEN = 1 << 1, PRESENT = 1 << 3, SWAPPED = 1 << 4 }; /* categories */
enum { PROTECT_MATCHING = 1 << 0, FAIL_UNLESS_TRACKED = 1 << 1 };

/* Of the array of runs. At most 512: with a larger one, `walk_end` may be lower than where the
   kernel has stopped. */
enum { ROOM = 256 };

static int failed(void)
{
    return -errno;
}

/* ---- Opening ---- */

/* User mode only, which needs no rights. In this mode faults of the kernel itself, as in a read(2)
   into the buffer, are not delivered; with asynchronous protection none has to be, because the
   kernel resolves all of them by itself. */
static int open_faults(struct mms__page_track *track, enum mms__page_track_call *call)
{
    struct uffdio_api api = {
        .api = UFFD_API,
        .features = UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_HUGETLBFS_SHMEM,
    };
    int fd, code;

    *call = MMS__TRACK_USERFAULTFD;
    fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    if (fd < 0)
        return failed();
    code = mms__file_adopt(fd, &track->faults);
    if (code != 0)
        return code;
    *call = MMS__TRACK_FEATURES;
    return ioctl(track->faults.fd, (mms__ioctl_request)UFFDIO_API, &api) == 0 ? 0 : failed();
}

static int register_mapping(const struct mms__page_track *track, const struct mms__mapping *mapping)
{
    struct uffdio_register range = {
        .range = {.start = (uintptr_t)mapping->base, .len = mapping->size},
        .mode = UFFDIO_REGISTER_MODE_WP,
    };

    return ioctl(track->faults.fd, (mms__ioctl_request)UFFDIO_REGISTER, &range) == 0 ? 0 : failed();
}

static void ignore(void *context, size_t offset, size_t length)
{
    (void)context;
    (void)offset;
    (void)length;
}

static int open_all(struct mms__page_track *track, const struct mms__mapping *mapping, enum mms__page_track_call *call)
{
    int code = open_faults(track, call);

    if (code != 0)
        return code;
    *call = MMS__TRACK_REGISTER;
    code = register_mapping(track, mapping);
    if (code != 0)
        return code;
    *call = MMS__TRACK_PAGEMAP;
    code = mms__file_open(AT_FDCWD, "/proc/self/pagemap", O_RDONLY, 0, &track->pages);
    if (code != 0)
        return code;
    *call = MMS__TRACK_SCAN;
    return mms__page_track_scan(track, mapping->base, 1, ignore, NULL);
}

int mms__page_track_open(struct mms__page_track *track, const struct mms__mapping *mapping,
                         enum mms__page_track_call *call)
{
    int code;

    *track = MMS__NO_PAGE_TRACK;
    code = open_all(track, mapping, call);
    if (code != 0)
        mms__page_track_close(track);
    return code;
}

void mms__page_track_close(struct mms__page_track *track)
{
    mms__file_close(&track->pages);
    mms__file_close(&track->faults);
}

/* ---- Using it ---- */

/* One call, from scan->start on. Returns how many runs it stored, or -errno. The next call begins
   at scan->walk_end. */
static int scan_once(const struct mms__page_track *track, struct scan *scan)
{
    int count;

    scan->size = sizeof *scan;
    scan->flags |= FAIL_UNLESS_TRACKED;
    scan->walk_end = 0;
    do
        count = ioctl(track->pages.fd, (mms__ioctl_request)SCAN, scan);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return failed();
    return scan->walk_end > scan->start ? count : -EIO; /* no progress would be a loop */
}

static struct scan whole_pages(const void *start, size_t size)
{
    uintptr_t begin = (uintptr_t)start;

    return (struct scan){.start = begin, .end = mms__round_up(begin + size, mms__page_size())};
}

/* Pages that are not there are protected, too: the kernel leaves a mark in their place. */
int mms__page_track_protect(const struct mms__page_track *track, const void *start, size_t size)
{
    struct scan scan = whole_pages(start, size);

    if (!mms__file_is_ours(&track->pages))
        return -EBADF;
    scan.flags = PROTECT_MATCHING;
    while (scan.start < scan.end) {
        int code = scan_once(track, &scan);

        if (code < 0)
            return code;
        scan.start = scan.walk_end;
    }
    return 0;
}

/* Not there, but with a mark of protection in its place. */
static bool is_marked(uint64_t categories)
{
    return (categories & (WRITTEN | PRESENT | SWAPPED)) == SWAPPED;
}

/* A page is protected as long as its entry in the page table says so, or a mark in place of the
   entry while the page is away, which the kernel reports as swapped out. Ask for all other pages
   in one question, so that each page is judged at one moment. That includes pages without an
   entry, which may have been stored to and then swapped out or dropped (MADV_DONTNEED). Asking
   only for written pages would miss those. */
int mms__page_track_scan(const struct mms__page_track *track, const void *start, size_t size,
                         mms__page_track_found *found, void *context)
{
    struct run runs[ROOM];
    struct scan scan = whole_pages(start, size);

    if (!mms__file_is_ours(&track->pages))
        return -EBADF;
    scan.runs = (uintptr_t)runs;
    scan.room = ROOM;
    scan.inverted = PRESENT;
    scan.any_of = WRITTEN | PRESENT;
    scan.returned = WRITTEN | PRESENT | SWAPPED;
    while (scan.start < scan.end) {
        int count = scan_once(track, &scan);

        if (count < 0)
            return count;
        for (int i = 0; i < count; i++)
            if (!is_marked(runs[i].categories))
                found(context, (size_t)(runs[i].start - (uintptr_t)start), (size_t)(runs[i].end - runs[i].start));
        scan.start = scan.walk_end;
    }
    return 0;
}
