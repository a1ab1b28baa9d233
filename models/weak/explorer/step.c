/* SPDX-License-Identifier: Apache-2.0 */
/* One step of one thread, and what it means for the others. */
#include "search.h"

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
    /* One that has ended has left its processor, which is as good; one that waits for a lock does nothing else. */
    if (!target->reached && target->status == RUNNING && target->op.kind != OP_LOCK)
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

void do_step(struct branch branch)
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
