/* SPDX-License-Identifier: Apache-2.0 */
/* Substitutes for what tests use of glibc, for other C libraries. */
#ifndef TEST_LIBC_H
#define TEST_LIBC_H

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __GLIBC__
typedef __rlimit_resource_t limit_kind;
typedef unsigned long ioctl_request;
#else
typedef int limit_kind;
typedef int ioctl_request;

static inline void closefrom(int first)
{
    (void)syscall(SYS_close_range, (unsigned)first, ~0u, 0u);
}
#endif

#endif
