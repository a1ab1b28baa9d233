/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* Readers and the writer are killed at random, in the middle of anything, and replaced by others;
   no reader sees a value that is torn, older than before or missing, and in the end every slot is
   free again (G5, G6). */
#include "jolt.h"

int main(void)
{
    struct jolt_config config = jolt_defaults();
    int status = 0;

    config.seconds = 5;
    config.kill = true;
    config.largest = 256 << 10;
    status |= jolt_test(&config);
    config.seconds = 2;
    config.max_slots = 3;
    status |= jolt_test(&config);
    return status;
}
