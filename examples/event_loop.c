/* SPDX-License-Identifier: Apache-2.0 */
/* One event loop for many regions: prints a line for each new generation, and ends after LINES of
   them. A program that serves requests would have its sockets in the same loop.
   Usage: event_loop LINES REGION... */
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

static int begin(struct watched *watched, const char *path, int loop)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watched};
    int code;

    *watched = (struct watched){.path = path, .fd = -1};
    code = mms_region_open(path, NULL, &watched->region);
    if (code == 0)
        code = mms_wait_fd(watched->region, &watched->fd);
    if (code == 0 && epoll_ctl(loop, EPOLL_CTL_ADD, watched->fd, &event) != 0)
        perror("event_loop: epoll_ctl");
    return code;
}

/* Readable: there is something newer. A region that is there already is reported at once. */
static int print_newest(struct watched *watched)
{
    uint64_t generation;
    int code = mms_wait_fd_ack(watched->region, watched->fd, &generation);

    if (code == 0 &&
        (printf("%s: generation %llu\n", watched->path, (unsigned long long)generation) < 0 || fflush(stdout) != 0))
        perror("event_loop");
    return code;
}

static int run(int loop, int lines)
{
    struct epoll_event event;
    int code = 0;

    while (code == 0 && lines > 0) {
        if (epoll_wait(loop, &event, 1, -1) < 1)
            continue; /* a signal */
        code = print_newest(event.data.ptr);
        lines--;
    }
    return code;
}

int main(int argc, char **argv)
{
    struct watched *watched = argc > 2 ? calloc((size_t)argc, sizeof *watched) : NULL;
    int loop = epoll_create1(EPOLL_CLOEXEC), opened = 0, code = 0;

    if (!watched || loop < 0) {
        fputs("usage: event_loop LINES REGION...\n", stderr);
        return 2;
    }
    while (code == 0 && opened < argc - 2) {
        code = begin(&watched[opened], argv[opened + 2], loop);
        opened++;
    }
    if (code == 0)
        code = run(loop, atoi(argv[1]));
    if (code != 0)
        fprintf(stderr, "event_loop: %s\n", mms_last_error());
    close(loop); /* before the descriptors in it */
    while (opened-- > 0) {
        if (watched[opened].fd >= 0)
            mms_wait_fd_close(watched[opened].region, watched[opened].fd);
        mms_region_close(watched[opened].region);
    }
    free(watched);
    return code != 0;
}
