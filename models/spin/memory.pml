/* SPDX-License-Identifier: Apache-2.0 */
/* Shared memory and what may be done to it: the only place where the models of sequentially consistent memory and of
   store buffers (-DTSO) differ. A process is a processor: its variable `cpu` is its number. Each primitive is one step,
   as include/mmsync/atomic.h names them; acquire and release need nothing more, as neither memory lets loads pass loads,
   stores pass stores, or a store an earlier load. models/weak is for machines that do.

   -DTSO: a store waits in its processor's buffer until `hardware` moves it to memory, at any time, in order. A load looks
   into its own buffer first. A fence, an atomic read-modify-write and a system call empty it. A death does too: what a
   processor has retired becomes visible, and the kernel frees locks after it.

   The includer defines CPUS and WORDS, and DEPTH, the length of a buffer: when it is full, a store waits. */

byte mem[WORDS];
hidden byte m_at, m_is; /* scratch of one step */

#ifdef COUNT_STEPS
#define count_step steps++
#else
#define count_step skip
#endif

#ifdef TSO

typedef store_buffer {
    byte used;
    byte at[DEPTH];
    byte is[DEPTH]
};
store_buffer buffer[CPUS];

inline move_one(c)
{
    mem[buffer[c].at[0]] = buffer[c].is[0];
    buffer[c].used--;
    m_at = 0;
    do
    :: m_at < DEPTH - 1 ->
        buffer[c].at[m_at] = buffer[c].at[m_at + 1];
        buffer[c].is[m_at] = buffer[c].is[m_at + 1];
        m_at++
    :: else -> break
    od;
    buffer[c].at[DEPTH - 1] = 0;
    buffer[c].is[DEPTH - 1] = 0;
    m_at = 0
}

inline drain(c) /* within a step */
{
    do
    :: buffer[c].used > 0 -> move_one(c)
    :: else -> break
    od
}

inline put(address, value) /* within a step that has seen `has_room` */
{
    count_step;
    m_at = address; /* once: it may depend on what follows */
    m_is = value;
    buffer[cpu].at[buffer[cpu].used] = m_at;
    buffer[cpu].is[buffer[cpu].used] = m_is;
    buffer[cpu].used++;
    m_at = 0;
    m_is = 0
}

#define has_room (buffer[cpu].used < DEPTH)

inline get(to, address) /* within a step */
{
    count_step;
    m_at = buffer[cpu].used;
    do
    :: m_at > 0 && buffer[cpu].at[m_at - 1] != (address) -> m_at--
    :: else -> break
    od;
    if
    :: m_at > 0 -> to = buffer[cpu].is[m_at - 1]
    :: else -> to = mem[address]
    fi;
    m_at = 0
}

active proctype hardware()
{
    byte c;
end:
    do
    :: d_step { buffer[0].used > 0 -> move_one(0) }
#if CPUS > 1
    :: d_step { buffer[1].used > 0 -> move_one(1) }
#endif
#if CPUS > 2
    :: d_step { buffer[2].used > 0 -> move_one(2) }
#endif
#if CPUS > 3
    :: d_step { buffer[3].used > 0 -> move_one(3) }
#endif
    od
}

#else /* sequentially consistent */

inline drain(c)
{
    skip
}
inline put(address, value)
{
    count_step;
    mem[address] = value
}
#define has_room true
inline get(to, address)
{
    count_step;
    to = mem[address]
}

#endif

/* Steps. What a process does with what it has loaded, and with nothing that others see, is part of the step of the load: so
   the models say atomic { load(...); decide }. */
inline load(to, address)
{
    d_step { get(to, address) }
}
inline store(address, value)
{
    d_step { has_room -> put(address, value) }
}
inline fence_seq_cst()
{
    d_step { drain(cpu) }
}
/* A store and the fence after it: one step, since between the two no other process sees the store,
   and this one loads nothing. */
inline store_and_fence(address, value)
{
    d_step { drain(cpu); count_step; mem[address] = value }
}
/* A compare-and-swap empties the buffer. done = 1 if the word was `old`. */
inline cas_seq_cst(address, old, new, done)
{
    d_step {
        drain(cpu);
        if
        :: mem[address] == (old) -> mem[address] = new; done = 1
        :: else -> done = 0
        fi
    }
}
