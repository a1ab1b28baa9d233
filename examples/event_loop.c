/* SPDX-License-Identifier: Apache-2.0 */
/* One event loop for many regions: prints a line for each new generation, and ends after LINES of
   them. A program that serves requests would have its sockets in the same loop.
   Usage: event_loop LINES REGION... */
#include <errno.h>
#include <mmsync/wait_fd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct watched {
    const char *path;
    mms_region *region;
    int fd;
};

/* These return 1, the exit status. */
static int fail_call(void)
{
    fprintf(stderr, "event_loop: %s\n", mms_last_error());
    return 1;
}

static int fail_errno(const char *what)
{
    fprintf(stderr, "event_loop: ");
    perror(what);
    return 1;
}

static int begin(struct watched *watched, const char *path, int loop)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watched};

    *watched = (struct watched){.path = path, .fd = -1};
    if (mms_region_open(path, NULL, &watched->region) != 0 || mms_wait_fd(watched->region, &watched->fd) != 0)
        return fail_call();
    return epoll_ctl(loop, EPOLL_CTL_ADD, watched->fd, &event) == 0 ? 0 : fail_errno(path);
}

static void end(struct watched *watched)
{
    if (watched->fd >= 0)
        mms_wait_fd_close(watched->region, watched->fd);
    mms_region_close(watched->region);
}

/* Readable: there is something newer. A region that is there already is reported at once. */
static int print_newest(struct watched *watched)
{
    uint64_t generation;

    if (mms_wait_fd_ack(watched->region, watched->fd, &generation) != 0)
        return fail_call();
    if (printf("%s: generation %llu\n", watched->path, (unsigned long long)generation) < 0 || fflush(stdout) != 0)
        return fail_errno("standard output");
    return 0;
}

static int run(int loop, long lines)
{
    struct epoll_event event;
    int status = 0;

    while (status == 0 && lines > 0) {
        if (epoll_wait(loop, &event, 1, -1) == 1) {
            status = print_newest(event.data.ptr);
            lines--;
        } else if (errno != EINTR) {
            status = fail_errno("epoll_wait");
        }
    }
    return status;
}

static int watch(struct watched *watched, char **paths, int count, long lines)
{
    int loop = epoll_create1(EPOLL_CLOEXEC), opened = 0, status = 0;

    if (loop < 0)
        return fail_errno("epoll_create1");
    while (status == 0 && opened < count) {
        status = begin(&watched[opened], paths[opened], loop);
        opened++;
    }
    if (status == 0)
        status = run(loop, lines);
    close(loop); /* before the descriptors in it */
    while (opened-- > 0)
        end(&watched[opened]);
    return status;
}

int main(int argc, char **argv)
{
    const long lines = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
    struct watched *watched;
    int status;

    if (lines < 1) {
        fputs("usage: event_loop LINES REGION...\n", stderr);
        return 2;
    }
    watched = calloc((size_t)argc, sizeof *watched);
    if (!watched)
        return fail_errno("calloc");
    status = watch(watched, argv + 2, argc - 2, lines);
    free(watched);
    return status;
}
