/* SPDX-License-Identifier: Apache-2.0 */
/* A set of ranges covers every byte that was added, in order and merged, whatever the order of the
   additions and the limit (region/range_set.c; G12). */
#include "region/range_set.h"
#include "check.h"
#include <stdlib.h>
#include <string.h>

static bool covers(const struct mms__range_set *set, uint64_t offset, uint64_t length)
{
    for (size_t i = 0; i < set->count; i++)
        if (offset >= set->ranges[i].offset && offset + length <= set->ranges[i].offset + set->ranges[i].length)
            return true;
    return false;
}

static void check_merged(const struct mms__range_set *set)
{
    for (size_t i = 1; i < set->count; i++)
        check_true(set->ranges[i].offset > set->ranges[i - 1].offset + set->ranges[i - 1].length);
}

/* `count` ranges of one byte, `step` apart, in no order. */
static void add_scattered(struct mms__range_set *set, uint64_t count, uint64_t start, uint64_t step)
{
    for (uint64_t i = 0; i < count; i++)
        mms__range_set_add(set, start + i * 37 % count * step, 1);
}

/* Sorted digit by digit, of 11 bits each: digits that are 0 everywhere are skipped, and the
   highest one ends above bit 63. */
static void ranges_are_sorted_whatever_their_offsets(void **state)
{
    const struct {
        uint64_t start, step;
    } cases[] = {{0, 2}, {0, 2048}, {5, 4096}, {0, UINT64_C(1) << 54}, {UINT64_C(1) << 61, 3}, {0, UINT64_C(1) << 33}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint64_t count = 20; count <= 200; count += 180) { /* few, and many */
            struct mms__range_set set = {0};

            add_scattered(&set, count, cases[i].start, cases[i].step);
            mms__range_set_merge(&set);
            check_equal(set.count, count);
            for (uint64_t k = 0; k < count; k++) {
                check_equal(set.ranges[k].offset, cases[i].start + k * cases[i].step);
                check_equal(set.ranges[k].length, 1);
            }
            check_equal(mms__range_set_bytes(&set), count);
            mms__range_set_free(&set);
        }
}

static void a_limit_is_kept_and_nothing_is_lost(void **state)
{
    struct mms__range_set set = {.limit = 100};

    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        mms__range_set_add(&set, i * 37 % 1000 * 10, 1);
        check_true(set.count <= 100);
    }
    mms__range_set_merge(&set);
    check_merged(&set);
    for (uint64_t i = 0; i < 1000; i++)
        check_true(covers(&set, i * 10, 1));
    mms__range_set_free(&set);
}

/* Ranges that touch each other become one: then there is room enough, and no gap is closed. */
static void a_limit_closes_no_gap_without_need(void **state)
{
    struct mms__range_set set = {.limit = 100};

    (void)state;
    for (uint64_t i = 1000; i-- > 0;)
        mms__range_set_add(&set, i * 4 + i / 500 * 77, 4);
    mms__range_set_merge(&set);
    check_equal(set.count, 2);
    check_equal(mms__range_set_bytes(&set), 4000);
    mms__range_set_free(&set);
}

static void a_range_added_after_a_merge_is_sorted_in(void **state)
{
    struct mms__range_set set = {.limit = 4};

    (void)state;
    for (uint64_t i = 1; i <= 4; i++)
        mms__range_set_add(&set, i * 100, 1);
    mms__range_set_add(&set, 0, 1);
    mms__range_set_merge(&set);
    check_merged(&set);
    check_true(covers(&set, 0, 1));
    check_equal(set.ranges[0].offset, 0);
    check_equal(set.count, 3);
    mms__range_set_free(&set);
}

static void the_smallest_gaps_are_closed_first(void **state)
{
    struct mms__range_set set = {0};

    (void)state;
    for (uint64_t i = 0; i < 5; i++)
        mms__range_set_add(&set, i * i * 100, 10);
    mms__range_set_merge(&set);
    mms__range_set_coarsen(&set, 9); /* few enough */
    mms__range_set_coarsen(&set, 5);
    check_equal(set.count, 5);
    mms__range_set_coarsen(&set, 0); /* a set that is not empty has a range */
    check_equal(set.count, 5);
    mms__range_set_coarsen(&set, 3);
    check_equal(set.count, 3);
    check_equal(set.ranges[0].length, 410);
    check_equal(set.ranges[1].offset, 900);
    mms__range_set_coarsen(&set, 1);
    check_equal(set.count, 1);
    check_equal(mms__range_set_bytes(&set), 1610);
    mms__range_set_free(&set);
}

static void a_set_with_everything_takes_no_more(void **state)
{
    struct mms__range_set set = {0};

    (void)state;
    mms__range_set_add(&set, 5, 5);
    set.everything = true;
    mms__range_set_add(&set, 100, 5);
    check_equal(set.count, 1);
    check_equal(mms__range_set_bytes(&set), UINT64_MAX);
    mms__range_set_clear(&set);
    check_equal(mms__range_set_bytes(&set), 0);
    mms__range_set_add(&set, 100, 5);
    check_equal(mms__range_set_bytes(&set), 5);
    mms__range_set_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_sorted_whatever_their_offsets),
        cmocka_unit_test(a_limit_is_kept_and_nothing_is_lost),
        cmocka_unit_test(a_limit_closes_no_gap_without_need),
        cmocka_unit_test(a_range_added_after_a_merge_is_sorted_in),
        cmocka_unit_test(the_smallest_gaps_are_closed_first),
        cmocka_unit_test(a_set_with_everything_takes_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
