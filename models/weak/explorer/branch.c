/* SPDX-License-Identifier: Apache-2.0 */
/* Which thread can go on, and what its loads can return.

   A step of one thread that no other could tell from the same step done later is done at once, so that only its outcome
   branches, not its time. That holds for relaxed, acquire and release accesses: a store is only seen by who chooses
   to read it, and goes wherever in the modification order it may; a load changes nothing but its thread. What a load
   could miss is a message that comes later; so one branch of it waits, and looks at every new message of its location
   when that arrives. seq_cst fences, seq_cst stores, read-modify-writes and locks are tried in every order. A remote
   fence strikes a thread between any two of its accesses: the threads that it can reach have a branch that waits for it
   before every access. Their stores have one more, in which the compiler moved the store behind the load that follows,
   unless a compiler fence stands between: other fences of the machine would not know. */
#include "search.h"

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
    case OP_STORE: /* what is not seq_cst waits here for a remote fence */
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
    case OP_LOAD: break; /* it waits, and may die doing that */
    case OP_JOIN:
    case OP_CHOOSE: return;
    }
    if (thread->mortal)
        add_branch(branches, index, DIE);
}

void find_branches(struct branches *branches)
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
