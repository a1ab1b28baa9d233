/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G8 */
/* Waiters sleep until something newer is published: src/core/wait.c and the waiting part of protocol.h. The writer may be
   killed at any step (KILLS times); its successor wakes whoever sleeps. There are no time-outs here: in the library they cut
   sleeps into seconds, and a lost wake-up would hide behind that. A lost wake-up is a waiter that sleeps when all is over:
   an invalid end state. */
#ifndef KILLS
#define KILLS 0
#endif
#ifndef DEPTH
#define DEPTH 3
#endif

#define CURRENT 0 /* the generation alone */
#define WAKE 1
#define WAITING 2
#define WORDS 3
#define CPUS (WAITERS + 1)
#define WRITER WAITERS

bit asleep[WAITERS];
bit killed, die;

#include "memory.pml"

/* futex.c. The kernel compares and puts to sleep in one step, as seen by a wake-up, and both calls are full fences. */
inline mms__futex_wait(value)
{
    d_step { drain(cpu); asleep[cpu] = (mem[WAKE] == value) }
    !asleep[cpu]
}
inline mms__futex_wake_all()
{
    d_step {
        drain(cpu);
        asleep[0] = 0;
#if WAITERS > 1
        asleep[1] = 0;
#endif
#if WAITERS > 2
        asleep[2] = 0;
#endif
        skip
    }
}

proctype waiter(byte cpu)
{
    byte seen, cur, value;

    do
    :: seen < LAST ->
        atomic { /* wait.c: mms_wait, look */
            load(cur, CURRENT);
            assert(cur >= seen);
            if
            :: cur != seen -> goto changed
            :: else
            fi
        };
sleep:  /* wait.c: sleep_once; mms__wait_arm */
        value = 0;
#ifndef MUTATE_wake_word_after_look
        load(value, WAKE);
#endif
#ifdef MUTATE_no_wait_fence
        store(WAITING, 1);
#else
        store_and_fence(WAITING, 1);
#endif
#ifndef MUTATE_no_second_look
        atomic {
            load(cur, CURRENT);
            if
            :: cur != seen -> goto changed
            :: else
            fi
        };
#endif
#ifdef MUTATE_wake_word_after_look
        load(value, WAKE);
#endif
        mms__futex_wait(value);
        goto sleep;
changed:
        atomic { seen = cur; cur = 0; value = 0 }
    :: seen == LAST -> break
    od
}

/* writer.c: the end of mms__writer_publish_as: mms__wake_due, and the wake-up if it is. */
inline wake_if_due()
{
#ifndef MUTATE_no_wake_fence
    fence_seq_cst();
#endif
    load(cur, WAITING);
    if
    :: cur != 0 ->
#ifdef MUTATE_clear_flag_last
        load(cur, WAKE);
        store(WAKE, cur + 1);
        store(WAITING, 0);
#else
        store(WAITING, 0);
        load(cur, WAKE);
        store(WAKE, cur + 1);
#endif
        mms__futex_wake_all()
    :: cur == 0
    fi;
    cur = 0
}

proctype writer()
{
    byte cpu = WRITER;
    byte generation, cur;

again:
    {
        generation = mem[CURRENT];
#ifndef MUTATE_successor_does_not_wake
        if
        :: killed -> /* open_writer.c: wake_readers */
            store(WAITING, 1);
            wake_if_due();
            mms__futex_wake_all()
        :: !killed
        fi;
#endif
        do
        :: generation < LAST ->
            generation++;
            store(CURRENT, generation); /* mms__publish */
            wake_if_due()
        :: generation == LAST -> goto stop
        od
    }
#if KILLS > 0
    unless
    {
        d_step { die -> drain(cpu); die = 0; killed = 1 }
    }
#endif
    ;
    atomic { generation = 0; cur = 0 };
    goto again;
stop:
    skip
}

#if KILLS > 0
active proctype killer()
{
    byte kills;

end:
    do
    :: d_step { kills < KILLS && !die -> die = 1; kills++ }
    od
}
#endif

init
{
    byte w;

    atomic {
        do
        :: w < WAITERS -> run waiter(w); w++
        :: else -> break
        od;
        run writer()
    }
}
