/* SPDX-License-Identifier: Apache-2.0 */
#include "os/futex.h"
#include "base/probe.h"
#include "os/cancel.h"
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_futex_waitv /* of headers before 5.16; one number on all machines */
#define SYS_futex_waitv 449
#endif

/* 32-bit systems with a 64-bit time_t have only the newer call for it. */
#if defined SYS_futex_time64 && __SIZEOF_LONG__ == 4
#define FUTEX_CALL (sizeof(time_t) == 8 ? SYS_futex_time64 : SYS_futex)
#else
#define FUTEX_CALL SYS_futex
#endif

/* syscall(2) is not a cancellation point, so cancellation is asynchronous during the call, as
   libc does it inside its own cancellation points: nothing but the system call can be
   interrupted. */
int mms__futex_wait(const uint32_t *word, uint32_t value, uint64_t nanoseconds, int before)
{
    struct timespec time = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};
    int type = PTHREAD_CANCEL_DEFERRED, code;

    (void)pthread_setcancelstate(before, NULL);
    /* NOLINTNEXTLINE(cert-pos47-c,concurrency-thread-canceltype-asynchronous): as said above */
    (void)pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
    code = syscall(FUTEX_CALL, word, FUTEX_WAIT, value, &time, NULL, 0) == 0 ? 0 : -errno;
    (void)pthread_setcanceltype(type, NULL);
    (void)mms__cancel_hold();
    return code;
}

/* The kernel's structs: struct futex_waitv, which older headers lack, and a time of 64 bits on all machines. */
struct waited {
    uint64_t value, address;
    uint32_t flags, reserved;
};

struct waited_time {
    int64_t seconds, nanoseconds;
};

enum { WORD_OF_32_BITS = 2 };

int mms__futex_wait_any(const struct mms__futex *futexes, size_t count, uint64_t deadline)
{
    struct waited_time time = {(int64_t)(deadline / 1000000000u), (int64_t)(deadline % 1000000000u)};
    struct waited waited[MMS__FUTEXES_MAX];
    long result;

    for (size_t i = 0; i < count; i++)
        waited[i] = (struct waited){futexes[i].value, (uintptr_t)futexes[i].word, WORD_OF_32_BITS, 0};
    result = syscall(SYS_futex_waitv, waited, (unsigned)count, 0, &time, CLOCK_MONOTONIC);
    return result >= 0 ? (int)result : -errno;
}

/* Of no words, which is invalid, so nothing sleeps. */
bool mms__futex_has_any(void)
{
    errno = 0;
    (void)syscall(SYS_futex_waitv, NULL, 0, 0, NULL, CLOCK_MONOTONIC);
    return errno == EINVAL;
}

static long wake(uint32_t *word, int most)
{
    long woken = syscall(FUTEX_CALL, word, FUTEX_WAKE, most, NULL, NULL, 0);

    MMS__PROBE1(wake, woken);
    return woken;
}

void mms__futex_wake_all(uint32_t *word)
{
    (void)wake(word, INT_MAX);
}

bool mms__futex_wake_one(uint32_t *word)
{
    return wake(word, 1) == 1;
}
