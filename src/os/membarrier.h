/* SPDX-License-Identifier: Apache-2.0 */
/* membarrier(2): the fence that a writer lends to all readers at once. */
#ifndef MMS_OS_MEMBARRIER_H
#define MMS_OS_MEMBARRIER_H

#include <errno.h>
#include <stdbool.h>

/* Register this process with mms__membarrier, before any asymmetric read. fork keeps the
   registration, exec clears it. Takes 6 to 14 ms in a process with threads. 0 or -errno. */
int mms__membarrier_register(void);

/* True if a call below failed without being refused: the next one may succeed. */
static inline bool mms__is_passing(int code)
{
    return code == -ENOMEM || code == -EAGAIN || code == -EINTR;
}

/* True if this kernel, and the filters on this process, let it call mms__membarrier. */
bool mms__membarrier_works(void);

/* A full fence in every registered process, and in this one. 0 or -errno. */
int mms__membarrier(void);

#endif
