/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_OS_TEXT_H
#define MMS_OS_TEXT_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Read the start of a small file, as in /proc, and terminate it with a 0. 0 or -errno; -EIO if it
   is empty. No detail is stored. */
static inline int mms__read_text(const char *path, char *text, size_t size)
{
    ssize_t got;
    int fd, code;

    text[0] = 0;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return -errno;
    do
        got = read(fd, text, size - 1);
    while (got < 0 && errno == EINTR);
    code = got > 0 ? 0 : got == 0 ? -EIO : -errno;
    close(fd);
    text[got > 0 ? got : 0] = 0;
    return code;
}

#endif
