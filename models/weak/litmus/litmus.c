/* SPDX-License-Identifier: Apache-2.0 */
/* The explorer itself, on the small programs whose outcomes are known from the papers on C11's memory (Batty et al.
   2011, Lahav et al. 2017): what the standard allows must be seen, what it forbids must not. Names as usual there: SB is
   store buffering, MP message passing, and so on. "unexplored" is what C11 allows and this explorer leaves out. */
#include "explore.h"
#include <stdio.h>
#include <string.h>

static uint32_t x, y, z;
static uint32_t data;
static uint64_t registers[8];

#define RLX EXPLORE_RELAXED
#define ACQ EXPLORE_ACQUIRE
#define REL EXPLORE_RELEASE
#define SC EXPLORE_SEQ_CST
#define LOAD(v, order) ((uint32_t)explore_load(&(v), sizeof(v), order))
#define STORE(v, value, order) explore_store(&(v), sizeof(v), value, order)
#define FENCE(order) explore_fence(order)
#define REACHED explore_be_reached()
#define MEMBARRIER explore_membarrier()
#define COMPILER explore_fence_compiler()
#define NOTE(i, value) explore_plain_store(&registers[i], 8, value)
#define R(i) explore_plain_load(&registers[i], 8)

static bool cas(uint32_t *at, uint32_t from, uint32_t to, enum explore_order order)
{
    return explore_cas(at, sizeof *at, &from, sizeof from, to, order);
}

#define THREAD(name, ...)           \
    static void *name(void *unused) \
    {                               \
        (void)unused;               \
        __VA_ARGS__;                \
        return NULL;                \
    }

enum verdict { ALLOWED, FORBIDDEN, UNEXPLORED, RACE };

struct litmus {
    const char *name;
    enum verdict verdict;
    void *(*threads[4])(void *);
    bool (*outcome)(void);
};

#define OUTCOME(name, condition) \
    static bool name(void)       \
    {                            \
        return condition;        \
    }

OUTCOME(both_zero, R(0) == 0 && R(1) == 0)
OUTCOME(both_one, R(0) == 1 && R(1) == 1)
OUTCOME(one_zero, R(0) == 1 && R(1) == 0)
OUTCOME(one_one_zero, R(0) == 1 && R(1) == 1 && R(2) == 0)
OUTCOME(one_zero_one_zero, R(0) == 1 && R(1) == 0 && R(2) == 1 && R(3) == 0)
OUTCOME(never, false)

/* ---- SB ---- */

#define SB_PAIR(name, store, between, load)                               \
    THREAD(name##_a, STORE(x, 1, store); between; NOTE(0, LOAD(y, load))) \
    THREAD(name##_b, STORE(y, 1, store); between; NOTE(1, LOAD(x, load)))

SB_PAIR(sb_relaxed, RLX, , RLX)
SB_PAIR(sb_released, REL, , ACQ)
SB_PAIR(sb_fences, RLX, FENCE(SC), RLX)
SB_PAIR(sb_weak_fences, RLX, FENCE(EXPLORE_ACQ_REL), RLX)
SB_PAIR(sb_accesses, SC, , SC)
SB_PAIR(sb_sc_stores, SC, , RLX)
THREAD(sb_cas, (void)cas(&x, 0, 1, SC); NOTE(0, LOAD(y, RLX)))
THREAD(sb_light, REACHED; STORE(x, 1, REL); COMPILER; NOTE(0, LOAD(y, ACQ)))
THREAD(sb_lighter, REACHED; STORE(x, 1, REL); NOTE(0, LOAD(y, ACQ)))
THREAD(sb_heavy, STORE(y, 1, RLX); MEMBARRIER; NOTE(1, LOAD(x, RLX)))

/* ---- MP ---- */

THREAD(mp_store, STORE(x, 1, RLX); STORE(y, 1, RLX))
THREAD(mp_release, STORE(x, 1, RLX); STORE(y, 1, REL))
THREAD(mp_fence_store, STORE(x, 1, RLX); FENCE(REL); STORE(y, 1, RLX))
THREAD(mp_load, NOTE(0, LOAD(y, RLX)); NOTE(1, LOAD(x, RLX)))
THREAD(mp_acquire, NOTE(0, LOAD(y, ACQ)); NOTE(1, LOAD(x, RLX)))
THREAD(mp_fence_load, NOTE(0, LOAD(y, RLX)); FENCE(ACQ); NOTE(1, LOAD(x, RLX)))
THREAD(mp_plain_release, explore_plain_store(&data, 4, 1); STORE(y, 1, REL))
THREAD(mp_plain_acquire, if (LOAD(y, ACQ) == 1) NOTE(0, explore_plain_load(&data, 4)))
THREAD(mp_plain_relaxed, if (LOAD(y, RLX) == 1) NOTE(0, explore_plain_load(&data, 4)))
/* Release sequences: a read-modify-write carries on, a store does not (since C17). */
THREAD(mp_release_then_store, STORE(x, 1, RLX); STORE(y, 2, REL); STORE(y, 1, RLX))
THREAD(mp_release_two, STORE(x, 1, RLX); STORE(y, 2, REL))
THREAD(mp_carry_on, (void)cas(&y, 2, 1, RLX))
THREAD(mp_overwrite, if (LOAD(y, RLX) == 2) STORE(y, 1, RLX))

/* ---- LB ---- */

THREAD(lb_a, NOTE(0, LOAD(x, RLX)); STORE(y, 1, RLX))
THREAD(lb_b, NOTE(1, LOAD(y, RLX)); STORE(x, 1, RLX))

/* ---- IRIW, WRC, ISA2, RWC ---- */

THREAD(store_x, STORE(x, 1, RLX))
THREAD(store_y, STORE(y, 1, RLX))
THREAD(store_x_sc, STORE(x, 1, SC))
THREAD(store_y_sc, STORE(y, 1, SC))
THREAD(read_xy, NOTE(0, LOAD(x, ACQ)); NOTE(1, LOAD(y, ACQ)))
THREAD(read_yx, NOTE(2, LOAD(y, ACQ)); NOTE(3, LOAD(x, ACQ)))
THREAD(read_xy_sc, NOTE(0, LOAD(x, SC)); NOTE(1, LOAD(y, SC)))
THREAD(read_yx_sc, NOTE(2, LOAD(y, SC)); NOTE(3, LOAD(x, SC)))
THREAD(read_xy_fence, NOTE(0, LOAD(x, RLX)); FENCE(SC); NOTE(1, LOAD(y, RLX)))
THREAD(read_yx_fence, NOTE(2, LOAD(y, RLX)); FENCE(SC); NOTE(3, LOAD(x, RLX)))
THREAD(wrc_middle, NOTE(0, LOAD(x, RLX)); STORE(y, R(0) ? 1 : 0, RLX))
THREAD(wrc_middle_release, NOTE(0, LOAD(x, ACQ)); STORE(y, R(0) ? 1 : 0, REL))
THREAD(wrc_end, NOTE(1, LOAD(y, RLX)); NOTE(2, LOAD(x, RLX)))
THREAD(wrc_end_acquire, NOTE(1, LOAD(y, ACQ)); NOTE(2, LOAD(x, RLX)))
THREAD(store_x_release, STORE(x, 1, REL))
THREAD(isa2_middle, NOTE(0, LOAD(y, ACQ)); STORE(z, R(0) ? 1 : 0, REL))
THREAD(isa2_end, NOTE(1, LOAD(z, ACQ)); NOTE(2, LOAD(x, RLX)))
THREAD(rwc_end_fence, STORE(y, 1, RLX); FENCE(SC); NOTE(2, LOAD(x, RLX)))
OUTCOME(rwc, R(0) == 1 && R(1) == 0 && R(2) == 0)

/* ---- 2+2W, R, S ---- */

#define TWO_BY_TWO(name, order, between)                              \
    THREAD(name##_a, STORE(x, 1, order); between; STORE(y, 2, order)) \
    THREAD(name##_b, STORE(y, 1, order); between; STORE(x, 2, order))
TWO_BY_TWO(two_relaxed, RLX, )
TWO_BY_TWO(two_released, REL, )
TWO_BY_TWO(two_sc, SC, )
TWO_BY_TWO(two_fences, RLX, FENCE(SC))
OUTCOME(last_are_ones, LOAD(x, RLX) == 1 && LOAD(y, RLX) == 1)
THREAD(r_a, STORE(x, 1, RLX); STORE(y, 1, RLX))
THREAD(r_b, STORE(y, 2, RLX); NOTE(0, LOAD(x, RLX)))
THREAD(r_a_fence, STORE(x, 1, RLX); FENCE(SC); STORE(y, 1, RLX))
THREAD(r_b_fence, STORE(y, 2, RLX); FENCE(SC); NOTE(0, LOAD(x, RLX)))
OUTCOME(r_outcome, LOAD(y, RLX) == 2 && R(0) == 0)
THREAD(s_a, STORE(x, 2, RLX); STORE(y, 1, RLX))
THREAD(s_a_release, STORE(x, 2, RLX); STORE(y, 1, REL))
THREAD(s_b, NOTE(0, LOAD(y, RLX)); STORE(x, 1, RLX))
THREAD(s_b_acquire, NOTE(0, LOAD(y, ACQ)); STORE(x, 1, RLX))
OUTCOME(s_outcome, R(0) == 1 && LOAD(x, RLX) == 2)

/* ---- One location ---- */

THREAD(store_twice, STORE(x, 1, RLX); STORE(x, 2, RLX))
THREAD(read_twice, NOTE(0, LOAD(x, RLX)); NOTE(1, LOAD(x, RLX)))
OUTCOME(backward, R(0) > R(1))
THREAD(store_two, STORE(x, 2, RLX))
THREAD(store_read, STORE(x, 1, RLX); NOTE(0, LOAD(x, RLX)))
OUTCOME(own_is_lost, R(0) == 0)
OUTCOME(overwritten_by_first, LOAD(x, RLX) == 1)
THREAD(read_store, NOTE(0, LOAD(x, RLX)); STORE(x, 1, RLX))
OUTCOME(read_own_future, R(0) == 1)
THREAD(read_two_other, NOTE(2, LOAD(x, RLX)); NOTE(3, LOAD(x, RLX)))
OUTCOME(other_orders, R(0) == 1 && R(1) == 2 && R(2) == 2 && R(3) == 1)
THREAD(cas_a, NOTE(0, cas(&x, 0, 1, RLX)))
THREAD(cas_b, NOTE(1, cas(&x, 0, 2, RLX)))
THREAD(plain_store, explore_plain_store(&data, 4, 1))
THREAD(plain_load, NOTE(0, explore_plain_load(&data, 4)))
/* The mutex is the word z. */
THREAD(locked_a, explore_lock(&z); explore_plain_store(&data, 4, 1); explore_unlock(&z))
THREAD(locked_b, explore_lock(&z); NOTE(0, explore_plain_load(&data, 4)); explore_unlock(&z))
OUTCOME(sees_nothing, R(0) == 0)
OUTCOME(sees_one, R(0) == 1)

static const struct litmus tests[] = {
    {"SB relaxed", ALLOWED, {sb_relaxed_a, sb_relaxed_b}, both_zero},
    {"SB release, acquire", ALLOWED, {sb_released_a, sb_released_b}, both_zero},
    {"SB acq_rel fences", ALLOWED, {sb_weak_fences_a, sb_weak_fences_b}, both_zero},
    {"SB one seq_cst fence", ALLOWED, {sb_fences_a, sb_relaxed_b}, both_zero},
    {"SB seq_cst fences", FORBIDDEN, {sb_fences_a, sb_fences_b}, both_zero},
    {"SB seq_cst accesses", FORBIDDEN, {sb_accesses_a, sb_accesses_b}, both_zero},
    {"SB seq_cst stores, relaxed loads", ALLOWED, {sb_sc_stores_a, sb_sc_stores_b}, both_zero},
    {"SB seq_cst fence, seq_cst compare-and-swap", ALLOWED, {sb_cas, sb_fences_b}, both_zero},
    {"SB compiler fence, membarrier", FORBIDDEN, {sb_light, sb_heavy}, both_zero},
    {"SB nothing, membarrier", ALLOWED, {sb_lighter, sb_heavy}, both_zero},
    {"SB compiler fence, seq_cst fence", ALLOWED, {sb_light, sb_fences_b}, both_zero},
    {"MP relaxed", ALLOWED, {mp_store, mp_load}, one_zero},
    {"MP release, relaxed", ALLOWED, {mp_release, mp_load}, one_zero},
    {"MP relaxed, acquire", ALLOWED, {mp_store, mp_acquire}, one_zero},
    {"MP release, acquire", FORBIDDEN, {mp_release, mp_acquire}, one_zero},
    {"MP release, acquire: all of it", ALLOWED, {mp_release, mp_acquire}, both_one},
    {"MP fences", FORBIDDEN, {mp_fence_store, mp_fence_load}, one_zero},
    {"MP release, acquire fence", FORBIDDEN, {mp_release, mp_fence_load}, one_zero},
    {"MP release fence, acquire", FORBIDDEN, {mp_fence_store, mp_acquire}, one_zero},
    {"MP release fence, relaxed", ALLOWED, {mp_fence_store, mp_load}, one_zero},
    {"MP release, then a relaxed store", ALLOWED, {mp_release_then_store, mp_acquire}, one_zero},
    {"MP release sequence", FORBIDDEN, {mp_release_two, mp_carry_on, mp_acquire}, one_zero},
    {"MP release, overwritten by another", ALLOWED, {mp_release_two, mp_overwrite, mp_acquire}, one_zero},
    {"MP plain, release, acquire", FORBIDDEN, {mp_plain_release, mp_plain_acquire}, never},
    {"MP plain, release, relaxed", RACE, {mp_plain_release, mp_plain_relaxed}, never},
    {"LB relaxed", UNEXPLORED, {lb_a, lb_b}, both_one},
    {"IRIW acquire", ALLOWED, {store_x, store_y, read_xy, read_yx}, one_zero_one_zero},
    {"IRIW seq_cst accesses", FORBIDDEN, {store_x_sc, store_y_sc, read_xy_sc, read_yx_sc}, one_zero_one_zero},
    {"IRIW seq_cst fences", FORBIDDEN, {store_x, store_y, read_xy_fence, read_yx_fence}, one_zero_one_zero},
    {"WRC relaxed", ALLOWED, {store_x, wrc_middle, wrc_end}, one_one_zero},
    {"WRC release, acquire", FORBIDDEN, {store_x_release, wrc_middle_release, wrc_end_acquire}, one_one_zero},
    {"ISA2 release, acquire", FORBIDDEN, {mp_release, isa2_middle, isa2_end}, one_one_zero},
    {"RWC acquire, seq_cst fence", ALLOWED, {store_x, read_xy, rwc_end_fence}, rwc},
    {"RWC seq_cst fences", FORBIDDEN, {store_x, read_xy_fence, rwc_end_fence}, rwc},
    {"2+2W relaxed", ALLOWED, {two_relaxed_a, two_relaxed_b}, last_are_ones},
    {"2+2W release", ALLOWED, {two_released_a, two_released_b}, last_are_ones},
    {"2+2W seq_cst accesses", FORBIDDEN, {two_sc_a, two_sc_b}, last_are_ones},
    {"2+2W seq_cst fences", FORBIDDEN, {two_fences_a, two_fences_b}, last_are_ones},
    {"R relaxed", ALLOWED, {r_a, r_b}, r_outcome},
    {"R seq_cst fences", FORBIDDEN, {r_a_fence, r_b_fence}, r_outcome},
    {"S relaxed", ALLOWED, {s_a, s_b}, s_outcome},
    {"S release, acquire", FORBIDDEN, {s_a_release, s_b_acquire}, s_outcome},
    {"CoRR", FORBIDDEN, {store_twice, read_twice}, backward},
    {"CoRR, two readers, two writers", FORBIDDEN, {store_x, store_two, read_twice, read_two_other}, other_orders},
    {"CoWR", FORBIDDEN, {store_read}, own_is_lost},
    {"CoWW", FORBIDDEN, {store_twice}, overwritten_by_first},
    {"CoRW", FORBIDDEN, {read_store}, read_own_future},
    {"CAS: one alone succeeds", FORBIDDEN, {cas_a, cas_b}, both_one},
    {"CAS: none succeeds", FORBIDDEN, {cas_a, cas_b}, both_zero},
    {"two plain accesses", RACE, {plain_store, plain_load}, never},
    {"two plain stores", RACE, {plain_store, plain_store}, never},
    {"plain accesses under a lock: late", ALLOWED, {locked_a, locked_b}, sees_one},
    {"plain accesses under a lock: early", ALLOWED, {locked_a, locked_b}, sees_nothing},
};

static const struct litmus *running;

static void program(void)
{
    int threads[4], count = 0;

    explore_name(&x, sizeof x, "x");
    explore_name(&y, sizeof y, "y");
    explore_name(&z, sizeof z, "z");
    explore_name(&data, sizeof data, "data");
    for (unsigned i = 0; i < 4; i++)
        NOTE(i, 0);
    for (; count < 4 && running->threads[count]; count++)
        threads[count] = explore_create(running->threads[count], NULL);
    for (int i = 0; i < count; i++)
        explore_join(threads[i]);
    if (running->outcome())
        explore_observe();
}

static bool is_as_known(const struct litmus *test, const struct explore_result *result)
{
    if (test->verdict == RACE)
        return result->failed && strncmp(result->error, "data race", 9) == 0;
    if (result->failed || result->executions == 0)
        return false;
    return (result->observed > 0) == (test->verdict == ALLOWED);
}

int main(void)
{
    static const char *const verdicts[] = {"allowed", "forbidden", "unexplored", "race"};
    struct explore_options options = {.trace = false};
    unsigned wrong = 0, count = sizeof tests / sizeof *tests;

    for (unsigned i = 0; i < count; i++) {
        struct explore_result result;
        bool good;

        running = &tests[i];
        result = explore_run(program, &options);
        good = is_as_known(running, &result);
        wrong += !good;
        fprintf(stderr, "%-45s %-10s %6llu executions, %llu with the outcome  %s\n", running->name,
                verdicts[running->verdict], (unsigned long long)result.executions, (unsigned long long)result.observed,
                good ? "ok" : "WRONG");
        if (result.failed && running->verdict != RACE)
            fprintf(stderr, "    %s\n", result.error);
    }
    printf("%u litmus tests", count);
    return wrong > 0;
}
