/* SPDX-License-Identifier: Apache-2.0 */
/* One publish wakes all who sleep (G8). wait.c is compiled here with slices of an hour, so that a lost wake-up is not made good
   a second later. */
#include <mmsync/atomic.h>

static void at_step(const char *name);

#define MMS__STEP(name) at_step(#name)
#define MMS__WAIT_SLICE_NS UINT64_C(3600000000000)
#include "core/wait.c"
#undef MMS__STEP
#define MMS__STEP(name) ((void)0)
#include "sample.h"
#include "scratch.h"
#include <pthread.h>
#include <sched.h>
#include <string.h>

enum { WAITERS = 4, ROUNDS = 50, PATIENCE_MS = 60000 };

static uint32_t falling_asleep; /* how often somebody was about to, or woke up for nothing and was again */

static void at_step(const char *name)
{
    if (strcmp(name, "wait_falling_asleep") == 0)
        (void)mms__increment(&falling_asleep);
}

struct waiter {
    mms_region *region;
    pthread_t thread;
};

static void *wait_for_all(void *argument)
{
    struct waiter *waiter = argument;
    mms_reader *reader = sample_reader(waiter->region);
    uint64_t seen = 1;

    for (int round = 0; round < ROUNDS; round++) {
        check_ok(mms_wait(reader, seen, PATIENCE_MS));
        seen = mms_generation(waiter->region);
    }
    check_ok(mms_reader_close(reader));
    return NULL;
}

static void one_publish_wakes_all_sleepers(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = sample_writer(path);
    struct waiter waiters[WAITERS];

    check_equal(publish_text(writer, "first"), 1);
    falling_asleep = 0;
    for (int i = 0; i < WAITERS; i++) {
        waiters[i].region = sample_region(path);
        check_equal(pthread_create(&waiters[i].thread, NULL, wait_for_all, &waiters[i]), 0);
    }
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        while (mms__load_relaxed(&falling_asleep) < WAITERS * round)
            sched_yield();
        publish_text(writer, "next");
    }
    for (int i = 0; i < WAITERS; i++) {
        pthread_join(waiters[i].thread, NULL);
        check_ok(mms_region_close(waiters[i].region));
    }
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {scratch_test(one_publish_wakes_all_sleepers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
