/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the system calls of a piece of code, exactly: a seccomp filter reports each one and lets
   it go on. */
#ifndef TEST_SYSTEM_CALLS_H
#define TEST_SYSTEM_CALLS_H

#include <stdbool.h>

enum { SYSTEM_CALLS_MAX = 512 };

struct system_calls {
    unsigned long total;
    unsigned long of[SYSTEM_CALLS_MAX]; /* by number */
};

/* Run function(context) in its own thread and count its system calls. 0, or the errno why that is
   impossible here; then the function has not run. */
int count_system_calls(void (*function)(void *), void *context, struct system_calls *calls);

#endif
