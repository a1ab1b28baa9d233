/* SPDX-License-Identifier: Apache-2.0 */
/* The writer of the stress test: values of random size, built in place or copied, some given up half-way. */
#include "jolt.h"
#include "pattern.h"
#include "refuse.h"
#include <errno.h>
#include <mmsync.h>
#include <stdlib.h>
#include <string.h>

struct state {
    struct jolt_run *run;
    struct jolt_writer *seen;
    uint64_t random;
    mms_writer *writer;
    unsigned char *source;
    mms_receipt receipt;
};

static bool failed(struct state *state, const char *what, int code)
{
    if (code == 0)
        return false;
    if (code == MMS_E_AGAIN && state->receipt.blockers > 0) {
        state->seen->agains++;
        return true;
    }
    state->seen->errors++;
    jolt_note(state->seen->first_error, "%s: %s", what, mms_last_error());
    return true;
}

/* Stored before it is counted, since a SIGKILL may come next. */
static void tell(struct state *state)
{
    struct jolt_board *board = state->run->board;
    uint64_t killed = __atomic_load_n(&board->writer_killed_ns, __ATOMIC_RELAXED);

    __atomic_store_n(&board->published, state->receipt.generation, __ATOMIC_RELEASE);
    if (killed != 0) {
        jolt_count(&state->seen->recovery_us, (jolt_now_ns() - killed) / 1000);
        __atomic_store_n(&board->writer_killed_ns, 0, __ATOMIC_RELAXED);
    }
    state->seen->writes++;
    state->seen->bytes += state->receipt.size;
    state->seen->evicted += state->receipt.evicted;
    state->seen->reclaimed += state->receipt.reclaimed;
    if (state->receipt.waited_ns > state->seen->longest_wait_ns)
        state->seen->longest_wait_ns = state->receipt.waited_ns;
}

static void write_copy(struct state *state, size_t size)
{
    pattern_fill(state->source, size, PATTERN_FREE_SEED | pattern_random(&state->random));
    if (!failed(state, "mms_write", mms_write(state->writer, state->source, size, &state->receipt)))
        tell(state);
}

static void give_up(struct state *state, void *buffer, size_t size)
{
    memset(buffer, 0x5a, size);
    if (!failed(state, "mms_write_abort", mms_write_abort(state->writer)))
        state->seen->aborts++;
}

/* Sometimes begins with too little room. */
static void build(struct state *state, size_t size)
{
    uint64_t dice = pattern_random(&state->random) % 16;
    size_t capacity = dice == 0 ? size / 2 : size;
    void *buffer;

    if (failed(state, "mms_write_begin", mms_write_begin(state->writer, capacity, &buffer, &state->receipt)))
        return;
    if (dice == 1) {
        give_up(state, buffer, size);
        return;
    }
    if (dice == 0) {
        if (failed(state, "mms_write_grow", mms_write_grow(state->writer, size, &buffer))) {
            give_up(state, buffer, capacity);
            return;
        }
        state->seen->grown++;
    }
    pattern_fill(buffer, size, state->receipt.generation);
    if (!failed(state, "mms_write_commit", mms_write_commit(state->writer, size, &state->receipt)))
        tell(state);
}

static mms_writer_options choose_options(struct state *state)
{
    const struct jolt_config *config = &state->run->config;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    uint64_t dice = config->fence == JOLT_MIXED ? pattern_random(&state->random) % 4 : 0;

    options.max_size = config->largest;
    options.max_slots = config->max_slots;
    options.max_readers = JOLT_READERS_MAX;
    options.on_grace = config->evict ? MMS_EVICT : MMS_REFUSE;
    options.grace_ms = config->evict ? MMS_NO_WAIT : 0;
    options.lock_wait_ms = MMS_FOREVER;
    if (config->fence == JOLT_SYMMETRIC || dice == 1)
        options.fence = MMS_FENCE_SYMMETRIC;
    if (config->fence == JOLT_ASYMMETRIC)
        options.fence = MMS_FENCE_ASYMMETRIC;
    if (dice >= 2)
        (void)refuse_membarrier(dice == 2 ? EPERM : ENOSYS);
    return options;
}

void jolt_write_mmsync(struct jolt_run *run, uint64_t seed)
{
    struct state state = {.run = run, .seen = &run->board->writer, .random = seed};
    mms_writer_options options = choose_options(&state);
    const struct jolt_config *config = &run->config;

    state.source = malloc(config->largest);
    if (!state.source || failed(&state, "mms_writer_open", mms_writer_open(run->region, &options, &state.writer)))
        exit(1);
    while (!jolt_is_over(run) && !__atomic_load_n(&run->board->writer_is_to_end, __ATOMIC_RELAXED)) {
        size_t size = pattern_random_size(&state.random, config->smallest, config->largest);

        if (size >= 8 && pattern_random(&state.random) % 4 == 0)
            write_copy(&state, size);
        else
            build(&state, size);
        if (state.seen->errors > 1000)
            exit(1);
    }
    (void)failed(&state, "mms_writer_close", mms_writer_close(state.writer));
    free(state.source);
}
