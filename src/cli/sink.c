/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sink.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/region_file.h"
#include "cli/target_path.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_ONCE = 4 << 20 };

#define IN_PLACE "to overwrite it in place, redirect standard output: > %s"

/* ---- A regular file: a new one, which gets the name at the end ---- */

static mode_t default_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

/* mkstemp makes a file with mode 0600 that belongs to this user. The owner is set first, as
   that clears bits of the mode. */
static int set_rights(const struct sink *sink, const struct stat *existing)
{
    struct stat made;

    if (fstat(sink->fd, &made))
        return fail_errno("cannot look at %s", sink->temporary);
    if (existing && (made.st_uid != existing->st_uid || made.st_gid != existing->st_gid) &&
        fchown(sink->fd, existing->st_uid, existing->st_gid))
        return fail_errno("cannot replace %s by a file of the same owner (" IN_PLACE ")", sink->name, sink->name);
    if (fchmod(sink->fd, existing ? existing->st_mode & 0777 : default_mode()))
        return fail_errno("cannot set the mode of %s", sink->temporary);
    return EXIT_OK;
}

/* Next to the target, as a rename does not cross file systems. */
static int open_temporary(struct sink *sink, const struct stat *existing)
{
    const char *slash = strrchr(sink->target, '/');
    int parent = slash ? (int)(slash - sink->target) + 1 : 0;

    if (existing && faccessat(AT_FDCWD, sink->target, W_OK, AT_EACCESS))
        return fail_errno("cannot write %s", sink->name);
    if (asprintf(&sink->temporary, "%.*s.mmsync-XXXXXX", parent, sink->target) < 0) {
        sink->temporary = NULL;
        return fail_errno("cannot write %s", sink->name);
    }
    interrupt_catch(); /* before there is something to tidy up */
    sink->fd = mkostemp(sink->temporary, O_CLOEXEC);
    if (sink->fd < 0) {
        free(sink->temporary);
        sink->temporary = NULL;
        if (existing)
            return fail_errno("cannot make a file next to %s (" IN_PLACE ")", sink->name, sink->name);
        return fail_errno("cannot make %s", sink->name);
    }
    return set_rights(sink, existing);
}

/* ---- All else stays what it is, and is written to ---- */

/* A duplicate: a new open file would have its own offset and lack O_APPEND. */
static int open_descriptor(struct sink *sink, int fd)
{
    sink->fd = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return sink->fd < 0 ? fail_errno("cannot write to %s, descriptor %d of this process", sink->name, fd) : EXIT_OK;
}

static int open_in_place(struct sink *sink, const char *path, int flags)
{
    struct stat existing;

    if (!stat(path, &existing) && S_ISSOCK(existing.st_mode))
        return fail("cannot write %s: it is a socket; pipe the output to a program that connects to it", sink->name);
    sink->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags);
    return sink->fd < 0 ? fail_errno("cannot open %s", sink->name) : EXIT_OK;
}

static int open_path(struct sink *sink, struct target *target)
{
    struct stat existing;
    bool exists = !stat(target->path, &existing);

    if (!exists && errno != ENOENT)
        return fail_errno("cannot write %s", sink->name);
    if (exists && S_ISDIR(existing.st_mode))
        return fail("cannot write %s: it is a directory", sink->name);
    if (is_region_file(target->path))
        return fail("cannot write %s: it belongs to a region; name a file elsewhere", sink->name);
    if (exists && !S_ISREG(existing.st_mode))
        return open_in_place(sink, target->path, 0);
    sink->target = target->path;
    target->path = NULL;
    return open_temporary(sink, exists ? &existing : NULL);
}

int sink_open(struct sink *sink, const char *file)
{
    struct target target;
    int status;

    *sink = (struct sink){.fd = STDOUT_FILENO, .name = "standard output"};
    if (!file || !strcmp(file, "-"))
        return EXIT_OK;
    if (!*file)
        return fail("cannot write: the file name is empty");
    *sink = (struct sink){.fd = -1, .name = file};
    errno = -target_find(&target, file);
    if (errno)
        status = fail_errno("cannot write %s", file);
    else if (target.kind == TARGET_DESCRIPTOR)
        status = open_descriptor(sink, target.fd);
    else if (target.kind == TARGET_OF_OTHERS)
        status = open_in_place(sink, target.path, O_APPEND);
    else
        status = open_path(sink, &target);
    free(target.path);
    return status;
}

bool sink_is_terminal(const struct sink *sink)
{
    return isatty(sink->fd);
}

/* ---- Writing ---- */

/* Part of it; 0 if that failed and was reported, or if nobody reads. */
static size_t write_some(const struct sink *sink, const char *from, size_t size)
{
    while (!interrupted()) {
        ssize_t done = write(sink->fd, from, size < AT_ONCE ? size : AT_ONCE);

        if (done > 0)
            return (size_t)done;
        if (done < 0 && errno == EPIPE)
            return 0;
        if (done < 0 && errno == EAGAIN) /* another process made it non-blocking */
            poll(&(struct pollfd){.fd = sink->fd, .events = POLLOUT}, 1, -1);
        else if (done == 0 || errno != EINTR) {
            errno = done == 0 ? EIO : errno;
            fail_errno("cannot write to %s", sink->name);
            return 0;
        }
    }
    return 0;
}

int sink_add(struct sink *sink, const void *data, size_t size, struct progress *progress)
{
    const char *from = data;

    while (size) {
        size_t done = write_some(sink, from, size);

        if (!done)
            return EXIT_FAILED;
        from += done;
        size -= done;
        progress_add(progress, done);
    }
    return EXIT_OK;
}

int sink_write(struct sink *sink, const void *data, size_t size)
{
    struct progress progress;
    int status;

    progress_start(&progress, "reading", size);
    status = sink_add(sink, data, size, &progress);
    progress_end(&progress);
    return status;
}

FILE *sink_stream(const struct sink *sink)
{
    int fd = fcntl(sink->fd, F_DUPFD_CLOEXEC, 0);
    FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (fd >= 0 && !stream)
        close(fd);
    return stream;
}

int sink_commit(struct sink *sink)
{
    int fd = sink->fd;

    if (fd == STDOUT_FILENO)
        return EXIT_OK;
    sink->fd = -1;
    if (close(fd))
        return fail_errno("cannot write to %s", sink->name);
    if (sink->temporary && rename(sink->temporary, sink->target)) {
        if (errno == EBUSY) /* a mount point, such as a single file given to a container */
            return fail_errno("cannot replace %s (" IN_PLACE ")", sink->name, sink->name);
        return fail_errno("cannot rename the new file to %s", sink->name);
    }
    free(sink->temporary);
    sink->temporary = NULL;
    return EXIT_OK;
}

void sink_close(struct sink *sink)
{
    if (sink->temporary)
        unlink(sink->temporary);
    if (sink->fd > STDOUT_FILENO)
        close(sink->fd);
    free(sink->temporary);
    free(sink->target);
    *sink = (struct sink){.fd = -1};
}
