/* SPDX-License-Identifier: Apache-2.0 */
#include "os/membarrier.h"
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel allocates a set of processors for the call, and may have no memory for it at the
   moment. */
enum { TRIES = 4 };

static int membarrier(int command)
{
    int code = -ENOMEM;

    for (int tries = 0; tries < TRIES && mms__is_passing(code); tries++)
        code = syscall(SYS_membarrier, command, 0, 0) == 0 ? 0 : -errno;
    return code;
}

int mms__membarrier_register(void)
{
    return membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
}

bool mms__membarrier_works(void)
{
    int code = mms__membarrier();

    return code == 0 || mms__is_passing(code);
}

int mms__membarrier(void)
{
    return membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}
