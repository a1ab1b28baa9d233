/* SPDX-License-Identifier: Apache-2.0 */
/* Quantiles from logarithmic buckets. */
#include "cli/demo/histogram.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct histogram histogram, sum;

static int clear(void **state)
{
    (void)state;
    memset(&histogram, 0, sizeof histogram);
    memset(&sum, 0, sizeof sum);
    return 0;
}

static void empty_gives_zero(void **state)
{
    (void)state;
    assert_int_equal(histogram_samples(&histogram), 0);
    assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
    assert_int_equal(histogram_quantile(&histogram, 1), 0);
}

/* Not below the value, and not more than a bucket above it; the maximum is exact. */
static void one_value_comes_back(void **state)
{
    for (uint64_t value = 1; value < UINT64_C(1) << 39; value = value * 21 / 16 + 1) {
        uint64_t got;

        clear(state);
        histogram_add(&histogram, value);
        histogram_add(&histogram, UINT64_C(1) << 39);
        got = histogram_quantile(&histogram, 0.25);
        assert_in_range(got, value, value + value / 32);
        assert_int_equal(histogram_quantile(&histogram, 1), UINT64_C(1) << 39);
    }
}

static void quantiles_rank_the_samples(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 1000; i++)
        histogram_add(&histogram, i * 1000);
    assert_int_equal(histogram_samples(&histogram), 1000);
    assert_in_range(histogram_quantile(&histogram, 0.5), 500000, 520000);
    assert_in_range(histogram_quantile(&histogram, 0.99), 990000, 1000000);
    assert_int_equal(histogram_quantile(&histogram, 0.999), 1000000);
}

static void beyond_the_last_bucket(void **state)
{
    (void)state;
    histogram_add(&histogram, UINT64_MAX);
    assert_int_equal(histogram_samples(&histogram), 1);
    assert_int_equal(histogram.max, UINT64_MAX);
}

static void merging_adds_up(void **state)
{
    (void)state;
    histogram_add(&histogram, 5);
    histogram_add(&histogram, 700);
    histogram_merge(&sum, &histogram);
    histogram_merge(&sum, &histogram);
    assert_int_equal(histogram_samples(&sum), 4);
    assert_int_equal(histogram_quantile(&sum, 0.25), 5);
    assert_int_equal(sum.max, 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(empty_gives_zero, clear),
        cmocka_unit_test_setup(one_value_comes_back, clear),
        cmocka_unit_test_setup(quantiles_rank_the_samples, clear),
        cmocka_unit_test_setup(beyond_the_last_bucket, clear),
        cmocka_unit_test_setup(merging_adds_up, clear),
    };

    return cmocka_run_group_tests_name("demo_histogram", tests, NULL, NULL);
}
