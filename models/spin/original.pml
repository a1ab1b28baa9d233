/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G1 */
/* Control: a torn read has to be found. The protocol of the Rust crate mmap-sync 2.0.4, as tests/stress/original_protocol.h has
   it: a reader loads the version, counts itself in, and never looks again; a writer takes the other slot once nobody is
   counted in there. -DSECOND_LOOK adds the look that is missing, and nothing is found. */
#ifndef DEPTH
#define DEPTH 3
#endif
#define VERSION 0 /* the slot, and the publishes so far, which the original does not have */
#define COUNT(slot) (1 + (slot))
#define DATA_0(slot) (3 + 2 * (slot))
#define DATA_1(slot) (4 + 2 * (slot))
#define WORDS 7
#define CPUS (READERS + 1)
#define WRITER READERS

#include "memory.pml"

proctype reader(byte cpu)
{
    byte version, first, second;

    do
    :: load(version, VERSION); /* original_read */
#ifdef SECOND_LOOK
again:
#endif
        atomic { drain(cpu); mem[COUNT(version & 1)]++ };
#ifdef SECOND_LOOK
        load(first, VERSION);
        if
        :: first != version ->
            d_step { drain(cpu); mem[COUNT(version & 1)]--; version = first; first = 0 };
            goto again
        :: first == version
        fi;
#endif
        load(first, DATA_0(version & 1));
        load(second, DATA_1(version & 1));
        assert(first == second); /* G1: torn */
        d_step { drain(cpu); mem[COUNT(version & 1)]--; version = 0; first = 0; second = 0 } /* original_release */
    od
}

proctype writer()
{
    byte cpu = WRITER;
    byte published, slot;

    do
    :: published < LAST ->
        slot = 1 - slot; /* original_write_begin */
        d_step { mem[COUNT(slot)] == 0 -> drain(cpu) }
        published++;
        store(DATA_0(slot), published);
        store(DATA_1(slot), published);
        store(VERSION, published << 1 | slot) /* original_write_end */
    :: published == LAST -> break
    od
}

init
{
    byte r;

    atomic {
        do
        :: r < READERS -> run reader(r); r++
        :: else -> break
        od;
        run writer()
    }
}
