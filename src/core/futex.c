/* SPDX-License-Identifier: Apache-2.0 */
#include "core/futex.h"
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

int mms__futex_wait(const uint32_t *word, uint32_t value, uint64_t nanoseconds)
{
    struct timespec time = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};

    return syscall(FUTEX_CALL, word, FUTEX_WAIT, value, &time, NULL, 0) == 0 ? 0 : -errno;
}

void mms__futex_wake_all(uint32_t *word)
{
    (void)syscall(FUTEX_CALL, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
