/* SPDX-License-Identifier: Apache-2.0 */
/* Faults on demand, in a separate build for the tests: they show that the demo finds what it
   claims to look for. In the tool itself fault() is always false, and the compiler drops what
   depends on it. */
#ifndef MMS_CLI_DEMO_FAULT_H
#define MMS_CLI_DEMO_FAULT_H

#include <stdbool.h>
#ifdef MMS_DEMO_FAULTS
#include <stdlib.h>
#include <string.h>
#endif

static inline bool fault(const char *name)
{
#ifdef MMS_DEMO_FAULTS
    const char *wanted = getenv("MMS_DEMO_FAULT");

    return wanted && !strcmp(wanted, name);
#else
    (void)name;
    return false;
#endif
}

#endif
