/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_OS_FUTEX_H
#define MMS_OS_FUTEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sleep while *word == value, for at most so long. 0, -EAGAIN, -ETIMEDOUT, -EINTR. A read-only
   mapping will do. `before`: the caller's cancel state, which holds during the sleep
   (cancel.h). */
int mms__futex_wait(const uint32_t *word, uint32_t value, uint64_t nanoseconds, int before);

struct mms__futex {
    const uint32_t *word;
    uint32_t value;
};

/* Sleep while all of 1 to MMS__FUTEXES_MAX words have their values, until `deadline` (mms__now_ns). The index of a word that
   was woken, which others may have been, too; -EAGAIN, -ETIMEDOUT, -EINTR, -ENOMEM. No cancellation point. Where the kernel
   cannot (before 5.16, or a filter of system calls), mms__futex_has_any is false, and this returns -ENOSYS or -EPERM. */
enum { MMS__FUTEXES_MAX = 128 };
int mms__futex_wait_any(const struct mms__futex *futexes, size_t count, uint64_t deadline);
bool mms__futex_has_any(void);

void mms__futex_wake_all(uint32_t *word);
bool mms__futex_wake_one(uint32_t *word); /* false: nobody slept, or the kernel refuses */

#endif
