/* SPDX-License-Identifier: Apache-2.0 */
/* src/region/protocol.h and include/mmsync/pin.h, function by function, over memory.pml. A generation is 4 bits and a slot 3
   here; everything else is as there. MUTATE_x are deliberate breaks, which some model has to notice (run --mutants). */

/* pin.h: `current` = generation | nudge | slot; `announce` = generation << 2 | tag */
#define NUDGE 8
#define WORD(generation, slot) ((generation) << 4 | (slot))
#define GENERATION(word) ((word) >> 4)
#define SLOT(word) ((word) & 7)
#define IDLE 0
#define EXACT(word) (GENERATION(word) << 2 | 1)
#define FROM(word) (GENERATION(word) << 2 | 2)
#define IS_EXACT(announce) (((announce) & 3) == 1)
#define IS_FROM(announce) (((announce) & 3) == 2)

#define SYMMETRIC 1
#define ASYMMETRIC 2

/* layout.h: where the words are. */
#define CURRENT 0
#define WANTED 1 /* control->fence */
#define HIGH_WATER 2
#define SLOT_AT(slot) (3 + 4 * (slot))
#define SLOT_GENERATION(slot) SLOT_AT(slot)
#define SLOT_SIZE(slot) (SLOT_AT(slot) + 1) /* stands for all that the descriptor says of the value */
#define DATA_0(slot) (SLOT_AT(slot) + 2)    /* two words of the value; each holds its generation */
#define DATA_1(slot) (SLOT_AT(slot) + 3)
#ifdef QUICK
#define LINE_WORDS 5
#define AGAIN(line) (LINE_AT(line) + 4) /* here a generation without a tag */
#else
#define LINE_WORDS 4
#endif
#define LINE_AT(line) (SLOT_AT(SLOTS) + LINE_WORDS * (line))
#define ANNOUNCE(line) LINE_AT(line)
#define OWNER(line) (LINE_AT(line) + 1)
#define MODE(line) (LINE_AT(line) + 2)
#define FLAGS(line) (LINE_AT(line) + 3) /* 1: allow_evict */
#define WORDS (3 + 4 * (SLOTS) + LINE_WORDS * (LINES))
#define CPUS (READERS + 1)
#define WRITER READERS

#include "memory.pml"

/* Used by the checks only; no process reads these. */
byte pinned[READERS + 1]; /* by reader: its slot + 1 */
bit in_from[READERS + 1];  /* by reader: between announcing FROM and narrowing it */
byte returned;             /* generation of the last publish that has returned to its caller */

/* ---- Reader: pin.h ---- */

/* The store and the light fence of mms__announce and mms__pin; `value` is EXACT(...) or FROM(...). */
inline announce_and_fence(line, value, symmetric)
{
#ifdef MUTATE_no_light_fence
    d_step { has_room -> put(ANNOUNCE(line), value); pinned[cpu] = 0 }
#else
    d_step {
        (symmetric || has_room) ->
            if
            :: symmetric -> drain(cpu); count_step; mem[ANNOUNCE(line)] = value
            :: !symmetric -> put(ANNOUNCE(line), value) /* a compiler barrier */
            fi;
            pinned[cpu] = 0
    }
#endif
}

/* The load of mms__announce: what is current now? Pinned if that is `word`. Within a step. */
inline validate(word, cur)
{
    d_step {
        get(cur, CURRENT);
#ifdef MUTATE_no_validation
        cur = word;
#endif
        if
        :: cur == word -> pinned[cpu] = SLOT(word) + 1
        :: else
        fi
    }
}

inline mms__announce_idle(line)
{
    d_step { has_room -> put(ANNOUNCE(line), IDLE); pinned[cpu] = 0 }
}

/* whole = the slot was not taken away. `current` first, then the slot's generation word. */
inline mms__still_whole(word, cur, whole)
{
    d_step { get(cur, CURRENT); whole = (cur == word); cur = 0 };
    if
    :: d_step { !whole -> get(cur, SLOT_GENERATION(SLOT(word))); whole = (cur == GENERATION(word)); cur = 0 }
    :: whole
    fi
}

/* ---- Reader: protocol.h ---- */

/* next: the last `current` seen. Afterwards the word pinned, or 0. */
inline mms__pin(line, next, symmetric, cur, tries)
{
    do
    :: atomic {
            next != 0 && tries < PIN_TRIES ->
                announce_and_fence(line, EXACT(next), symmetric)
        };
        atomic {
            validate(next, cur);
            if
            :: cur == next -> cur = 0; tries = 0; break
            #ifdef MUTATE_pin_without_bound
            :: else -> next = cur; cur = 0
#else
            :: else -> next = cur; cur = 0; tries++
#endif
            fi
        }
    :: atomic {
            next != 0 && tries == PIN_TRIES ->
                announce_and_fence(line, FROM(next), symmetric);
                in_from[cpu] = 1
        };
        d_step { get(next, CURRENT); pinned[cpu] = SLOT(next) + 1; assert(next != 0) };
        d_step { has_room -> put(ANNOUNCE(line), EXACT(next)); in_from[cpu] = 0; tries = 0 };
        break
    :: atomic { next == 0 -> mms__announce_idle(line); tries = 0; break }
    od
}

inline mms__say_again(line, word)
{
#if defined QUICK && !defined MUTATE_again_unsaid
    store(AGAIN(line), GENERATION(word))
#else
    skip
#endif
}

inline raise_mark(line) /* the loop of compare-and-swaps in mms__line_claim, which nothing can disturb half-way */
{
    d_step {
        drain(cpu);
        if
        :: mem[HIGH_WATER] < line + 1 -> mem[HIGH_WATER] = line + 1
        :: else
        fi
    }
}

/* done = 1: the line is ours. */
inline mms__line_claim(line, owner, mode, flags, done)
{
#ifndef MUTATE_mark_after_claim
    raise_mark(line);
#endif
    cas_seq_cst(OWNER(line), 0, owner, done);
    if
    :: done ->
        store(FLAGS(line), flags);
#ifdef QUICK
        store(AGAIN(line), 0);
#endif
        store_and_fence(MODE(line), mode)
#ifdef MUTATE_mark_after_claim
        ;
        raise_mark(line)
#endif
    :: else -> skip
    fi
}

inline mms__line_set_mode(line, mode)
{
#ifdef MUTATE_no_mode_fence
    store(MODE(line), mode)
#else
    store_and_fence(MODE(line), mode)
#endif
}

inline mms__line_clear(line)
{
#ifdef MUTATE_owner_before_announce
    store(OWNER(line), 0);
    store(ANNOUNCE(line), IDLE)
#else
    store(ANNOUNCE(line), IDLE);
    d_step { has_room -> put(OWNER(line), 0); pinned[cpu] = 0 }
#endif
}

/* ---- Writer: protocol.h ---- */

/* kind = 0 nothing, 1 exact, 2 from, 3 all. Where lines are never claimed and modes never change, their words are not loaded:
   fewer steps. The announcement's load and what follows from it are one step with what the includer does next. */
inline line_read_head(line, owner, mode)
{
#if defined ATTACH || defined SWITCH
    load(owner, OWNER(line));
    load(mode, MODE(line))
#else
    skip
#endif
}
inline line_read_announce(line, can_membarrier, owner, mode, announce, kind) /* within a step */
{
#if !defined ATTACH && !defined SWITCH
    owner = mem[OWNER(line)];
    mode = SYMMETRIC; /* in both modes the scan may believe the announcement */
#endif
#ifdef MUTATE_trust_asymmetric
    mode = SYMMETRIC;
#endif
    get(announce, ANNOUNCE(line));
    kind = (owner == 0 -> 0 :
           (mode == ASYMMETRIC && !can_membarrier -> 3 :
           (IS_EXACT(announce) -> 1 :
           (IS_FROM(announce) -> 2 : 0))))
}

#ifdef MUTATE_from_covers_one
#define IN_FROM(from, generation) ((from) == (generation))
#else
#define IN_FROM(from, generation) ((from) <= (generation))
#endif
#define mms__covers(kind, announce, generation) \
    (kind == 3 || (kind == 1 && (announce >> 2) == (generation)) || (kind == 2 && IN_FROM(announce >> 2, generation)))

inline mms__slot_take(slot, generation)
{
    store_and_fence(SLOT_GENERATION(slot), generation)
}

inline mms__publish(generation, slot)
{
    store(CURRENT, WORD(generation, slot))
}

inline mms__nudge(cur)
{
    load(cur, CURRENT);
    if
#if defined MUTATE_no_nudge
    :: cur != 0 -> skip
#elif defined MUTATE_nudge_toggles
    :: cur != 0 -> store(CURRENT, cur ^ NUDGE)
#else
    :: cur != 0 -> store(CURRENT, cur | NUDGE)
#endif
    :: else -> skip
    fi
}
