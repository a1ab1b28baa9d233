/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_OS_FUTEX_H
#define MMS_OS_FUTEX_H

#include <stdbool.h>
#include <stdint.h>

/* Sleep while *word == value, for at most so long. 0, -EAGAIN, -ETIMEDOUT, -EINTR. A read-only
   mapping will do. `before`: the caller's cancel state, which holds during the sleep
   (cancel.h). */
int mms__futex_wait(const uint32_t *word, uint32_t value, uint64_t nanoseconds, int before);
void mms__futex_wake_all(uint32_t *word);
bool mms__futex_wake_one(uint32_t *word); /* false: nobody slept, or the kernel refuses */

#endif
