/* SPDX-License-Identifier: Apache-2.0 */
#include "values.h"
#include <cstdio>

int main()
{
    static const uint32_t all[] = {3, 5};
    const Values values = {{all, 2}};
    alignas(16) char buffer[64];
    size_t size;

    if (Values_serialize(&values, buffer, sizeof buffer, &size) != 0)
        return 1;
    const ArchivedValues *archived = Values_check(buffer, size);
    std::printf("%u\n", archived ? *Vec_u32_at(&archived->all, 1) : 0u);
    return 0;
}
