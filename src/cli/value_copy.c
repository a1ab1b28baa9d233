/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/value_copy.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <stdlib.h>
#include <time.h>

/* How often a copy may be overtaken by the writer, one millisecond apart. */
enum { TRIES = 200 };
/* That of views: tables and typed values need some of it. */
enum { ALIGNMENT = 64 };

int value_copy_take(mms_region *region, struct value_copy *copy)
{
    char nothing;
    size_t capacity = 0;
    int code;

    *copy = (struct value_copy){.data = NULL};
    code = mms_read_copy(region, &nothing, 0, &copy->size, &copy->generation);
    for (int tries = 0; tries < TRIES && (code == MMS_E_TOO_BIG || code == MMS_E_AGAIN); tries++) {
        if (code == MMS_E_AGAIN) {
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        } else {
            free(copy->data);
            capacity = copy->size;
            copy->data = aligned_alloc(ALIGNMENT, (capacity / ALIGNMENT + 1) * ALIGNMENT);
            if (!copy->data)
                return fail("out of memory for a copy of the value: %zu bytes", capacity);
        }
        code = mms_read_copy(region, copy->data ? copy->data : &nothing, capacity, &copy->size, &copy->generation);
    }
    return code ? fail_call(code) : EXIT_OK;
}

void value_copy_free(struct value_copy *copy)
{
    free(copy->data);
    copy->data = NULL;
}
