/* SPDX-License-Identifier: Apache-2.0 */
#include "tracked.h"
#include "libc.h"
#include "pattern.h"
#include "region/writer.h"
#include "sample.h"
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SLOTS = 8, WARM = 3 * SLOTS };

static bool refuse(const char **reason, const char *text)
{
    *reason = text;
    return false;
}

bool can_track_pages(const char **reason)
{
    struct uffdio_api api = {.api = UFFD_API, .features = 1 << 15 /* WP_ASYNC */};
    int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* USER_MODE_ONLY */), pages;
    bool can_note;

    if (fd < 0)
        return refuse(reason, "userfaultfd(2) is refused here");
    can_note = ioctl(fd, (ioctl_request)UFFDIO_API, &api) == 0;
    close(fd);
    if (!can_note)
        return refuse(reason, "this kernel's userfaultfd(2) cannot note stores, which takes Linux 6.7");
    pages = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (pages < 0)
        return refuse(reason, "/proc/self/pagemap cannot be opened here");
    close(pages);
    return true;
}

void need_page_tracking(void)
{
    const char *reason;

    if (!can_track_pages(&reason))
        skip_because("%s", reason);
}

mms_writer_options tracked_options(mms_track how, size_t max_size)
{
    mms_writer_options options = sample_options();

    options.track = how;
    options.max_size = max_size;
    options.max_slots = SLOTS;
    return options;
}

static void publish_first(struct tracked *tracked)
{
    uint64_t random = 99;
    mms_receipt receipt;

    for (size_t i = 0; i < tracked->size; i++)
        tracked->copy[i] = (unsigned char)pattern_random(&random);
    check_ok(mms_write(tracked->writer, tracked->copy, tracked->size, &receipt));
    tracked->generation = receipt.generation;
}

struct tracked tracked_open_with(const char *path, mms_writer_options options)
{
    struct tracked tracked = {.path = path, .options = options, .size = (size_t)options.max_size};

    tracked.writer = sample_writer_with(path, options);
    tracked.region = sample_region(path);
    tracked.reader = sample_reader(tracked.region);
    tracked.copy = malloc(tracked.size);
    check_true(tracked.copy != NULL);
    publish_first(&tracked);
    for (size_t i = 0; i < WARM; i++)
        tracked_update(&tracked, i * 997 % tracked.size);
    return tracked;
}

struct tracked tracked_open(const char *path, mms_track how, size_t max_size)
{
    return tracked_open_with(path, tracked_options(how, max_size));
}

void tracked_close(struct tracked *tracked)
{
    check_ok(mms_reader_close(tracked->reader));
    check_ok(mms_region_close(tracked->region));
    check_ok(mms_writer_close(tracked->writer));
    free(tracked->copy);
}

void tracked_reopen(struct tracked *tracked)
{
    check_ok(mms_writer_close(tracked->writer));
    tracked->writer = sample_writer_with(tracked->path, tracked->options);
}

void tracked_begin(struct tracked *tracked)
{
    size_t size;
    void *buffer;

    check_ok(mms_write_update(tracked->writer, (size_t)tracked->options.max_size, &buffer, &size, NULL));
    check_equal(size, tracked->size);
    check_memory(buffer, tracked->copy, size);
    tracked->buffer = buffer;
}

void tracked_store(struct tracked *tracked, size_t at)
{
    tracked->copy[at] ^= 0x55;
    ((volatile unsigned char *)tracked->buffer)[at] = tracked->copy[at];
}

static void check_value(struct tracked *tracked)
{
    mms_view view;

    check_ok(mms_read(tracked->reader, &view));
    check_equal(view.generation, tracked->generation);
    check_equal(view.size, tracked->size);
    check_memory(view.data, tracked->copy, view.size);
    check_ok(mms_release(tracked->reader));
}

void tracked_commit(struct tracked *tracked, size_t size)
{
    mms_receipt receipt;

    check_ok(mms_write_commit(tracked->writer, size, &receipt));
    tracked->generation = receipt.generation;
    tracked->size = size;
    check_value(tracked);
}

void tracked_update(struct tracked *tracked, size_t at)
{
    tracked_begin(tracked);
    tracked_store(tracked, at);
    tracked_commit(tracked, tracked->size);
}

const char *tracked_changes(struct tracked *tracked)
{
    static char text[256];
    mms_range ranges[16];
    mms_view view;
    size_t count, at = 0;

    check_ok(mms_read(tracked->reader, &view));
    check_ok(mms_changes(tracked->reader, view.generation - 1, ranges, 16, &count));
    check_ok(mms_release(tracked->reader));
    check_true(count <= 16);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%llu+%llu", i ? " " : "",
                               (unsigned long long)ranges[i].offset, (unsigned long long)ranges[i].length);
    return text;
}

uint64_t tracked_compared(const struct tracked *tracked)
{
    return mms__native_writer_of((struct mms_writer *)tracked->writer)->tracking.compared;
}
