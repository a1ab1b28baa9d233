/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_FUTEX_H
#define MMS_FUTEX_H

#include <stdint.h>

/* Sleep while *word == value, for a time at most. 0, -EAGAIN, -ETIMEDOUT, -EINTR. A read-only map will do. */
int mms__futex_wait(const uint32_t *word, uint32_t value, uint64_t nanoseconds);
void mms__futex_wake_all(uint32_t *word);

#endif
