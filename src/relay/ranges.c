/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/ranges.h"
#include "relay/record.h"
#include <stdlib.h>

bool range_list_reserve(struct range_list *ranges, size_t capacity)
{
    mms_range *list;

    if (capacity <= ranges->capacity)
        return true;
    list = realloc(ranges->list, capacity * sizeof *list);
    if (!list)
        return false;
    ranges->list = list;
    ranges->capacity = capacity;
    return true;
}

bool range_list_add(struct range_list *ranges, uint64_t offset, uint64_t length)
{
    mms_range *last = ranges->count > 0 ? &ranges->list[ranges->count - 1] : NULL;

    if (length == 0)
        return true;
    if (last && last->offset + last->length == offset) {
        last->length += length;
        return true;
    }
    if (ranges->count == ranges->capacity && !range_list_reserve(ranges, 2 * ranges->capacity + 16))
        return false;
    ranges->list[ranges->count++] = (mms_range){.offset = offset, .length = length};
    return true;
}

uint64_t range_list_bytes(const struct range_list *ranges)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < ranges->count; i++)
        bytes += ranges->list[i].length;
    return bytes;
}

static uint64_t block_length(uint64_t size, uint64_t block)
{
    const uint64_t rest = size - block * BLOCK_SIZE;

    return rest < BLOCK_SIZE ? rest : BLOCK_SIZE;
}

bool ranges_of_difference(const struct hash *old_leaves, uint64_t old_size, const struct hash *leaves, uint64_t size,
                          struct range_list *out)
{
    const uint64_t blocks = count_blocks(size), old_blocks = count_blocks(old_size);

    out->count = 0;
    for (uint64_t block = 0; block < blocks; block++)
        if ((block >= old_blocks || !hash_equal(&old_leaves[block], &leaves[block])) &&
            !range_list_add(out, block * BLOCK_SIZE, block_length(size, block)))
            return false;
    return true;
}

/* The longest part of a range that fits behind `end` into the room; 0: none. */
static uint64_t length_that_fits(uint64_t end, uint64_t offset, uint64_t length, size_t room)
{
    mms_range range = {.offset = offset, .length = length < room ? length : room};

    while (range.length > 0 && range_cost(end, &range) > room) {
        const size_t over = range_cost(end, &range) - room;

        range.length = range.length > over ? range.length - over : 0;
    }
    return range.length;
}

bool ranges_take(const struct range_list *ranges, struct range_cursor *cursor, size_t room, struct range_list *part,
                 bool *done)
{
    uint64_t end = 0;

    part->count = 0;
    while (cursor->index < ranges->count) {
        const mms_range *range = &ranges->list[cursor->index];
        const mms_range rest = {.offset = range->offset + cursor->offset, .length = range->length - cursor->offset};
        const mms_range taken = {.offset = rest.offset,
                                 .length = length_that_fits(end, rest.offset, rest.length, room)};

        if (taken.length == 0)
            break;
        if (!range_list_add(part, taken.offset, taken.length))
            return false;
        room -= range_cost(end, &taken);
        end = taken.offset + taken.length;
        if (taken.length < rest.length) {
            cursor->offset += taken.length;
            break;
        }
        *cursor = (struct range_cursor){.index = cursor->index + 1};
    }
    *done = cursor->index == ranges->count;
    return true;
}
