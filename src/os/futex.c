/* SPDX-License-Identifier: Apache-2.0 */
#include "os/futex.h"
#include "os/cancel.h"
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

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
    (void)pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
    code = syscall(FUTEX_CALL, word, FUTEX_WAIT, value, &time, NULL, 0) == 0 ? 0 : -errno;
    (void)pthread_setcanceltype(type, NULL);
    (void)mms__cancel_hold();
    return code;
}

void mms__futex_wake_all(uint32_t *word)
{
    (void)syscall(FUTEX_CALL, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

bool mms__futex_wake_one(uint32_t *word)
{
    return syscall(FUTEX_CALL, word, FUTEX_WAKE, 1, NULL, NULL, 0) == 1;
}
