/* SPDX-License-Identifier: Apache-2.0 */
/* All ways in which a program can go, depth first; or some of them at random. */
#include "search.h"
#include <string.h>

enum { MAX_FRAMES = 2000 };

struct frame {
    size_t saved_at;
    struct branches branches;
    unsigned next;
};

static struct frame frames[MAX_FRAMES];
static unsigned frame_count;

static void start_threads(void)
{
    for (unsigned i = 0; i < world.thread_count && !failure[0]; i++)
        if (world.threads[i].status == STARTING)
            resume(&world.threads[i]);
}

enum ending { GOES_ON, COMPLETE, DEAD_END };

static enum ending judge(const struct branches *branches)
{
    bool all_done = true, given_up = false;

    for (unsigned i = 0; i < world.thread_count; i++) {
        all_done = all_done && world.threads[i].status == DONE;
        given_up = given_up || world.threads[i].status == GIVEN_UP ||
                   (world.threads[i].status == RUNNING && world.threads[i].ready == WAITING);
    }
    if (all_done)
        return COMPLETE;
    if (branches->count > 0)
        return GOES_ON;
    if (!given_up)
        fail("deadlock");
    return DEAD_END; /* one waits for what never comes: another branch did not */
}

/* On to the next point where there is more than one way. */
static enum ending run_to_branch(struct branches *branches)
{
    for (;;) {
        enum ending ending;

        start_threads();
        if (failure[0])
            return DEAD_END;
        find_branches(branches);
        ending = judge(branches);
        if (ending != GOES_ON || branches->count > 1)
            return ending;
        do_step(branches->list[0]);
        if (failure[0])
            return DEAD_END;
    }
}

static void begin_execution(void (*program)(void))
{
    world.thread_count = 0;
    memset(&world, 0, sizeof world);
    world.message_count = 1;
    threads_reset(program);
}

static void note_ending(struct explore_result *result)
{
    result->executions++;
    result->observed += world.observed;
}

static void push(const struct branches *branches)
{
    struct frame *frame = &frames[frame_count++];

    frame->branches = *branches;
    frame->next = 0;
    frame->saved_at = save_world();
}

/* The next branch that is left to follow; false if there is none. */
static bool step_back(void)
{
    while (frame_count > 0) {
        struct frame *frame = &frames[frame_count - 1];
        struct branch branch;

        restore_world(frame->saved_at);
        branch = frame->branches.list[frame->next++];
        if (frame->next == frame->branches.count) {
            frame_count--;
            drop_world(frame->saved_at);
        }
        do_step(branch);
        return true;
    }
    return false;
}

static void search_all(const struct explore_options *options, struct explore_result *result)
{
    do {
        struct branches branches;
        enum ending ending = failure[0] ? DEAD_END : run_to_branch(&branches);

        if (failure[0])
            return;
        if (ending == COMPLETE) {
            if (is_new_state())
                note_ending(result);
        } else if (ending == GOES_ON && is_new_state()) {
            result->states++;
            if (frame_count == MAX_FRAMES || (options->max_states && result->states > options->max_states)) {
                result->incomplete = true;
                return;
            }
            push(&branches);
        }
    } while (step_back());
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void run_at_random(struct explore_result *result, uint64_t *seed)
{
    struct branches branches;
    enum ending ending;

    while ((ending = run_to_branch(&branches)) == GOES_ON) {
        unsigned choice = (unsigned)(next_random(seed) >> 33) % branches.count;

        result->states++;
        do_step(branches.list[choice]);
        if (failure[0])
            return;
    }
    if (ending == COMPLETE)
        note_ending(result);
}

static void search_some(void (*program)(void), const struct explore_options *options, struct explore_result *result)
{
    uint64_t seed = options->seed * UINT64_C(0x9e3779b97f4a7c15) | 1;

    for (uint64_t i = 0; i < options->random_runs && !failure[0]; i++) {
        if (i > 0)
            begin_execution(program);
        run_at_random(result, &seed);
    }
}

struct explore_result explore_run(void (*program)(void), const struct explore_options *options)
{
    struct explore_result result = {.executions = 0};

    memory_reset();
    threads_reset(program);
    frame_count = 0;
    snapshots_reset();
    seen_reset();
    if (options->random_runs > 0)
        search_some(program, options, &result);
    else
        search_all(options, &result);
    if (failure[0]) {
        result.failed = true;
        memcpy(result.error, failure, sizeof result.error);
        if (options->trace)
            trace_print();
    }
    return result;
}
