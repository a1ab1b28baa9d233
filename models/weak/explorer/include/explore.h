/* SPDX-License-Identifier: Apache-2.0 */
/* What an explored program may do. It runs as coroutines of one process, again and again, once for each way in which its
   threads can be scheduled and its loads can be answered. So everything that threads share must go through these calls,
   and everything else must be local; what is shared keeps in real memory the value that it has at the start. */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum explore_order {
    EXPLORE_RELAXED = __ATOMIC_RELAXED,
    EXPLORE_ACQUIRE = __ATOMIC_ACQUIRE,
    EXPLORE_RELEASE = __ATOMIC_RELEASE,
    EXPLORE_ACQ_REL = __ATOMIC_ACQ_REL,
    EXPLORE_SEQ_CST = __ATOMIC_SEQ_CST
};

uint64_t explore_load(const volatile void *at, size_t size, enum explore_order order);
void explore_store(volatile void *at, size_t size, uint64_t value, enum explore_order order);
bool explore_cas(volatile void *at, size_t size, void *expected, size_t expected_size, uint64_t desired,
                 enum explore_order order);
void explore_fence(enum explore_order order);
/* Keeps the compiler from moving a load before a store. It matters only to threads that membarrier reaches. */
void explore_fence_compiler(void);

/* Not atomic: two that are not ordered by happens-before, one of them a store, are an error. */
uint64_t explore_plain_load(const volatile void *at, size_t size);
void explore_plain_store(volatile void *at, size_t size, uint64_t value);

int explore_create(void *(*run)(void *), void *argument);
void explore_join(int thread);
void explore_lock(const volatile void *mutex);
bool explore_trylock(const volatile void *mutex);
void explore_unlock(const volatile void *mutex);

/* From here on explore_membarrier may strike this thread between any two of its accesses. */
void explore_be_reached(void);
/* From here on the thread may be killed before any of its accesses. What it has locked comes free. */
void explore_be_mortal(void);
/* A full fence here, one in each other thread at some instant before the call ends, and one here. */
void explore_membarrier(void);

/* 0 ... count - 1, each in its turn. */
unsigned explore_choose(unsigned count);
/* Gives up this execution, without an error, if the condition does not hold. */
void explore_assume(bool condition);
/* An error, with the trace that led here. */
void explore_check(bool condition, const char *text, const char *file, int line);
/* For litmus tests: the outcome asked about was seen. */
void explore_observe(void);
/* For traces. `name` is kept. */
void explore_name(const volatile void *at, size_t size, const char *name);

struct explore_options {
    uint64_t random_runs; /* 0: exhaustive */
    uint64_t seed;
    uint64_t max_states; /* give up beyond; 0: no limit */
    bool trace;          /* print the trace of an error */
};

struct explore_result {
    uint64_t executions; /* complete ones; in an exhaustive search, those that differ */
    uint64_t states;     /* that the search branched at */
    uint64_t observed;
    bool failed;
    bool incomplete; /* max_states was reached */
    char error[400];
};

struct explore_result explore_run(void (*program)(void), const struct explore_options *options);

#endif
