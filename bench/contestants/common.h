/* SPDX-License-Identifier: Apache-2.0 */
/* What the contestants in C share. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include "contestant.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char common_text[500];

static inline const char *common_detail(void)
{
    return common_text;
}

__attribute__((format(printf, 1, 2))) static inline int common_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(common_text, sizeof common_text, format, arguments);
    va_end(arguments);
    return -1;
}

static inline uint32_t common_version_of(const void *data, size_t size)
{
    uint32_t version;

    memcpy(&version, (const char *)data + size - BENCH_VERSION_AT, sizeof version);
    return version;
}

/* Reads one word of each page. */
static inline uint64_t common_touch(const void *data, size_t size)
{
    const volatile unsigned char *bytes = data;
    uint64_t sum = 0;

    for (size_t at = 0; at < size; at += 4096)
        sum += bytes[at];
    __asm__ volatile("" : : "r"(sum));
    return common_version_of(data, size);
}

/* A file in the contestant's directory, mapped shared, and grown if asked. */
static inline void *common_map(const char *directory, const char *name, size_t size, bool create)
{
    char path[4096];
    void *map = MAP_FAILED;
    int fd;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
    if (fd >= 0 && (!create || posix_fallocate(fd, 0, (off_t)size) == 0))
        map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (map != MAP_FAILED)
        return map;
    common_fail("mapping %s: %s", path, strerror(errno));
    return NULL;
}

#define EXPORT __attribute__((visibility("default")))

#endif
