/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output_watch.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

enum { AGAIN_NS = 5000000 };

static pthread_t watched_for;
static atomic_bool closed;

static bool hung_up(int timeout_ms)
{
    struct pollfd output = {.fd = STDOUT_FILENO}; /* no events: these two come unasked */

    return poll(&output, 1, timeout_ms) > 0 && (output.revents & (POLLERR | POLLHUP));
}

bool output_hung_up(void)
{
    return hung_up(0);
}

bool output_is_closed(void)
{
    return atomic_load(&closed);
}

static void wake(int number)
{
    (void)number;
}

/* Repeatedly: a signal just before a wait does not end it. The process will exit soon, and this
   thread with it. */
static void *watch(void *unused)
{
    (void)unused;
    while (!hung_up(-1))
        nanosleep(&(struct timespec){.tv_nsec = AGAIN_NS}, NULL); /* POLLNVAL, or no memory */
    atomic_store(&closed, true);
    while (output_is_closed()) {
        pthread_kill(watched_for, SIGURG);
        nanosleep(&(struct timespec){.tv_nsec = AGAIN_NS}, NULL);
    }
    return NULL;
}

void output_watch_start(void)
{
    struct sigaction action = {.sa_handler = wake}; /* no SA_RESTART: that is what it is for */
    sigset_t all, old;
    pthread_t thread;

    sigemptyset(&action.sa_mask);
    sigaction(SIGURG, &action, NULL);
    watched_for = pthread_self();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old); /* all signals are for the thread that waits */
    if (!pthread_create(&thread, NULL, watch, NULL))
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}
