/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* A region with as few slots as possible: the writer mostly waits for readers, and reuses each
   slot as soon as it can. */
#include "jolt.h"

int main(void)
{
    struct jolt_config config = jolt_defaults();
    int status = 0;

    config.seconds = 2;
    config.largest = 8 << 10;
    for (config.max_slots = 2; config.max_slots <= 4; config.max_slots++)
        status |= jolt_test(&config);
    return status;
}
