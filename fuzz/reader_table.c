/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any bytes as `readers`, the file that others may write. script/fuzz builds and runs it. */
#include "region_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    region_input(REGION_READERS, data, size);
    return 0;
}
