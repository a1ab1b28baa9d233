/* SPDX-License-Identifier: Apache-2.0 */
/* ctest: stress serial */
/* The control of the stress test: the same jolts must find torn reads in the protocol that mmsync
   replaces, within seconds. The test passes only if they do, and then find none in mmsync. */
#include "jolt.h"
#include "pattern.h"
#include "stress/original_protocol.h"
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>

static struct original *shared;

static void read_original(struct jolt_run *run, unsigned index, uint64_t seed)
{
    struct jolt_reader *seen = &run->board->readers[index];

    (void)seed;
    while (!jolt_is_over(run)) {
        struct original_view view = original_read(shared);

        if (!pattern_check(view.data, view.size, 0))
            __atomic_add_fetch(&seen->torn, 1, __ATOMIC_RELAXED);
        original_release(shared, &view);
        seen->reads++;
    }
}

/* The writer never waits as long as its grace: a stopped reader is resumed within microseconds. */
static bool is_late(void *run)
{
    sched_yield();
    return jolt_is_over(run);
}

static void write_original(struct jolt_run *run, uint64_t seed)
{
    while (!jolt_is_over(run)) {
        uint64_t random = pattern_random(&seed);
        void *slot = original_write_begin(shared, is_late, run);

        if (jolt_is_over(run))
            return;
        pattern_fill(slot, ORIGINAL_SIZE, PATTERN_FREE_SEED | random);
        original_write_end(shared, ORIGINAL_SIZE, random >> 40);
        run->board->writer.writes++;
    }
}

static bool share_memory(struct jolt_run *run)
{
    run->board = mmap(NULL, sizeof *run->board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run->board == MAP_FAILED || shared == MAP_FAILED)
        return false;
    pattern_fill(shared->data[0], ORIGINAL_SIZE, PATTERN_FREE_SEED);
    shared->version = ORIGINAL_SIZE << 1;
    return true;
}

static bool finds_torn_reads(struct jolt_run *run)
{
    struct jolt_reader sum;

    if (!jolt_drive(run)) {
        printf("%s\n", run->first_error);
        return false;
    }
    sum = jolt_sum(run);
    printf("the original: %llu torn reads in %llu, with %llu publishes and %llu jolts, in %.2f seconds, seed %llu\n",
           (unsigned long long)sum.torn, (unsigned long long)sum.reads, (unsigned long long)run->board->writer.writes,
           (unsigned long long)run->jolts, run->seconds, (unsigned long long)run->config.seed);
    if (sum.torn == 0)
        printf("the schedule does not find what it must find, so it proves nothing about mmsync\n");
    return sum.torn > 0;
}

/* One reader: with more of them the original's writer hardly ever finds a slot that it may write. */
static struct jolt_config schedule(void)
{
    struct jolt_config config = jolt_defaults();

    config.seconds = 120; /* to give up */
    config.enough_torn = 8;
    config.readers = 1;
    config.jolt_us = 30;
    config.seed = jolt_now_ns();
    config.smallest = config.largest = ORIGINAL_SIZE;
    return config;
}

int main(void)
{
    struct jolt_run run = {.config = schedule(), .read = read_original, .write = write_original};
    struct jolt_config ours = run.config;

    run.random = run.config.seed;
    if (!share_memory(&run) || !finds_torn_reads(&run))
        return 1;
    printf("mmsync:\n");
    ours.seconds = run.seconds < 2 ? 2 : run.seconds < 5 ? run.seconds : 5;
    ours.max_slots = 2;
    ours.enough_torn = 0;
    return jolt_test(&ours);
}
