/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any bytes as an archive; the first byte chooses the type. script/fuzz builds and runs it. */
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    property_input(data, size);
    return 0;
}
