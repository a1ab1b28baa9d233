/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: any bytes as a table, for readers and for a writer that goes on with it. script/fuzz
   builds and runs it. */
#include "table_property.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST = 1 << 20 };

/* In memory that ends where the bytes end. */
static void *copy_of(const uint8_t *data, size_t size)
{
    void *copy = NULL;

    if (posix_memalign(&copy, 16, size > 0 ? size : 1) != 0)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    void *copy;

    if (size > LARGEST)
        return 0;
    copy = copy_of(data, size);
    (void)table_property_read(copy, size);
    (void)table_property_write(copy, size);
    free(copy);
    return 0;
}
