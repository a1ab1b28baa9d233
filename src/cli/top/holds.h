/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of one region, and since when each has been seen to hold what it holds. */
#ifndef MMS_CLI_TOP_HOLDS_H
#define MMS_CLI_TOP_HOLDS_H

#include <mmsync.h>

struct hold {
    mms_reader_info reader;
    uint64_t since_ns; /* CLOCK_MONOTONIC; with reader.pinned */
    char name[17];     /* of the process, as /proc has it; "" if it does not */
};

struct holds {
    struct hold *list; /* the longest hold first, then those that hold nothing */
    size_t count;
    int code; /* why it is empty, if it is not 0 */
};

/* Look again. */
void holds_take(struct holds *holds, const char *address, const mms_info *info);
void holds_free(struct holds *holds);

#endif
