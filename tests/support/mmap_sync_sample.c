/* SPDX-License-Identifier: Apache-2.0 */
#include "mmap_sync_sample.h"
#include "os/clock.h"
#include "sample.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

mms_writer *mmap_sync_writer(const char *path, int grace_ms, bool reset)
{
    mms_mmap_sync_writer_options mmap_sync = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;

    mmap_sync.reset = reset;
    options.mmap_sync = &mmap_sync;
    options.lock_wait_ms = MMS_NO_WAIT;
    options.grace_ms = grace_ms;
    return sample_writer_with(crate_path(path), options);
}

void mmap_sync_await_look(void)
{
    uint64_t start = mms__now_coarse_ns();

    while (mms__now_coarse_ns() == start)
        mms__sleep_ns(1000000);
}

struct mms__mmap_sync_state *mmap_sync_map(const char *path)
{
    char name[600];
    void *base;
    int fd;

    snprintf(name, sizeof name, "%s_state", path);
    fd = open(name, O_RDWR | O_CLOEXEC);
    check_true(fd >= 0);
    base = mmap(NULL, sizeof(struct mms__mmap_sync_state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    check_true(base != MAP_FAILED);
    close(fd);
    return base;
}

void mmap_sync_unmap(struct mms__mmap_sync_state *state)
{
    munmap(state, sizeof *state);
}
