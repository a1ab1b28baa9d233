/* SPDX-License-Identifier: Apache-2.0 */
/* Probes for tracers (USDT): docs/operations.md lists them. A probe is one nop, and a note that says where its arguments
   are, which the compiler leaves where it has them. So pass what is in a register or in memory at that point. A build
   without sys/sdt.h has no probes, and evaluates no arguments. */
#ifndef MMS_BASE_PROBE_H
#define MMS_BASE_PROBE_H

#ifdef MMS__HAVE_SDT

#include <sys/sdt.h>

#define MMS__PROBE1(name, a) STAP_PROBE1(mmsync, name, a)
#define MMS__PROBE2(name, a, b) STAP_PROBE2(mmsync, name, a, b)
#define MMS__PROBE3(name, a, b, c) STAP_PROBE3(mmsync, name, a, b, c)
#define MMS__PROBE4(name, a, b, c, d) STAP_PROBE4(mmsync, name, a, b, c, d)

#else

#define MMS__PROBE1(name, a) \
    do {                     \
        if (0)               \
            (void)(a);       \
    } while (0)
#define MMS__PROBE2(name, a, b) \
    do {                        \
        MMS__PROBE1(name, a);   \
        MMS__PROBE1(name, b);   \
    } while (0)
#define MMS__PROBE3(name, a, b, c) \
    do {                           \
        MMS__PROBE2(name, a, b);   \
        MMS__PROBE1(name, c);      \
    } while (0)
#define MMS__PROBE4(name, a, b, c, d) \
    do {                              \
        MMS__PROBE3(name, a, b, c);   \
        MMS__PROBE1(name, d);         \
    } while (0)

#endif

#endif
