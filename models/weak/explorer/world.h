/* SPDX-License-Identifier: Apache-2.0 */
/* The state of an execution that is being explored. All of it can be copied away and put back, with the stacks of the
   coroutines; the search does that at every branch. */
#ifndef EXPLORE_WORLD_H
#define EXPLORE_WORLD_H

#include "explore.h"
#include <setjmp.h>

enum { MAX_THREADS = 6, MAX_LOCATIONS = 112, MAX_MESSAGES = 250, MAX_HISTORY = 48, MAX_STEPS = 1000 };
enum { STACK_SIZE = 64 << 10 };

/* What a thread, or a message, knows: of each location the newest message in modification order (0: the value at the
   start), and how far each thread has come, for the detection of races. */
struct view {
    uint8_t at[MAX_LOCATIONS];
    uint8_t clock[MAX_THREADS];
};

struct message {
    uint64_t value;
    struct view view; /* what an acquiring load of it learns */
    uint8_t position; /* in its location's modification order */
    uint8_t thread, serial;
    bool has_successor; /* a read-modify-write has read it: nothing comes between */
};

struct location {
    uint8_t order[MAX_HISTORY]; /* message numbers; order[0] is the value at the start */
    uint8_t count;
    bool initial_has_successor;
    /* For those that are not atomic. */
    uint8_t writer, written_at, read_at[MAX_THREADS];
    /* For mutexes. */
    uint8_t holder; /* thread + 1 */
    uint16_t locked_times;
    struct view released;
};

enum op_kind {
    OP_LOAD,
    OP_STORE,
    OP_CAS,
    OP_FENCE, /* seq_cst; weaker ones are local, and done at once */
    OP_REMOTE_FENCE,
    OP_LOCK,
    OP_TRYLOCK,
    OP_UNLOCK,
    OP_JOIN,
    OP_CHOOSE
};

struct op {
    enum op_kind kind;
    enum explore_order order;
    uint8_t location, target;
    uint64_t value, expected;
    uint64_t result;
    bool succeeded; /* store: false if it was put off */
    bool must;      /* store: not to be put off again */
};

/* What a waiting thread may do with the operation it has come to. */
enum readiness {
    READY,       /* has just come to it, or a remote fence has struck: everything */
    READY_NEWER, /* load: a new message is there, and only that one is to be tried */
    WAITING      /* everything there is has been tried, in another branch */
};

enum status { UNUSED, STARTING, RUNNING, DONE, GIVEN_UP };

struct thread {
    enum status status;
    enum readiness ready;
    uint8_t newer; /* the message, if READY_NEWER */
    bool reached;  /* by membarrier */
    bool mortal, dies;
    uint8_t serial;
    uint64_t history; /* hash of everything that it has learned: its local state is a function of it */
    void *(*run)(void *);
    void *argument;
    struct op op;
    struct view current, acquired, released;
    struct op deferred; /* a store that the compiler has put behind the next load */
    bool has_deferred;
    char *stack_low; /* what lies below is not in use */
    jmp_buf context;
};

struct world {
    struct view fenced; /* by seq_cst fences and stores, over all threads; its clocks are not used */
    struct thread threads[MAX_THREADS];
    struct location locations[MAX_LOCATIONS];
    unsigned thread_count, message_count;
    unsigned steps;
    bool observed;
    struct message messages[MAX_MESSAGES]; /* last: only those in use are copied */
};

extern struct world world;
extern char stacks[MAX_THREADS][STACK_SIZE];
extern struct thread *self; /* the one that is running, or whose step is being done */

/* ---- memory.c ---- */

void memory_reset(void);
unsigned find_location(const volatile void *at, size_t size);
const char *location_name(unsigned location);
void join_views(struct view *into, const struct view *from);
uint64_t message_value(unsigned location, unsigned message);
uint64_t message_identity(unsigned message);

/* The messages that a load, or the places where a store, of a thread may go: `choices` gets positions in the order. */
unsigned readable(const struct thread *thread, const struct op *op, uint8_t *choices);
unsigned storable(const struct thread *thread, const struct op *op, uint8_t *choices);

void do_load(struct thread *thread, struct op *op, unsigned position);
unsigned do_store(struct thread *thread, const struct op *op, unsigned position);
unsigned do_cas(struct thread *thread, struct op *op, unsigned position);
void do_fence(struct thread *thread, enum explore_order order);
void do_fence_seq_cst(struct thread *thread);
void tick(struct thread *thread);
uint64_t mix(uint64_t hash, uint64_t value);

/* ---- thread.c ---- */

void threads_reset(void (*program)(void));
/* Run it until it stops before its next operation, ends, or fails. */
void resume(struct thread *thread);
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern char failure[400]; /* empty: none */

/* ---- trace.c ---- */

void trace_step(const struct thread *thread, const struct op *op, const char *note);
void trace_print(void);

#endif
