/* SPDX-License-Identifier: Apache-2.0 */
#include "small_memory.h"
#include "sample.h"
#include "scratch.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void in_small_memory(void **state, unsigned size, forked_part *part)
{
    const char *directory = scratch_path(state, "small");
    char options[40];

    check_true(mkdir(directory, 0755) == 0 || errno == EEXIST);
    snprintf(options, sizeof options, "size=%u", size);
    in_child_with_mount("tmpfs", options, directory, part, (void *)(uintptr_t)directory);
}

const char *region_in(const char *directory)
{
    static char path[600];

    snprintf(path, sizeof path, "%s/region", directory);
    return path;
}

mms_writer *roomy_writer(const char *path)
{
    mms_writer_options options = sample_options();

    options.max_size = 64 << 20;
    return sample_writer_with(path, options);
}

static const char *filler_in(const char *directory)
{
    static char path[600];

    snprintf(path, sizeof path, "%s/filler", directory);
    return path;
}

void fill_memory_but(const char *directory, off_t left)
{
    static const char zeros[4096];
    int fd = open(filler_in(directory), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    struct stat status;

    check_true(fd >= 0);
    while (write(fd, zeros, sizeof zeros) > 0)
        continue;
    check_true(errno == ENOSPC && fstat(fd, &status) == 0);
    check_true(ftruncate(fd, status.st_size - left) == 0 && close(fd) == 0);
}

void fill_memory(const char *directory)
{
    fill_memory_but(directory, 0);
}

void empty_memory(const char *directory)
{
    check_true(unlink(filler_in(directory)) == 0);
}
