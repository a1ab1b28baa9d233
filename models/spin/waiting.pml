/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G8 */
/* Waiters sleep until something newer is published: src/region/wait.c and the waiting part of protocol.h. The writer may be
   killed at any step (KILLS times); its successor wakes whoever sleeps. There are no time-outs here: in the library they cut
   sleeps into seconds, and a lost wake-up would hide behind that. A lost wake-up is a waiter that sleeps when all is over:
   an invalid end state. With -DMANY the writer wakes one, and that one the rest. With -DFALLS=1 one waiter is killed between
   its turn and its wake: then the next publish wakes the others. */
#ifndef KILLS
#define KILLS 0
#endif
#ifndef DEPTH
#define DEPTH 3
#endif

#define CURRENT 0 /* the generation alone */
#define WAKE 1
#define WAITING 2
#define RELAY 3 /* 0, or the publish's `wake` * 4 + 1 + turns that are left */
#define WORDS 4
#ifndef FALLS
#define FALLS 0
#endif
#define CPUS (WAITERS + 1)
#define WRITER WAITERS

bit asleep[WAITERS];
bit killed, die, fell;

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

/* Whom the kernel wakes is open. */
inline mms__futex_wake_one(woken)
{
    atomic {
        drain(cpu);
        if
        :: asleep[0] -> asleep[0] = 0; woken = 1
#if WAITERS > 1
        :: asleep[1] -> asleep[1] = 0; woken = 1
#endif
#if WAITERS > 2
        :: asleep[2] -> asleep[2] = 0; woken = 1
#endif
        :: else -> woken = 0
        fi
    }
}

/* wait.c: pass_on, after a sleep. Before one it can only help. */
inline pass_on()
{
    atomic { load(word, RELAY); turn = 0 };
    if
    :: word % 4 >= 2 ->
#ifdef MUTATE_close_relay_at_turn
        cas_seq_cst(RELAY, word, 0, turn)
#else
        cas_seq_cst(RELAY, word, word - 1, turn)
#endif
    :: else
    fi;
    if
#if FALLS > 0
    :: turn && !fell && mem[CURRENT] < LAST -> fell = 1; goto dead
#endif
    :: turn ->
        mms__futex_wake_all();
        load(now, RELAY);
        if
#ifdef MUTATE_close_any_relay
        :: now != 0 ->
#else
        :: now != 0 && now / 4 == word / 4 ->
#endif
            cas_seq_cst(RELAY, now, 0, turn)
        :: else
        fi
    :: !turn
    fi;
    atomic { word = 0; now = 0; turn = 0 }
}

proctype waiter(byte cpu)
{
    byte seen, cur, value;
#ifdef MANY
    byte word, now;
    bit turn;
#endif

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
#if defined MANY && !defined MUTATE_rest_not_woken
        pass_on();
#endif
        goto sleep;
changed:
        atomic { seen = cur; cur = 0; value = 0 }
    :: seen == LAST -> break
    od;
dead:
    skip
}

/* wake.h: mms__wake_waiters, for many: mms__relay_open, and one. */
inline wake_one()
{
    atomic { load(cur, WAKE) };
    store(RELAY, cur * 4 + 3);
    mms__futex_wake_one(woken);
    if
    :: woken
    :: !woken -> store(RELAY, 0)
    fi;
    woken = 0
}

/* wake.h: mms__wake_due, and the wake-up if it is. */
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
#ifdef MANY
        wake_one()
#else
        mms__futex_wake_all()
#endif
    :: cur == 0
#if defined MANY && !defined MUTATE_open_relay_ignored
        ->
        load(cur, RELAY);
        if
        :: cur != 0 -> wake_one()
        :: cur == 0
        fi
#endif
    fi;
    cur = 0
}

proctype writer()
{
    byte cpu = WRITER;
    byte generation, cur;
    bit woken;

again:
    {
        generation = mem[CURRENT];
#ifndef MUTATE_successor_does_not_wake
        if
        :: killed -> /* writer_open.c: wake_readers */
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
    atomic { generation = 0; cur = 0; woken = 0 };
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
