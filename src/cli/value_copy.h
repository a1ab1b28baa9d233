/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of the current value, for whoever cannot have a view, or should not hold one. */
#ifndef MMS_CLI_VALUE_COPY_H
#define MMS_CLI_VALUE_COPY_H

#include <mmsync.h>

struct value_copy {
    void *data; /* aligned as in a view */
    size_t size;
    uint64_t generation;
};

/* An exit status; anything but EXIT_OK has been reported. Free it with value_copy_free even then. */
int value_copy_take(mms_region *region, struct value_copy *copy);
void value_copy_free(struct value_copy *copy);

#endif
