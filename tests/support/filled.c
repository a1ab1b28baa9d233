/* SPDX-License-Identifier: Apache-2.0 */
#include "filled.h"
#include <string.h>

uint64_t filled_generation;

int publish_filled(mms_writer *writer, size_t size, unsigned char fill)
{
    mms_receipt receipt;
    void *buffer;
    int code = mms_write_begin(writer, size, &buffer, NULL);

    if (code != 0)
        return code;
    memset(buffer, fill, size);
    code = mms_write_commit(writer, size, &receipt);
    filled_generation = code == 0 ? receipt.generation : filled_generation;
    return code;
}

void check_filled(mms_reader *reader, size_t size, unsigned char fill)
{
    mms_view view;

    check_ok(mms_read(reader, &view));
    check_equal(view.size, size);
    check_equal(view.generation, filled_generation);
    for (size_t i = 0; i < size; i++)
        if (((const unsigned char *)view.data)[i] != fill)
            check_failed(__FILE__, __LINE__, "byte %zu is not the value's", i);
    check_ok(mms_release(reader));
}
