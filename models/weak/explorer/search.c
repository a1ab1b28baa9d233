/* SPDX-License-Identifier: Apache-2.0 */
/* Which thread goes on, and what its loads return: all ways, depth first, or some ways at random.

   A step of one thread that no other could tell from the same step done later is done at once, so that only its outcome
   branches, not its time. That holds for relaxed, acquire and release accesses: a store is only seen by who chooses
   to read it, and goes wherever in the modification order it may; a load changes nothing but its thread. What a load
   could miss is a message that comes later; so one branch of it waits, and looks at every new message of its location
   when that arrives. seq_cst fences, seq_cst stores, read-modify-writes and locks are tried in every order. A remote
   fence strikes a thread between any two of its accesses: the threads that it can reach have a branch that waits for it
   before every access. Their stores have one more, in which the compiler moved the store behind the load that follows,
   unless a compiler fence stands between: other fences of the machine would not know.

   Two ways that lead to the same state are followed once: a state is what each thread has learned, the histories of the
   locations, and the view of the fences; 64-bit hashes of states are kept. */
#include "world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BRANCHES = 64, WAIT = 255, PUT_OFF = 254, DIE = 253, ARENA_SIZE = 256 << 20, MAX_FRAMES = 2000 };

struct branch {
    uint8_t thread, choice; /* position of the message; WAIT; PUT_OFF; DIE */
};

struct branches {
    struct branch list[MAX_BRANCHES];
    unsigned count;
};

struct frame {
    size_t saved_at; /* in the arena */
    struct branches branches;
    unsigned next;
};

static struct frame frames[MAX_FRAMES];
static unsigned frame_count;
static char *arena;
static size_t arena_used;

/* ---- Copying the world away ---- */

static size_t world_size(void)
{
    return offsetof(struct world, messages) + world.message_count * sizeof world.messages[0];
}

static void save_bytes(const void *from, size_t size)
{
    if (arena_used + size > ARENA_SIZE) {
        fprintf(stderr, "explorer: an execution is too deep\n");
        abort();
    }
    memcpy(arena + arena_used, from, size);
    arena_used += size;
}

static void save_world(struct frame *frame)
{
    frame->saved_at = arena_used;
    save_bytes(&world, world_size());
    for (unsigned i = 0; i < world.thread_count; i++)
        save_bytes(world.threads[i].stack_low, (size_t)(stacks[i] + STACK_SIZE - world.threads[i].stack_low));
}

static void restore_world(const struct frame *frame)
{
    const char *from = arena + frame->saved_at;
    unsigned messages;

    memcpy(&messages, from + offsetof(struct world, message_count), sizeof messages);
    memcpy(&world, from, offsetof(struct world, messages) + messages * sizeof world.messages[0]);
    from += world_size();
    for (unsigned i = 0; i < world.thread_count; i++) {
        size_t size = (size_t)(stacks[i] + STACK_SIZE - world.threads[i].stack_low);

        memcpy(world.threads[i].stack_low, from, size);
        from += size;
    }
}

/* ---- States seen ---- */

static uint64_t *seen_states;
static size_t seen_capacity, seen_count;

static void insert_state(uint64_t key)
{
    size_t i = key & (seen_capacity - 1);

    while (seen_states[i] != 0)
        i = (i + 1) & (seen_capacity - 1);
    seen_states[i] = key;
    seen_count++;
}

static void grow_seen(void)
{
    uint64_t *old = seen_states;
    size_t old_capacity = seen_capacity;

    seen_capacity = old_capacity ? old_capacity * 4 : 1 << 14;
    seen_states = calloc(seen_capacity, sizeof *seen_states);
    if (!seen_states) {
        fprintf(stderr, "explorer: no memory for %zu states\n", seen_capacity);
        abort();
    }
    seen_count = 0;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i] != 0)
            insert_state(old[i]);
    free(old);
}

static bool is_new_state(uint64_t key)
{
    if (seen_count * 2 >= seen_capacity)
        grow_seen();
    for (size_t i = key & (seen_capacity - 1); seen_states[i] != 0; i = (i + 1) & (seen_capacity - 1))
        if (seen_states[i] == key)
            return false;
    insert_state(key);
    return true;
}

static uint64_t thread_key(const struct thread *thread)
{
    uint64_t key = mix(thread->history, (uint64_t)thread->status << 8 | thread->serial);

    key = mix(key, (uint64_t)thread->reached << 8 | (uint64_t)thread->has_deferred << 9 | (uint64_t)thread->ready);
    return thread->ready == READY_NEWER ? mix(key, message_identity(thread->newer)) : key;
}

static uint64_t location_key(const struct location *location, unsigned index)
{
    uint64_t key = index;

    for (unsigned i = 1; i <= location->count; i++)
        key = mix(key, message_identity(location->order[i]));
    key = mix(key, (uint64_t)location->holder << 32 | location->locked_times);
    return key;
}

/* What else there is in the world, each view and each value, follows from these. */
static uint64_t state_key(void)
{
    uint64_t key = 1 + world.observed;

    for (unsigned i = 0; i < world.thread_count; i++)
        key = mix(key, thread_key(&world.threads[i]));
    for (unsigned i = 0; i < MAX_LOCATIONS; i++) {
        if (world.locations[i].count > 0 || world.locations[i].locked_times > 0)
            key = mix(key, location_key(&world.locations[i], i));
        if (world.fenced.at[i] != 0)
            key = mix(key, message_identity(world.fenced.at[i]) << 8 | i);
    }
    return key == 0 ? 1 : key;
}

/* ---- Branches ---- */

static void add_branch(struct branches *branches, unsigned thread, unsigned choice)
{
    if (branches->count == MAX_BRANCHES) {
        fail("more than %d branches", MAX_BRANCHES);
        return;
    }
    branches->list[branches->count++] = (struct branch){(uint8_t)thread, (uint8_t)choice};
}

static void add_positions(struct branches *branches, unsigned thread, const uint8_t *choices, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        add_branch(branches, thread, choices[i]);
}

/* Is there any other thread that could still do something worth waiting for? */
static bool others_live(unsigned thread)
{
    for (unsigned i = 0; i < world.thread_count; i++)
        if (i != thread && (world.threads[i].status == RUNNING || world.threads[i].status == STARTING) &&
            world.threads[i].op.kind != OP_JOIN)
            return true;
    return false;
}

static void add_load(struct branches *branches, unsigned index)
{
    struct thread *thread = &world.threads[index];
    uint8_t choices[MAX_HISTORY];
    unsigned count = readable(thread, &thread->op, choices);

    if (thread->ready == READY)
        add_positions(branches, index, choices, count);
    for (unsigned i = 0; thread->ready == READY_NEWER && i < count; i++)
        if (choices[i] == world.messages[thread->newer].position)
            add_branch(branches, index, choices[i]);
    if (others_live(index))
        add_branch(branches, index, WAIT);
}

static void add_store(struct branches *branches, unsigned index)
{
    struct thread *thread = &world.threads[index];
    uint8_t choices[MAX_HISTORY];

    add_positions(branches, index, choices, storable(thread, &thread->op, choices));
    if (!thread->reached || thread->op.order == EXPLORE_SEQ_CST || !others_live(index))
        return;
    add_branch(branches, index, WAIT);
    if (!thread->op.must)
        add_branch(branches, index, PUT_OFF);
}

/* What is done at once, whatever others do. */
static bool add_prompt(struct branches *branches, unsigned index)
{
    struct thread *thread = &world.threads[index];

    if (thread->status != RUNNING)
        return false;
    switch (thread->op.kind) {
    case OP_LOAD:
        if (thread->ready != WAITING)
            add_load(branches, index);
        break;
    case OP_STORE:
        if (thread->ready != WAITING && thread->op.order != EXPLORE_SEQ_CST)
            add_store(branches, index);
        break;
    case OP_JOIN:
        if (world.threads[thread->op.target].status == DONE)
            add_branch(branches, index, 0);
        break;
    case OP_CHOOSE:
        for (unsigned i = 0; i < thread->op.value; i++)
            add_branch(branches, index, i);
        break;
    default: break;
    }
    if (branches->count > 0 && thread->mortal && thread->ready == READY)
        add_branch(branches, index, DIE);
    return branches->count > 0;
}

/* What is tried in every order. */
static void add_ordered(struct branches *branches, unsigned index)
{
    struct thread *thread = &world.threads[index];
    struct location *mutex = &world.locations[thread->op.location];
    uint8_t choices[MAX_HISTORY];

    if (thread->status != RUNNING)
        return;
    switch (thread->op.kind) {
    case OP_STORE:
        if (thread->op.order == EXPLORE_SEQ_CST)
            add_store(branches, index);
        break;
    case OP_CAS: add_positions(branches, index, choices, readable(thread, &thread->op, choices)); break;
    case OP_LOCK:
        if (mutex->holder == 0)
            add_branch(branches, index, 0);
        break;
    case OP_FENCE:
    case OP_REMOTE_FENCE:
    case OP_TRYLOCK:
    case OP_UNLOCK: add_branch(branches, index, 0); break;
    default: return;
    }
    if (thread->mortal)
        add_branch(branches, index, DIE);
}

static void find_branches(struct branches *branches)
{
    branches->count = 0;
    /* First who looks at a message just stored, before another comes. */
    for (unsigned i = 0; i < world.thread_count; i++)
        if (world.threads[i].ready == READY_NEWER && add_prompt(branches, i))
            return;
    for (unsigned i = 0; i < world.thread_count; i++)
        if (add_prompt(branches, i))
            return;
    for (unsigned i = 0; i < world.thread_count; i++)
        add_ordered(branches, i);
}

/* ---- Steps ---- */

static void announce_message(unsigned location, unsigned message)
{
    for (unsigned i = 0; message != 0 && i < world.thread_count; i++) {
        struct thread *thread = &world.threads[i];

        if (thread->status == RUNNING && thread->op.kind == OP_LOAD && thread->op.location == location &&
            thread->ready == WAITING) {
            thread->ready = READY_NEWER;
            thread->newer = (uint8_t)message;
        }
    }
}

static void strike(struct thread *by, unsigned index)
{
    struct thread *target = &world.threads[index];

    by->history = mix(by->history, index + 1);
    /* One that has ended has left its processor, which is as good. */
    if (!target->reached && target->status == RUNNING)
        fail("membarrier strikes thread %u, which did not say explore_be_reached", index);
    do_fence_seq_cst(target);
    if (target->ready == WAITING)
        target->ready = READY;
}

static void take_lock(struct thread *thread, struct op *op)
{
    struct location *mutex = &world.locations[op->location];

    op->succeeded = mutex->holder == 0;
    thread->history = mix(thread->history, (uint64_t)mutex->locked_times << 1 | op->succeeded);
    if (!op->succeeded)
        return;
    mutex->holder = (uint8_t)(thread - world.threads + 1);
    mutex->locked_times++;
    join_views(&thread->current, &mutex->released);
    join_views(&thread->acquired, &mutex->released);
}

static void drop_lock(struct thread *thread, const struct op *op)
{
    struct location *mutex = &world.locations[op->location];

    if (mutex->holder != thread - world.threads + 1)
        fail("thread %td unlocks what it has not locked", thread - world.threads);
    thread->history = mix(thread->history, 3);
    mutex->holder = 0;
    mutex->released = thread->current;
    tick(thread);
}

static void die(struct thread *thread)
{
    unsigned me = (unsigned)(thread - world.threads);

    for (unsigned i = 0; i < MAX_LOCATIONS; i++)
        if (world.locations[i].holder == me + 1)
            drop_lock(thread, &(struct op){.location = (uint8_t)i});
    thread->history = mix(thread->history, 5);
    thread->dies = true;
    trace_step(thread, NULL, "is killed");
    resume(thread);
}

static void do_step(struct branch branch)
{
    struct thread *thread = &world.threads[branch.thread];
    struct op *op = &thread->op;

    self = thread;
    if (branch.choice == WAIT) {
        thread->ready = WAITING;
        return;
    }
    if (branch.choice == DIE) {
        die(thread);
        return;
    }
    switch (op->kind) {
    case OP_LOAD: do_load(thread, op, branch.choice); break;
    case OP_STORE:
        op->succeeded = branch.choice != PUT_OFF;
        if (op->succeeded)
            announce_message(op->location, do_store(thread, op, branch.choice));
        break;
    case OP_CAS: announce_message(op->location, do_cas(thread, op, branch.choice)); break;
    case OP_FENCE: do_fence_seq_cst(thread); break;
    case OP_REMOTE_FENCE: strike(thread, op->target); break;
    case OP_LOCK:
    case OP_TRYLOCK: take_lock(thread, op); break;
    case OP_UNLOCK: drop_lock(thread, op); break;
    case OP_JOIN:
        join_views(&thread->current, &world.threads[op->target].current);
        join_views(&thread->acquired, &thread->current);
        thread->history = mix(thread->history, 4);
        break;
    case OP_CHOOSE:
        op->result = branch.choice;
        thread->history = mix(thread->history, branch.choice);
        break;
    }
    trace_step(thread, op, NULL);
    if (!failure[0])
        resume(thread);
}

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

/* ---- Searches ---- */

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
    save_world(frame);
}

/* The next branch that is left to follow; false if there is none. */
static bool step_back(void)
{
    while (frame_count > 0) {
        struct frame *frame = &frames[frame_count - 1];
        struct branch branch;

        restore_world(frame);
        branch = frame->branches.list[frame->next++];
        if (frame->next == frame->branches.count) {
            frame_count--;
            arena_used = frame->saved_at;
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
            if (is_new_state(state_key()))
                note_ending(result);
        } else if (ending == GOES_ON && is_new_state(state_key())) {
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
    arena_used = 0;
    free(seen_states);
    seen_states = NULL;
    seen_capacity = seen_count = 0;
    if (!arena && !(arena = malloc(ARENA_SIZE)))
        abort();
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
