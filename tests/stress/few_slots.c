/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* As few slots as a region can have: the writer waits for readers most of the time, and each slot is used again as soon
   as it can be. */
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
