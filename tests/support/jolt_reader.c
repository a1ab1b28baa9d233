/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of the stress test: every view is checked in full (G1), and is no older than the one
   before (G3), nor than what had been published before the read began. */
#include "jolt.h"
#include "pattern.h"
#include "refuse.h"
#include <errno.h>
#include <mmsync.h>
#include <stdlib.h>

struct state {
    struct jolt_run *run;
    struct jolt_reader *seen;
    uint64_t random;
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    bool whole;      /* the held view was whole whenever it was looked at */
    uint64_t newest; /* generation seen by this reader */
    bool may_be_evicted;
    unsigned char *copy;
};

static void wrong(struct state *state, uint64_t *counter, const char *what, uint64_t expected)
{
    ++*counter;
    jolt_note(state->seen->first_error, "%s: generation %llu, size %zu, expected %llu", what,
              (unsigned long long)state->view.generation, state->view.size, (unsigned long long)expected);
}

static void failed(struct state *state, const char *what, int code)
{
    state->seen->errors++;
    jolt_note(state->seen->first_error, "%s: %s", what, code ? mms_last_error() : "unexpected success");
}

static uint64_t published(const struct state *state)
{
    return __atomic_load_n(&state->run->board->published, __ATOMIC_ACQUIRE);
}

static void look(struct state *state)
{
    state->whole &= pattern_check(state->view.data, state->view.size, state->view.generation);
}

static uint64_t age(const struct state *state)
{
    return mms_generation(state->region) - state->view.generation;
}

/* After a successful read or refresh that gave another view, or the first one. */
static void begin_view(struct state *state, uint64_t due)
{
    if (state->view.generation < due)
        wrong(state, &state->seen->stale, "stale", due);
    if (state->view.generation < state->newest)
        wrong(state, &state->seen->backward, "backward", state->newest);
    state->newest = state->view.generation;
    state->whole = true;
    look(state);
    jolt_count(&state->seen->age_at_read, age(state));
}

/* With the result of the call that ended the view. */
static void end_view(struct state *state, int code)
{
    if (code == MMS_E_EVICTED && state->may_be_evicted) {
        state->seen->evicted++;
        state->seen->evicted_torn += !state->whole;
    } else if (code != 0) {
        failed(state, "ending a view", code);
    } else if (!state->whole) {
        wrong(state, &state->seen->torn, "torn", state->view.generation);
    }
}

static bool begin_read(struct state *state)
{
    uint64_t due = published(state);
    int code = mms_read(state->reader, &state->view);

    if (code != 0) {
        failed(state, "mms_read", code);
        return false;
    }
    begin_view(state, due);
    state->seen->reads++;
    return true;
}

static void release(struct state *state)
{
    jolt_count(&state->seen->age_at_release, age(state));
    end_view(state, mms_release(state->reader));
}

static void read_and_release(struct state *state)
{
    if (begin_read(state))
        release(state);
}

/* Look at the same view again and again. */
static void read_and_hold(struct state *state)
{
    if (!begin_read(state))
        return;
    for (uint64_t looks = pattern_random(&state->random) % 8; looks > 0; looks--)
        look(state);
    release(state);
}

static bool refresh(struct state *state)
{
    uint64_t due = published(state);
    mms_view old = state->view;
    int code = mms_refresh(state->reader, &state->view);

    state->seen->refreshes++;
    if (code == 0 && state->view.generation == old.generation) {
        if (old.generation < due)
            wrong(state, &state->seen->stale, "stale after mms_refresh", due);
        look(state);
        return true;
    }
    end_view(state, code);
    if (code == 0)
        begin_view(state, due);
    return code == 0;
}

static void read_and_refresh(struct state *state)
{
    bool held = begin_read(state);

    for (uint64_t times = pattern_random(&state->random) % 16; held && times > 0; times--)
        held = refresh(state);
    if (held)
        release(state);
}

/* mms_read ends the previous view. */
static void read_and_read(struct state *state)
{
    uint64_t due;
    int code;

    if (!begin_read(state))
        return;
    due = published(state);
    code = mms_read(state->reader, &state->view);
    end_view(state, code);
    if (code != 0)
        return;
    begin_view(state, due);
    release(state);
}

static void copy(struct state *state)
{
    uint64_t due = published(state);
    int code = mms_read_copy(state->region, state->copy, state->run->config.largest, &state->view.size,
                             &state->view.generation);

    if (code == MMS_E_AGAIN) {
        state->seen->copy_agains++;
        return;
    }
    if (code != 0) {
        failed(state, "mms_read_copy", code);
        return;
    }
    state->seen->copies++;
    if (state->view.generation < due)
        wrong(state, &state->seen->stale, "stale copy", due);
    if (!pattern_check(state->copy, state->view.size, state->view.generation))
        wrong(state, &state->seen->torn, "torn copy", state->view.generation);
}

static void wait_for_newer(struct state *state)
{
    uint64_t due = published(state);
    int code = mms_wait(state->reader, state->newest, (int)(pattern_random(&state->random) % 3));

    if (code == MMS_E_TIMEOUT) {
        state->seen->wait_timeouts++;
        if (due > state->newest)
            wrong(state, &state->seen->stale, "mms_wait slept over a publish", due);
    } else if (code != 0) {
        failed(state, "mms_wait", code);
    } else if (mms_generation(state->region) <= state->newest) {
        failed(state, "mms_wait with nothing newer", 0);
    }
    state->seen->waits++;
}

static void take_turn(struct state *state)
{
    switch (pattern_random(&state->random) % 16) {
    case 0: copy(state); break;
    case 1: wait_for_newer(state); break;
    case 2: read_and_read(state); break;
    case 3:
    case 4: read_and_refresh(state); break;
    case 5:
    case 6: read_and_hold(state); break;
    default: read_and_release(state);
    }
}

/* In mixed company every third reader is symmetric by choice, and every third because it has no
   membarrier. */
static mms_region_options choose_options(struct state *state, unsigned index)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    enum jolt_fence fence = state->run->config.fence;

    state->may_be_evicted = options.allow_evict = state->run->config.evict && index % 2 == 0;
    if (fence == JOLT_SYMMETRIC || (fence == JOLT_MIXED && index % 3 == 1))
        options.fence = MMS_FENCE_SYMMETRIC;
    if (fence == JOLT_ASYMMETRIC)
        options.fence = MMS_FENCE_ASYMMETRIC;
    if (fence == JOLT_MIXED && index % 3 == 2)
        (void)refuse_membarrier(EPERM);
    return options;
}

static int open_all(struct state *state, unsigned index)
{
    mms_region_options options = choose_options(state, index);
    int code = mms_region_open(state->run->region, &options, &state->region);

    if (code == 0)
        code = mms_reader_open(state->region, &state->reader);
    state->copy = malloc(state->run->config.largest);
    return code == 0 && !state->copy ? -ENOMEM : code;
}

void jolt_read_mmsync(struct jolt_run *run, unsigned index, uint64_t seed)
{
    struct state state = {.run = run, .seen = &run->board->readers[index], .random = seed};
    int code = open_all(&state, index);

    if (code != 0)
        failed(&state, "opening", code);
    while (code == 0 && !jolt_is_over(run) && state.seen->errors < 1000)
        take_turn(&state);
    if (code == 0 && ((code = mms_reader_close(state.reader)) != 0 || (code = mms_region_close(state.region)) != 0))
        failed(&state, "closing", code);
    free(state.copy);
}
