/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_OS_MOUNT_H
#define MMS_OS_MOUNT_H

#include <stdint.h>

/* The mount through which a file was opened, as the kernel numbers it; -1: not known. */
int64_t mms__mount_id(int fd);

#endif
