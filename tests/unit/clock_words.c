/* SPDX-License-Identifier: Apache-2.0 */
/* Times are nanoseconds in 64 bits, and deadlines neither wrap nor come early (os/clock.h): a
   writer's grace and a waiter's time-out depend on it. */
#include "check.h"
#include "os/clock.h"
#include <limits.h>

static uint64_t by_hand(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void clocks_keep_every_bit(void **state)
{
    uint64_t before = by_hand(CLOCK_REALTIME), now = mms__read_clock(CLOCK_REALTIME);

    (void)state;
    check_true(before >> 32 != 0);
    check_true(now >= before && now <= by_hand(CLOCK_REALTIME));
    before = by_hand(CLOCK_MONOTONIC);
    now = mms__now_ns();
    check_true(now >= before && now <= by_hand(CLOCK_MONOTONIC));
}

static void deadlines_are_as_far_away_as_asked(void **state)
{
    const int times[] = {0, 1, 5000, INT_MAX};

    (void)state;
    for (int i = 0; i < 4; i++) {
        uint64_t before = by_hand(CLOCK_MONOTONIC), deadline = mms__deadline(times[i]);
        uint64_t away = (uint64_t)times[i] * 1000000u;

        check_true(deadline >= before + away && deadline <= by_hand(CLOCK_MONOTONIC) + away);
    }
    check_equal(mms__deadline(-1), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_keep_every_bit),
        cmocka_unit_test(deadlines_are_as_far_away_as_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
