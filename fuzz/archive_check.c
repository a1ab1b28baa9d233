/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any bytes as an archive; the first byte chooses the type. With clang:
     cmake -S . -B build/fuzz -DCMAKE_C_COMPILER=clang -DMMSYNC_BUILD_FUZZERS=ON -DMMSYNC_SANITIZE=address,undefined
     cmake --build build/fuzz --target fuzz_archive_check
     build/fuzz/bin/fuzz_archive_check fuzz/corpus/archive_check */
#include "property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    property_input(data, size);
    return 0;
}
