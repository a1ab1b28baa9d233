/* SPDX-License-Identifier: Apache-2.0 */
/* One publish wakes all sleepers (G8): the writer wakes one, and that one the rest. wait.c is
   compiled here with slices of an hour, so that a lost wake-up is not repaired a second later. */
#include <mmsync/atomic.h>

static void at_step(const char *name);

#define MMS__STEP(name) at_step(#name)
#define MMS__WAIT_SLICE_NS UINT64_C(3600000000000)
#include "region/wait.c"
#undef MMS__STEP
#define MMS__STEP(name) ((void)0)
#include "sample.h"
#include "scratch.h"
#include <pthread.h>
#include <sched.h>
#include <string.h>

enum { WAITERS = 2 * MMS__MANY, PUBLISHES = 50, PATIENCE_MS = 60000 };

struct waiter {
    mms_region *region;
    mms_reader *reader;
    pthread_t thread;
    uint64_t seen, last;     /* the generation that it has, and the one to end with */
    uint64_t falling_asleep; /* its generation when it last was about to */
};

static _Thread_local struct waiter *self;
static uint32_t turns, dying; /* turns taken at waking the rest; how many are to die in theirs */
static uint32_t ended;        /* waiters that have seen everything they were to see */

static void at_step(const char *name)
{
    if (strcmp(name, "wait_falling_asleep") == 0)
        mms__store_release(&self->falling_asleep, self->seen);
    if (strcmp(name, "relay_taken") == 0 && mms__increment(&turns) <= dying)
        pthread_exit(NULL);
}

static void *wait_for_all(void *argument)
{
    self = argument;
    while (self->seen < self->last) {
        check_ok(mms_wait(self->reader, self->seen, PATIENCE_MS));
        self->seen = mms_generation(self->region);
    }
    (void)mms__increment(&ended);
    return NULL;
}

static mms_writer *writer_for_all(const char *path)
{
    mms_writer_options options = sample_options();

    options.max_readers = WAITERS;
    return sample_writer_with(path, options);
}

/* Each one has seen generation 1, and waits until it has seen `last` or a later one. */
static void start(struct waiter *waiters, const char *path, uint64_t last)
{
    turns = ended = 0;
    for (unsigned i = 0; i < WAITERS; i++) {
        waiters[i] = (struct waiter){.region = sample_region(path), .seen = 1, .last = last};
        waiters[i].reader = sample_reader(waiters[i].region);
        check_equal(pthread_create(&waiters[i].thread, NULL, wait_for_all, &waiters[i]), 0);
    }
}

/* Wait until all have fallen asleep, or are about to, having seen `generation`. */
static void await_sleepers(struct waiter *waiters, uint64_t generation)
{
    for (unsigned i = 0; i < WAITERS; i++)
        while (mms__load_acquire(&waiters[i].falling_asleep) != generation)
            sched_yield();
}

static void end(struct waiter *waiters)
{
    for (unsigned i = 0; i < WAITERS; i++) {
        pthread_join(waiters[i].thread, NULL);
        check_ok(mms_reader_close(waiters[i].reader));
        check_ok(mms_region_close(waiters[i].region));
    }
}

static void one_publish_wakes_all_sleepers(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = writer_for_all(path);
    struct waiter waiters[WAITERS];

    check_equal(publish_text(writer, "first"), 1);
    start(waiters, path, PUBLISHES);
    for (uint64_t generation = 1; generation < PUBLISHES; generation++) {
        await_sleepers(waiters, generation);
        check_equal(publish_text(writer, "next"), generation + 1);
    }
    end(waiters);
    check_ok(mms_writer_close(writer));
}

/* Nobody else is awake to take the next turn: the next publish must notice the open one. */
static void publish_finds_those_whom_a_dead_waiter_left_asleep(void **state)
{
    const char *path = scratch_path(state, "region");
    mms_writer *writer = writer_for_all(path);
    struct waiter waiters[WAITERS];

    check_equal(publish_text(writer, "first"), 1);
    dying = 1;
    start(waiters, path, 2);
    /* On the way into the kernel some may find that the word has changed, and take turns: then one
       of those dies. */
    await_sleepers(waiters, 1);
    publish_text(writer, "next");
    while (mms__load_relaxed(&turns) == 0 && mms__load_relaxed(&ended) < WAITERS)
        publish_text(writer, "next");
    publish_text(writer, "last");
    end(waiters);
    dying = 0;
    check_ok(mms_writer_close(writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {scratch_test(one_publish_wakes_all_sleepers),
                                       scratch_test(publish_finds_those_whom_a_dead_waiter_left_asleep)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
