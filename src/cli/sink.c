/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/sink.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/progress.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_ONCE = 4 << 20 };

/* mkstemp gives 0600: what the new file should have instead. */
static mode_t wanted_mode(const struct stat *existing)
{
    mode_t mask;

    if (existing)
        return existing->st_mode & 0777;
    mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/* Next to the target, as a rename does not cross file systems. */
static int open_temporary(struct sink *sink, const struct stat *existing)
{
    const char *slash = strrchr(sink->target, '/');
    int parent = slash ? (int)(slash - sink->target) + 1 : 0;

    if (asprintf(&sink->temporary, "%.*s.mmsync-XXXXXX", parent, sink->target) < 0) {
        sink->temporary = NULL;
        return fail_errno("cannot write %s", sink->name);
    }
    sink->fd = mkostemp(sink->temporary, O_CLOEXEC);
    if (sink->fd < 0) {
        free(sink->temporary);
        sink->temporary = NULL;
        return fail_errno("cannot make a file next to %s", sink->name);
    }
    interrupt_catch();
    if (fchmod(sink->fd, wanted_mode(existing)))
        return fail_errno("cannot set the mode of %s", sink->temporary);
    return EXIT_OK;
}

/* Devices and pipes keep their place: to rename something over /dev/null is never what was meant. */
static int open_in_place(struct sink *sink, const char *file)
{
    sink->fd = open(file, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return sink->fd < 0 ? fail_errno("cannot open %s", file) : EXIT_OK;
}

int sink_open(struct sink *sink, const char *file)
{
    struct stat existing;
    bool exists;

    *sink = (struct sink){.fd = STDOUT_FILENO, .name = "standard output"};
    if (!file || !strcmp(file, "-"))
        return EXIT_OK;
    *sink = (struct sink){.fd = -1, .name = file};
    exists = !stat(file, &existing);
    if (exists && S_ISDIR(existing.st_mode))
        return fail("cannot write %s: it is a directory", file);
    if (exists && !S_ISREG(existing.st_mode))
        return open_in_place(sink, file);
    sink->target = exists ? realpath(file, NULL) : strdup(file); /* a symbolic link stays one */
    if (!sink->target)
        return fail_errno("cannot write %s", file);
    return open_temporary(sink, exists ? &existing : NULL);
}

int sink_write(struct sink *sink, const void *data, size_t size)
{
    const char *from = data;
    struct progress progress;

    progress_start(&progress, "reading", size);
    while (size && !interrupted()) {
        ssize_t done = write(sink->fd, from, size < AT_ONCE ? size : AT_ONCE);

        if (done < 0 && errno == EPIPE)
            break;
        if (done < 0 && errno != EINTR) {
            fail_errno("cannot write to %s", sink->name);
            break;
        }
        if (done > 0) {
            from += done;
            size -= (size_t)done;
            progress_add(&progress, (uint64_t)done);
        }
    }
    progress_end(&progress);
    return size ? EXIT_FAILED : EXIT_OK;
}

int sink_commit(struct sink *sink)
{
    int fd = sink->fd;

    if (fd == STDOUT_FILENO)
        return EXIT_OK;
    sink->fd = -1;
    if (close(fd))
        return fail_errno("cannot write to %s", sink->name);
    if (sink->temporary && rename(sink->temporary, sink->target))
        return fail_errno("cannot give %s its name", sink->name);
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
}
