/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* A writer that never waits takes slots away from readers that allow it: what they got must be thrown away when they
   are told so, and only then; and readers that do not allow it keep theirs (G4). */
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
