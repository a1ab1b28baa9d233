/* SPDX-License-Identifier: Apache-2.0 */
/* A whole system of a writer, readers, and somebody who kills them. A model sets the parameters and includes this:

   READERS SLOTS LAST   how many, how many, and the last generation that is published
   LINES                of the reader table; READERS unless it says otherwise
   PIN_TRIES            MMS__PIN_TRIES; smaller here, so that FROM is reached with few publishes
   STARTS_SYMMETRIC     0 or 1: the fence mode
   COPIERS              processes that copy values without announcing anything
   KILLS                how many processes are killed, of those with numbers in FIRST_VICTIM .. LAST_VICTIM
   and what reader.pml and writer.pml name */

#if LAST <= SLOTS
#error "no slot would ever be used again: LAST must be above SLOTS"
#endif
#ifndef LINES
#define LINES READERS
#endif
#ifndef PIN_TRIES
#define PIN_TRIES 2
#endif
#ifndef STARTS_SYMMETRIC
#define STARTS_SYMMETRIC 0
#endif
#ifndef EVICTABLE
#define EVICTABLE 0
#endif
#ifndef COPIERS
#define COPIERS 0
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef FIRST_VICTIM
#define FIRST_VICTIM 0
#endif
#ifndef LAST_VICTIM
#define LAST_VICTIM READERS
#endif
#ifndef DEPTH
#define DEPTH 4
#endif

byte nudges, nudged;     /* how often; the number of the nudge that holds: a writer wants symmetric fences, and has said so */
byte lock[READERS + 1];  /* lock bytes in `readers`: 0, or who has it + 1. The kernel frees those of the dead */
byte reaped;             /* a set of owners - 1: dead, their lines cleared, and their bytes not taken since */
byte die;                /* 0, or the process to be killed + 1 */

#ifdef SWITCH
#ifdef SWITCH_AT_OPEN
#define refusable 0
#else
#define refusable 1
#endif
#endif

inline release_locks(cpu)
{
    w_slot = 0;
    do
    :: w_slot < READERS ->
        if
        :: lock[w_slot] == cpu + 1 -> lock[w_slot] = 0
        :: else
        fi;
        w_slot++
    :: else -> break
    od;
    w_slot = 0
}

#include "protocol.pml"
#include "writer.pml"
#include "reader.pml"

#if KILLS > 0
proctype killer()
{
    byte kills, victim;

    do
    :: kills < KILLS ->
        atomic {
            die == 0 ->
                kills++;
                select(victim : FIRST_VICTIM .. LAST_VICTIM);
                die = victim + 1;
                victim = 0
        }
    :: kills == KILLS -> break
    od
}
#endif

init
{
    byte r;

    atomic {
        mem[WANTED] = (STARTS_SYMMETRIC -> SYMMETRIC : ASYMMETRIC);
#ifndef ATTACH
        mem[HIGH_WATER] = READERS;
#endif
        do
        :: r < READERS ->
#ifndef ATTACH
            mem[OWNER(r)] = r + 1;
            mem[MODE(r)] = mem[WANTED];
            mem[FLAGS(r)] = (r < EVICTABLE);
            lock[r] = r + 1;
#endif
            run reader(r);
            r++
        :: else -> break
        od;
        run writer();
#if COPIERS > 0
        run copier();
#endif
#if KILLS > 0
        run killer()
#endif
    }
}
