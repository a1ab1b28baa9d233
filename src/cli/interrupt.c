/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/interrupt.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t signal_seen, kills;
/* A byte for each signal. To check signal_seen and then read would miss a signal in between. */
static int wake_pipe[2] = {-1, -1};

static void remember(int number)
{
    int error = errno;

    signal_seen = number;
    if (kills)
        raise(number); /* by default now, as soon as this returns */
    if (write(wake_pipe[1], "", 1) < 0)
        errno = error; /* full: it wakes already */
    errno = error;
}

void interrupt_catch(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    /* RESETHAND: the second signal ends what does not look at the first. */
    struct sigaction action = {.sa_handler = remember, .sa_flags = (int)SA_RESETHAND}, old;

    if (wake_pipe[0] >= 0)
        return; /* it was called before */
    if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK))
        return; /* no descriptors left: the signals kill, as they do by default */
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
}

bool interrupted(void)
{
    return signal_seen != 0;
}

void interrupt_kills(bool on)
{
    kills = on;
    if (on)
        (void)interrupt_finish(0);
}

bool interrupt_wait_readable(int fd)
{
    struct pollfd watched[] = {{.fd = fd, .events = POLLIN}, {.fd = wake_pipe[0], .events = POLLIN}};

    while (!interrupted())
        if (poll(watched, 2, -1) > 0 && watched[0].revents)
            return true;
    return false;
}

void interrupt_pause(int ms)
{
    if (!interrupted())
        poll(&(struct pollfd){.fd = wake_pipe[0], .events = POLLIN}, 1, ms);
}

void interrupt_pause_writable(int fd, int ms)
{
    struct pollfd watched[] = {{.fd = fd, .events = POLLOUT}, {.fd = wake_pipe[0], .events = POLLIN}};

    if (!interrupted())
        poll(watched, 2, ms);
}

void interrupt_wait(void)
{
    while (!interrupted())
        poll(&(struct pollfd){.fd = wake_pipe[0], .events = POLLIN}, 1, -1);
}

int interrupt_finish(int status)
{
    if (!signal_seen)
        return status;
    signal(signal_seen, SIG_DFL);
    raise(signal_seen);
    return 128 + signal_seen;
}
