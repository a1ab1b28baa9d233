/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of ranges (relay/ranges.c), cut into parts that fit into messages, and the order in which
   chunks became dirty (relay/dirty.c), compared with a plain model. */
#include "relay/ranges.h"
#include "check.h"
#include "relay/dirty.h"
#include "relay/record.h"
#include <stdlib.h>
#include <string.h>

static uint64_t state_of_random = 1;

static uint64_t random_below(uint64_t limit)
{
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return (state_of_random >> 33) % limit;
}

/* All parts, put together again, are the list; each of them fits, and none is empty. */
static void check_parts(const struct range_list *ranges, size_t room)
{
    struct range_cursor cursor = {.index = 0};
    struct range_list part = {.list = NULL}, all = {.list = NULL};
    bool done = false;

    while (!done) {
        uint64_t end = 0;
        size_t cost = 0;

        check_true(ranges_take(ranges, &cursor, room, &part, &done));
        check_true(part.count > 0 || ranges->count == 0);
        for (size_t i = 0; i < part.count; i++) {
            cost += range_cost(end, &part.list[i]);
            end = part.list[i].offset + part.list[i].length;
            check_true(range_list_add(&all, part.list[i].offset, part.list[i].length));
        }
        check_true(cost <= room);
    }
    check_equal(all.count, ranges->count);
    if (ranges->count > 0)
        check_memory(all.list, ranges->list, ranges->count * sizeof *ranges->list);
    check_equal(range_list_bytes(&all), range_list_bytes(ranges));
    free(part.list);
    free(all.list);
}

static void parts_fit_and_leave_nothing_out(void **state)
{
    static const size_t rooms[] = {32, 100, 1000, RECORD_BODY_MOST};
    struct range_list ranges = {.list = NULL};

    (void)state;
    for (int round = 0; round < 200; round++) {
        const uint64_t lengths = UINT64_C(1) << random_below(14), gaps = UINT64_C(1) << random_below(40);
        uint64_t at = random_below(gaps);

        ranges.count = 0;
        for (uint64_t i = random_below(50); i > 0; i--) {
            const uint64_t length = 1 + random_below(lengths);

            check_true(range_list_add(&ranges, at, length));
            at += length + 1 + random_below(gaps);
        }
        for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
            check_parts(&ranges, rooms[i]);
    }
    free(ranges.list);
}

static void a_part_is_as_full_as_it_can_be(void **state)
{
    struct range_list ranges = {.list = NULL}, part = {.list = NULL};
    struct range_cursor cursor = {.index = 0};
    bool done;

    (void)state;
    check_true(range_list_add(&ranges, 1000, UINT64_C(1) << 32));
    check_true(ranges_take(&ranges, &cursor, RECORD_BODY_MOST, &part, &done));
    check_true(!done);
    check_equal(range_cost(0, &part.list[0]), RECORD_BODY_MOST);
    free(ranges.list);
    free(part.list);
}

static void touching_ranges_become_one(void **state)
{
    struct range_list ranges = {.list = NULL};

    (void)state;
    check_true(range_list_add(&ranges, 5, 5) && range_list_add(&ranges, 10, 1) && range_list_add(&ranges, 11, 0));
    check_true(range_list_add(&ranges, 12, 1));
    check_equal(ranges.count, 2);
    check_equal(ranges.list[0].length, 6);
    check_equal(range_list_bytes(&ranges), 7);
    free(ranges.list);
}

static void differences_are_whole_blocks_within_the_value(void **state)
{
    struct hash old[5] = {{{0}}}, new[5] = {{{0}}};
    struct range_list ranges = {.list = NULL};

    (void)state;
    new[1].bytes[3] = 1;
    check_true(ranges_of_difference(old, 5 * BLOCK_SIZE, new, 5 * BLOCK_SIZE, &ranges));
    check_equal(ranges.count, 1);
    check_equal(ranges.list[0].offset, BLOCK_SIZE);
    check_equal(ranges.list[0].length, BLOCK_SIZE);
    check_true(ranges_of_difference(old, 3 * BLOCK_SIZE, new, 4 * BLOCK_SIZE + 9, &ranges));
    check_equal(ranges.count, 2);
    check_equal(ranges.list[1].offset, 3 * BLOCK_SIZE);
    check_equal(ranges.list[1].length, BLOCK_SIZE + 9);
    check_true(ranges_of_difference(old, 5 * BLOCK_SIZE, new, 0, &ranges));
    check_equal(ranges.count, 0);
    free(ranges.list);
}

enum { CHUNKS = 40 };

static void check_dirty(const struct dirty *dirty, const size_t *order, size_t count)
{
    struct log_place since;
    size_t oldest;

    check_equal(dirty->count, count);
    check_equal(dirty_oldest(dirty, &oldest, &since), count > 0);
    if (count > 0)
        check_equal(oldest, order[0]);
    for (size_t i = 0; i + 1 < count; i++)
        check_equal(dirty->chunks[order[i]].next, order[i + 1] + 1);
}

static size_t remove_from(size_t *order, size_t count, size_t chunk)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (order[i] != chunk)
            order[kept++] = order[i];
    return kept;
}

static void dirty_chunks_stay_in_the_order_of_their_first_change(void **state)
{
    struct dirty dirty = {.chunks = NULL};
    size_t order[CHUNKS], count = 0, size = 0;

    (void)state;
    for (uint64_t step = 1; step < 20000; step++) {
        const size_t chunk = size > 0 ? (size_t)random_below(size) : 0;

        if (random_below(100) == 0) {
            size = (size_t)random_below(CHUNKS);
            check_true(dirty_resize(&dirty, size));
            for (size_t past = size; past < CHUNKS; past++)
                count = remove_from(order, count, past);
        } else if (size > 0 && random_below(3) > 0) {
            if (!dirty.chunks[chunk].listed)
                order[count++] = chunk;
            dirty_add(&dirty, chunk, (struct log_place){.sequence = step, .bytes = step});
        } else if (size > 0) {
            dirty_remove(&dirty, chunk);
            count = remove_from(order, count, chunk);
        }
        check_dirty(&dirty, order, count);
    }
    dirty_clear(&dirty);
    check_equal(dirty.count, 0);
    dirty_free(&dirty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_fit_and_leave_nothing_out),
        cmocka_unit_test(a_part_is_as_full_as_it_can_be),
        cmocka_unit_test(touching_ranges_become_one),
        cmocka_unit_test(differences_are_whole_blocks_within_the_value),
        cmocka_unit_test(dirty_chunks_stay_in_the_order_of_their_first_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
