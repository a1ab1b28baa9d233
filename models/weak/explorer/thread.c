/* SPDX-License-Identifier: Apache-2.0 */
/* The explored threads: coroutines that stop before each operation that others could notice. */
#include "world.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

char stacks[MAX_THREADS][STACK_SIZE] __attribute__((aligned(64)));
struct thread *self;
char failure[400];

static jmp_buf scheduler;
static void (*main_program)(void);

void fail(const char *format, ...)
{
    va_list arguments;

    if (failure[0])
        return;
    va_start(arguments, format);
    vsnprintf(failure, sizeof failure, format, arguments);
    va_end(arguments);
}

/* ---- Switching ---- */

/* What a frame below this one may use of the stack, and the frame of _longjmp's target itself. */
enum { MARGIN = 512 };

static void __attribute__((noinline)) stop(void)
{
    self->stack_low = (char *)__builtin_frame_address(0) - MARGIN;
    if (_setjmp(self->context) == 0)
        _longjmp(scheduler, 1);
}

static void leave(enum status status)
{
    self->status = status;
    self->stack_low = stacks[self - world.threads] + STACK_SIZE;
    _longjmp(scheduler, 1);
}

static struct op *perform(struct op op)
{
    if (failure[0])
        leave(GIVEN_UP);
    self->op = op;
    self->ready = READY;
    stop();
    if (self->dies)
        leave(DONE);
    return &self->op;
}

/* A store that was put off is done now. */
static void settle(void)
{
    struct op op = self->deferred;

    if (!self->has_deferred)
        return;
    self->has_deferred = false;
    op.must = true;
    perform(op);
}

static void begin(void)
{
    self->run(self->argument);
    settle();
    leave(DONE);
}

static void start(struct thread *thread)
{
    static ucontext_t context; /* not used again once the coroutine runs */

    thread->status = RUNNING;
    getcontext(&context);
    context.uc_stack.ss_sp = stacks[thread - world.threads];
    context.uc_stack.ss_size = STACK_SIZE;
    context.uc_link = NULL;
    makecontext(&context, begin, 0);
    setcontext(&context);
}

void resume(struct thread *thread)
{
    self = thread;
    if (_setjmp(scheduler) != 0)
        return;
    if (thread->status == STARTING)
        start(thread);
    _longjmp(thread->context, 1);
}

static void *run_main(void *unused)
{
    (void)unused;
    main_program();
    return NULL;
}

static struct thread *add_thread(void *(*run)(void *), void *argument)
{
    struct thread *thread = &world.threads[world.thread_count];
    unsigned index = world.thread_count++;

    *thread = (struct thread){.status = STARTING, .run = run, .argument = argument, .serial = 0};
    thread->stack_low = stacks[index] + STACK_SIZE;
    return thread;
}

void threads_reset(void (*program)(void))
{
    struct thread *thread = add_thread(run_main, NULL);

    failure[0] = 0;
    main_program = program;
    thread->current.clock[0] = thread->acquired.clock[0] = 1;
}

/* ---- What the program calls ---- */

/* Like perform, for all but loads of other locations. */
static struct op *perform_after(struct op op)
{
    settle();
    return perform(op);
}

uint64_t explore_load(const volatile void *at, size_t size, enum explore_order order)
{
    struct op op = {.kind = OP_LOAD, .location = (uint8_t)find_location(at, size), .order = order};
    uint64_t result;

    if (op.location == self->deferred.location)
        settle();
    result = perform(op)->result;
    settle();
    return result;
}

static uint64_t cut(uint64_t value, size_t size)
{
    return size == 8 ? value : value & ((UINT64_C(1) << size * 8) - 1);
}

void explore_store(volatile void *at, size_t size, uint64_t value, enum explore_order order)
{
    struct op op = {
        .kind = OP_STORE, .location = (uint8_t)find_location(at, size), .order = order, .value = cut(value, size)};

    if (!perform_after(op)->succeeded) {
        self->deferred = op;
        self->has_deferred = true;
    }
}

bool explore_cas(volatile void *at, size_t size, void *expected, size_t expected_size, uint64_t desired,
                 enum explore_order order)
{
    struct op op = {.kind = OP_CAS, .location = (uint8_t)find_location(at, size), .order = order};
    struct op *done;

    memcpy(&op.expected, expected, expected_size); /* little-endian, or both of 8 bytes */
    op.value = cut(desired, size);
    done = perform_after(op);
    memcpy(expected, &done->result, expected_size);
    return done->succeeded;
}

void explore_fence(enum explore_order order)
{
    settle();
    if (order == EXPLORE_SEQ_CST)
        perform((struct op){.kind = OP_FENCE, .order = order});
    else
        do_fence(self, order);
}

void explore_fence_compiler(void)
{
    settle();
}

int explore_create(void *(*run)(void *), void *argument)
{
    unsigned index = world.thread_count;
    struct thread *thread;

    if (index == MAX_THREADS) {
        fail("more than %d threads", MAX_THREADS);
        leave(GIVEN_UP);
    }
    thread = add_thread(run, argument);
    thread->current = thread->acquired = thread->released = self->current;
    thread->current.clock[index] = thread->acquired.clock[index] = 1;
    tick(self);
    return (int)index;
}

void explore_join(int thread)
{
    perform_after((struct op){.kind = OP_JOIN, .target = (uint8_t)thread});
}

void explore_lock(const volatile void *mutex)
{
    perform_after((struct op){.kind = OP_LOCK, .location = (uint8_t)find_location(mutex, 4)});
}

bool explore_trylock(const volatile void *mutex)
{
    return perform_after((struct op){.kind = OP_TRYLOCK, .location = (uint8_t)find_location(mutex, 4)})->succeeded;
}

void explore_unlock(const volatile void *mutex)
{
    perform_after((struct op){.kind = OP_UNLOCK, .location = (uint8_t)find_location(mutex, 4)});
}

void explore_be_reached(void)
{
    self->reached = true;
}

void explore_be_mortal(void)
{
    self->mortal = true;
}

void explore_membarrier(void)
{
    explore_fence(EXPLORE_SEQ_CST);
    /* Not thread 0, which only starts and joins the others. */
    for (unsigned i = 1; i < world.thread_count; i++)
        if (&world.threads[i] != self)
            perform((struct op){.kind = OP_REMOTE_FENCE, .target = (uint8_t)i});
    explore_fence(EXPLORE_SEQ_CST);
}

unsigned explore_choose(unsigned count)
{
    return (unsigned)perform_after((struct op){.kind = OP_CHOOSE, .value = count})->result;
}

void explore_assume(bool condition)
{
    if (!condition)
        leave(GIVEN_UP);
}

void explore_check(bool condition, const char *text, const char *file, int line)
{
    if (condition)
        return;
    fail("%s:%d: does not hold: %s", file, line, text);
    leave(GIVEN_UP);
}

void explore_observe(void)
{
    world.observed = true;
}
