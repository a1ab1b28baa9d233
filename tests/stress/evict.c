/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* A writer that never waits takes slots from readers that allow it: they must discard what they
   read when told to, and only then; readers that do not allow it keep their slots (G4). */
#include "jolt.h"

int main(void)
{
    struct jolt_config config = jolt_defaults();
    int status = 0;

    config.seconds = 2;
    config.evict = true;
    config.largest = 64 << 10;
    for (config.max_slots = 2; config.max_slots <= 3; config.max_slots++)
        status |= jolt_test(&config);
    return status;
}
