/* SPDX-License-Identifier: Apache-2.0 */
#include "region/differences.h"
#include <string.h>

/* Compare large blocks, and the small ones in a large one that differs. Small blocks in a row that
   differ become one range, which begins and ends with a differing byte. */
enum { LARGE = 4096, SMALL = 256 };

static bool differ(const unsigned char *a, const unsigned char *b, uint64_t start, uint64_t end)
{
    return memcmp(a + start, b + start, (size_t)(end - start)) != 0;
}

static uint64_t next_block(uint64_t at, uint64_t end, uint64_t size)
{
    return end - at > size ? at + size : end;
}

/* The first and the last block differ: leave out equal bytes at both ends. */
static void add(const unsigned char *a, const unsigned char *b, uint64_t start, uint64_t end,
                struct mms__range_set *set)
{
    while (a[start] == b[start])
        start++;
    while (a[end - 1] == b[end - 1])
        end--;
    mms__range_set_add(set, start, end - start);
}

static void compare_small(const unsigned char *a, const unsigned char *b, uint64_t at, uint64_t end,
                          struct mms__range_set *set)
{
    uint64_t first = end; /* of the row of differing blocks; `end`: there is none */

    while (at < end) {
        uint64_t next = next_block(at, end, SMALL);
        bool differs = differ(a, b, at, next);

        if (differs && first == end)
            first = at;
        if (!differs && first < end)
            add(a, b, first, at, set);
        if (!differs)
            first = end;
        at = next;
    }
    if (first < end)
        add(a, b, first, end, set);
}

void mms__find_differences(const unsigned char *a, const unsigned char *b, uint64_t start, uint64_t end,
                           struct mms__range_set *set)
{
    while (start < end) {
        uint64_t next = next_block(start, end, LARGE);

        if (differ(a, b, start, next))
            compare_small(a, b, start, next, set);
        start = next;
    }
}
