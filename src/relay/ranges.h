/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of ranges: of blocks that differ, and cut to what one message takes. */
#ifndef MMS_RELAY_RANGES_H
#define MMS_RELAY_RANGES_H

#include "relay/tree.h"
#include <mmsync.h>
#include <stdbool.h>
#include <stddef.h>

/* Zeros are the empty one; free `list`. */
struct range_list {
    mms_range *list;
    size_t count, capacity;
};

bool range_list_reserve(struct range_list *ranges, size_t capacity);
/* Behind the others, with which it becomes one if it touches the last of them. False: no memory. */
bool range_list_add(struct range_list *ranges, uint64_t offset, uint64_t length);
uint64_t range_list_bytes(const struct range_list *ranges);

/* The blocks whose leaves differ, of values of these sizes; within the new one. False: no memory. */
bool ranges_of_difference(const struct hash *old_leaves, uint64_t old_size, const struct hash *leaves, uint64_t size,
                          struct range_list *out);

/* Where the next part begins. */
struct range_cursor {
    size_t index;
    uint64_t offset; /* within that range */
};

/* Take from the cursor on what fits into a body of `room` bytes (record.h), cutting the last range
   if need be. True: *done says whether that was the last of them. False: no memory. */
bool ranges_take(const struct range_list *ranges, struct range_cursor *cursor, size_t room, struct range_list *part,
                 bool *done);

#endif
