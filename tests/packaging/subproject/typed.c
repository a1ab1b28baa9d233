/* SPDX-License-Identifier: Apache-2.0 */
#include "features.h"
#include <features.h>

#ifndef __GLIBC__
#error "this is not the system's header"
#endif

int main(void)
{
    static const uint32_t on[] = {3, 5};
    const Flags flags = {{on, 2}};
    _Alignas(16) char buffer[64];
    const ArchivedFlags *archived;
    size_t size;

    if (Flags_serialize(&flags, buffer, sizeof buffer, &size) != 0)
        return 1;
    archived = Flags_check(buffer, size);
    printf("%u\n", archived ? *Vec_u32_at(&archived->on, 1) : 0);
    return 0;
}
