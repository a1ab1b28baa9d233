/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* Readers with symmetric and asymmetric fences run together, some without membarrier(2), while
   writers come and go that want either kind or are refused membarrier themselves. */
#include "jolt.h"

int main(void)
{
    struct jolt_config config = jolt_defaults();
    int status = 0;

    config.fence = JOLT_MIXED;
    config.seconds = 3;
    config.readers = 6;
    config.max_slots = 4;
    config.largest = 16 << 10;
    status |= jolt_test(&config);
    config.kill = true;
    status |= jolt_test(&config);
    return status;
}
