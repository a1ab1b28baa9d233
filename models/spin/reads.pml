/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G2 */
/* A read ends after a bounded number of the reader's own steps, whatever others do: `current` and the slots' generation words
   change to anything at any moment, for ever. The constants are those of the library. No step of a reader waits: none has a
   condition that another process must make true (a store waits for room in its own processor's buffer). */
#define READERS 1
#define SLOTS 2
#define LINES 1
#define PIN_TRIES 8      /* protocol.h: MMS__PIN_TRIES */
#define EVICTION_TRIES 8 /* reader.c */
#ifndef DEPTH
#define DEPTH 3
#endif
#define COUNT_STEPS

/* Accesses to shared words: mms__pin at most 2 for each try and 3 for FROM; pin_fitting 3 more for each of its own tries;
   mms_read 2, pin_newest 1, adopt_fence 2, `again` 1, the idle announcement after a failure 1. Not counted: the fields of the descriptor,
   which are a fixed number more for each of the tries. */
#define PIN_STEPS (2 * PIN_TRIES + 3)
#ifndef BOUND
#define BOUND (2 + 1 + EVICTION_TRIES * (PIN_STEPS + 3) + 2 + 1 + 1)
#endif

byte steps;
#include "protocol.pml"

proctype reader(byte cpu)
{
    byte word, next, cur, tries, evictions;
    bit symmetric; /* either way the same steps */

    do
    :: true ->
        steps = 0;
        if
        :: word != 0 -> /* fast.h: mms_read */
            announce_and_fence(0, EXACT(word), symmetric);
            atomic {
                validate(word, cur);
                if
                :: cur == word -> cur = 0; goto done
                :: else -> cur = 0
                fi
            }
        :: word == 0
        fi;
        load(next, CURRENT); /* reader.c: pin_newest */
        do /* pin_fitting */
        :: evictions < EVICTION_TRIES && next != 0 ->
            mms__pin(0, next, true, cur, tries);
            atomic {
                load(cur, SLOT_GENERATION(SLOT(next)));
                if
                :: cur == GENERATION(next) -> word = next; cur = 0; goto adopt
                :: else -> cur = 0; evictions++
                fi
            };
            load(cur, CURRENT); /* fail_misfit */
            atomic { load(next, CURRENT); cur = 0 }
        :: evictions == EVICTION_TRIES || next == 0 -> break
        od;
        mms__announce_idle(0); /* MMS_E_EVICTED */
        word = 0;
adopt:
        cur = 0;
        load(cur, WANTED); /* adopt_fence: two steps at most */
        store_and_fence(MODE(0), SYMMETRIC);
        store(FLAGS(0), 0); /* stands for `again` */
done:
        atomic {
            assert(steps <= BOUND); /* G2 */
            next = 0;
            cur = 0;
            evictions = 0;
            steps = 0;
            pinned[0] = 0
        }
    od
}

/* Whatever writers could do. */
active proctype anybody()
{
    do
    :: mem[CURRENT] = WORD(1, 0)
    :: mem[CURRENT] = WORD(2, 1)
    :: mem[SLOT_GENERATION(0)] = 1
    :: mem[SLOT_GENERATION(0)] = 3
    od
}

init
{
    mem[CURRENT] = WORD(1, 0);
    mem[SLOT_GENERATION(1)] = 2;
    mem[OWNER(0)] = 1;
    run reader(0)
}
