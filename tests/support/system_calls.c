/* SPDX-License-Identifier: Apache-2.0 */
#include "system_calls.h"
#include "libc.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_USER_NOTIF_FLAG_CONTINUE
#define SECCOMP_USER_NOTIF_FLAG_CONTINUE 1
#endif

/* The threads share nothing but these words, since a wait would be a system call. */
struct watch {
    void (*function)(void *);
    void *context;
    int listener; /* NOT_YET, a descriptor, or -errno */
    int counting;
    struct system_calls *calls;
};

enum { NOT_YET = -100000 };

static void store(int *word, int value)
{
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static int load(int *word)
{
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* For this thread alone. */
static int listen_to_myself(void)
{
    struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)};
    struct sock_fprog program = {1, code};
    long fd;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    return fd < 0 ? -errno : (int)fd;
}

static void *run(void *argument)
{
    struct watch *watch = argument;
    int listener = listen_to_myself();

    store(&watch->listener, listener);
    if (listener < 0)
        return NULL;
    store(&watch->counting, 1);
    watch->function(watch->context);
    store(&watch->counting, 0);
    return NULL;
}

/* The thread stands still meanwhile, so what it has stored was true when it called. False when it
   has ended. */
static bool let_one_pass(struct watch *watch)
{
    struct pollfd ready = {.fd = watch->listener, .events = POLLIN};
    struct seccomp_notif request;
    struct seccomp_notif_resp response;

    if (poll(&ready, 1, -1) < 0)
        return errno == EINTR;
    if (!(ready.revents & POLLIN))
        return false;
    memset(&request, 0, sizeof request);
    if (ioctl(watch->listener, (ioctl_request)SECCOMP_IOCTL_NOTIF_RECV, &request) != 0)
        return errno == EINTR || errno == ENOENT;
    if (load(&watch->counting)) {
        __atomic_add_fetch(&watch->calls->total, 1, __ATOMIC_RELAXED);
        if (request.data.nr >= 0 && request.data.nr < SYSTEM_CALLS_MAX)
            watch->calls->of[request.data.nr]++;
    }
    memset(&response, 0, sizeof response);
    response.id = request.id;
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    (void)ioctl(watch->listener, (ioctl_request)SECCOMP_IOCTL_NOTIF_SEND, &response);
    return true;
}

int count_system_calls(void (*function)(void *), void *context, struct system_calls *calls)
{
    struct watch watch = {.function = function, .context = context, .listener = NOT_YET, .calls = calls};
    pthread_t thread;
    int code;

    memset(calls, 0, sizeof *calls);
    code = pthread_create(&thread, NULL, run, &watch);
    if (code != 0)
        return code;
    while (load(&watch.listener) == NOT_YET)
        sched_yield();
    if (watch.listener >= 0) {
        while (let_one_pass(&watch))
            continue;
        close(watch.listener);
    }
    pthread_join(thread, NULL);
    return watch.listener < 0 ? -watch.listener : 0;
}
