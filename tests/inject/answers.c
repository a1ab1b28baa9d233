/* SPDX-License-Identifier: Apache-2.0 */
#include "answers.h"
#include "sample.h"
#include "scratch.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct inject_counts *counts;

void fail_from_here(enum inject_kind kind, unsigned nth, int error, unsigned times)
{
    inject_arm(&(struct inject_plan){kind, nth, error, times});
}

void close_file_named(const char *path)
{
    bool closed = false;

    for (int fd = 3; fd < 64; fd++) {
        char link[64], target[512] = {0};

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        if (readlink(link, target, sizeof target - 1) > 0 && strcmp(target, path) == 0)
            closed = close(fd) == 0;
    }
    check_true(closed);
}

void make_region(void *path)
{
    sample_closed_region(path, "value");
}

int disarm_and_remove(void **state)
{
    inject_disarm();
    inject_before(0, NULL);
    inject_filesystem(0);
    return scratch_remove(state);
}
