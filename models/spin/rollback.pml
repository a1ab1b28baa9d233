/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G1 G3 G4 G6 G13 */
/* Going back: src/region/rollback.c and keep.c, and what pool_take.c, reclaim.c and writer_open.c do for them. A writer
   publishes values, aborts writes, goes back to values that are whole, in place or by a copy, and is killed at any step; its
   successor finds out from `published` what is whole. By itself; memory is sequentially consistent, as views.pml has the
   fences.

   READERS  that pin values and look at all of them
   SLOTS    nothing that is kept ever gives way: the writer waits for readers instead
   LAST     the last generation that is given out
   KEEP     retired values that scans leave alone
   ABORTS KILLS  how often */

#ifndef ABORTS
#define ABORTS 0
#endif
#ifndef KILLS
#define KILLS 0
#endif

#define WORD(generation, slot) ((generation) << 3 | (slot))
#define GENERATION(word) ((word) >> 3)
#define SLOT(word) ((word) & 7)
#define HAS(set, slot) (((set) >> (slot)) & 1)
#define GARBAGE 15

/* layout.h */
typedef descriptor {
    byte generation, published;
    byte value[2]; /* the bytes: which generation first had them */
    byte says      /* size, type, schema, tag and checksum: of which value */
}
descriptor slots[SLOTS];
byte current;
byte announce[READERS]; /* EXACT of a generation; 0: IDLE */

/* Used by the checks only: which value each generation had, how many retired ones must be there, and the writers that
   still die. */
byte was[LAST + 1];
byte owed;
byte kills = KILLS;
bit die;
hidden byte h_i, h_j, h_count;

#define IS_WHOLE(slot) (slots[slot].generation != 0 && slots[slot].published == slots[slot].generation)

/* ---- What must always hold ---- */

/* A word that proves a value is of one that was current, and whose bytes are all there. */
inline check_proofs()
{
    h_i = 0;
    do
    :: h_i < SLOTS && IS_WHOLE(h_i) ->
        assert(slots[h_i].generation <= GENERATION(current));
        assert(slots[h_i].value[0] == was[slots[h_i].generation]);
        assert(slots[h_i].value[1] == was[slots[h_i].generation]);
        assert(slots[h_i].says == was[slots[h_i].generation]);
        h_i++
    :: h_i < SLOTS && !IS_WHOLE(h_i) -> h_i++
    :: h_i == SLOTS -> break
    od;
    h_i = 0
}

/* Between two calls nothing is missing: the current value can be gone back to later, and so can those that are kept. */
inline check_rest()
{
    assert(current == 0 || IS_WHOLE(SLOT(current)));
    h_count = 0;
    h_i = 0;
    do
    :: h_i < SLOTS ->
        if
        :: IS_WHOLE(h_i) && h_i != SLOT(current) -> h_count++
        :: else
        fi;
        h_i++
    :: h_i == SLOTS -> break
    od;
    assert(h_count >= owed);
    h_i = 0;
    h_count = 0
}

proctype monitor()
{
    do
    :: d_step { check_proofs() }
    od
}

/* ---- The reader: include/mmsync/pin.h ---- */

proctype reader(byte me)
{
    byte seen, now, last;

    do
    :: seen = current;
        if
        :: seen == 0 -> skip
        :: seen != 0 ->
            announce[me] = GENERATION(seen);
            now = current;
            if
            :: now != seen -> d_step { announce[me] = 0; seen = 0; now = 0 }
            :: now == seen ->
                d_step {
                    assert(GENERATION(now) >= last); /* G3 */
                    last = GENERATION(now);
                    assert(slots[SLOT(now)].value[0] == was[last]) /* G1 */
                };
                assert(slots[SLOT(now)].value[1] == was[last] && slots[SLOT(now)].says == was[last]);
                d_step {
                    /* the end of the view: nobody may take it away (G4) */
                    assert(current == now || slots[SLOT(now)].generation == last);
                    announce[me] = 0;
                    seen = 0;
                    now = 0
                }
            fi
        fi
    od
}

/* ---- The writer ---- */

#define IS_NEWER(slot, than) ((than) == SLOTS || slots[slot].generation > slots[than].generation)
#ifdef MUTATE_kept_and_freed
#define IS_KEPT(slot) false
#else
#define IS_KEPT(slot) HAS(kept, slot)
#endif

/* mms__keep_inherit, mms__is_kept: the newest KEEP values that are whole and retired. */
inline find_kept()
{
    d_step {
        kept = 0;
        h_count = 0;
        do
        :: h_count < KEEP ->
            h_j = SLOTS;
            h_i = 0;
            do
            :: h_i < SLOTS ->
                if
                :: HAS(whole, h_i) && !HAS(kept, h_i) && h_i != SLOT(current) && IS_NEWER(h_i, h_j) -> h_j = h_i
                :: else
                fi;
                h_i++
            :: h_i == SLOTS -> break
            od;
            if
            :: h_j < SLOTS -> kept = kept | (1 << h_j)
            :: else
            fi;
            h_count++
        :: h_count == KEEP -> break
        od;
        h_i = 0;
        h_j = 0;
        h_count = 0
    }
}

/* reclaim: one line after the other. */
inline scan_line(line)
{
    d_step {
        covered = (line == 0 -> 0 : covered);
        h_i = 0;
        do
        :: h_i < SLOTS ->
            if
            :: announce[line] != 0 && slots[h_i].generation == announce[line] -> covered = covered | (1 << h_i)
            :: else
            fi;
            h_i++
        :: h_i == SLOTS -> break
        od;
        h_i = 0
    }
}

inline scan()
{
    scan_line(0);
#if READERS > 1
    scan_line(1);
#endif
    find_kept();
    d_step {
        h_i = 0;
        do
        :: h_i < SLOTS ->
            if
            :: current != 0 && h_i == SLOT(current) -> free = free & ~(1 << h_i)
            :: !(current != 0 && h_i == SLOT(current)) && !HAS(covered, h_i) && !IS_KEPT(h_i) && h_i != spared ->
                free = free | (1 << h_i)
            :: else
            fi;
            h_i++
        :: h_i == SLOTS -> break
        od;
        h_i = 0
    }
}

/* mms__pool_take: any that is free. Until its word has changed, `published` proves what is in it. */
inline take()
{
    do /* patience */
    :: free == 0 -> scan()
    :: free != 0 -> break
    od;
    atomic {
        to = 0;
        do
        :: HAS(free, to) -> break
        :: to < SLOTS - 1 && free >> (to + 1) != 0 -> to++
        od;
        free = free & ~(1 << to);
        whole = whole & ~(1 << to)
    };
#ifdef MUTATE_word_after_bytes
    slots[to].value[0] = GARBAGE;
#endif
    slots[to].generation = GENERATION(current) + 1
}

/* mms__publish, and the note behind it; `value` is what it must be. */
inline publish(value)
{
#ifdef MUTATE_published_early
    slots[to].published = GENERATION(current) + 1;
#endif
    d_step {
        if
        :: current != 0 && owed < KEEP -> owed++
        :: else
        fi;
        was[GENERATION(current) + 1] = value;
        current = WORD(GENERATION(current) + 1, to)
    };
    d_step {
        slots[to].published = GENERATION(current);
        whole = whole | (1 << to);
        to = 0
    }
}

inline write_value()
{
    take();
    slots[to].value[0] = GENERATION(current) + 1;
    d_step {
        slots[to].value[1] = GENERATION(current) + 1;
        slots[to].says = GENERATION(current) + 1
    };
    publish(GENERATION(current) + 1)
}

inline abort_value()
{
    take();
    d_step {
        slots[to].value[0] = GARBAGE;
        free = free | (1 << to);
        aborts++
    }
}

/* publish_in_place: its bytes stay. */
inline again_in_place()
{
    find_kept();
    d_step {
        to = from;
        free = free & ~(1 << to);
        whole = whole & ~(1 << to);
        if
        :: HAS(kept, to) && owed > 0 -> owed--
        :: else
        fi;
#ifndef MUTATE_word_stays
        slots[to].generation = GENERATION(current) + 1
#endif
    };
    publish(slots[to].says)
}

/* publish_copy: a reader covers it. */
inline again_by_copy()
{
    take();
    slots[to].value[0] = slots[from].value[0];
    d_step {
        slots[to].value[1] = slots[from].value[1];
        slots[to].says = slots[from].says
    };
    publish(slots[to].says)
}

/* Any value that is whole and not current; mms__pool_is_free scans, and spares it. */
inline roll_back()
{
    atomic {
        from = 0;
        do
        :: HAS(whole, from) && from != SLOT(current) -> break
        :: from < SLOTS - 1 -> from++
        :: from == SLOTS - 1 && !(HAS(whole, from) && from != SLOT(current)) -> from = SLOTS; break
        od;
        spared = from
    };
    if
    :: from == SLOTS -> skip /* MMS_E_FORGOTTEN */
    :: from < SLOTS ->
        if
        :: HAS(free, from)
        :: !HAS(free, from) -> scan()
        fi;
        if
#ifdef MUTATE_under_a_reader
        :: true -> again_in_place()
#else
        :: !HAS(covered, from) -> again_in_place()
        :: HAS(covered, from) -> again_by_copy()
#endif
        fi
    fi;
    d_step {
        from = 0;
        spared = SLOTS
    }
}

/* writer_open.c: from what a dead writer has left. */
inline open_region()
{
#ifndef MUTATE_successor_notes_nothing
    if
    :: current != 0 -> slots[SLOT(current)].published = GENERATION(current)
    :: current == 0
    fi;
#endif
    d_step {
        h_i = 0;
        do
        :: h_i < SLOTS ->
            if
            :: slots[h_i].generation == 0 -> free = free | (1 << h_i)
#ifdef MUTATE_word_is_proof
            :: slots[h_i].generation != 0 -> whole = whole | (1 << h_i)
#else
            :: IS_WHOLE(h_i) -> whole = whole | (1 << h_i)
#endif
            :: else
            fi;
            h_i++
        :: h_i == SLOTS -> break
        od;
        h_i = 0
    }
}

proctype writer()
{
    byte free, whole, kept, covered, to, from, spared = SLOTS, aborts;

    do
    ::  {
            open_region();
            do
            :: d_step {
                    check_rest();
                    covered = 0;
                    kept = 0;
                    to = 0
                };
                if
                :: GENERATION(current) < LAST -> write_value()
                :: GENERATION(current) < LAST && current != 0 -> roll_back()
                :: GENERATION(current) < LAST && aborts < ABORTS -> abort_value()
                :: GENERATION(current) == LAST -> goto done
                fi
            od
        } unless { die };
        d_step {
            die = 0;
            free = 0;
            whole = 0;
            kept = 0;
            covered = 0;
            to = 0;
            from = 0;
            spared = SLOTS
        }
    od;
done:
    skip
}

proctype killer()
{
    do
    :: kills > 0 && !die -> atomic { kills--; die = 1 }
    od
}

init
{
    atomic {
        byte i = 0;

        do
        :: i < READERS -> run reader(i); i++
        :: i == READERS -> break
        od;
        run writer();
        run monitor();
        run killer()
    }
}
