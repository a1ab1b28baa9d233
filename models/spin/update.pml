/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing changes: src/region/update.c, recording.c, catch_up.c, prepare.c, changes.c and
   changed.c, and what pool.c, pool_take.c, room.c and writer.c do for them. updates.pml and
   changes.pml include this. Memory is sequentially consistent. A pin is one step, and a slot is
   free that is neither current nor pinned: the other models are about that.

   SLOTS LAST  how many, and the last generation that is given out
   CELLS       of a value at most; 2 or 3. A cell holds the generation that changed it last
   RING        words of the ring in `changes`
   MOST        ranges in a record
   READERS     processes that pin a value and look at all of it
   ASKERS      processes that ask what has changed
   EVICT       the writer waits for nobody
   KILLS       how often the writer is killed, at any step; a successor takes over
   PREPARES    commits of updates prepare a free slot
   LOST        a successor may find `changes` damaged, and empties it
   GROWN       words of a larger ring, which a commit may make; it is another file, and then has the name
   BEGIN       the first position in the ring */

#ifndef READERS
#define READERS 0
#endif
#ifndef ASKERS
#define ASKERS 0
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef MOST
#define MOST 1
#endif

#define WORD(generation, slot) ((generation) << 3 | (slot))
#define GENERATION(word) ((word) >> 3)
#define SLOT(word) ((word) & 7)
#define HAS(set, cell) (((set) >> (cell)) & 1)
#define BELOW(size) ((1 << (size)) - 1)
#define SMALLER(a, b) ((a) < (b) -> (a) : (b))

/* layout.h: a record is three words here, then one for each range. */
#define HEADER 3
#define SUMMARY(previous, size, count) ((previous) << 4 | (size) << 2 | (count))
#define PREVIOUS(summary) ((summary) >> 4)
#define SMALLEST(summary) (((summary) >> 2) & 3) /* of the two sizes */
#define COUNT(summary) ((summary) & 3)
#define RANGE(offset, length) ((offset) << 2 | (length))
#define CELLS_OF(range) (BELOW((range) & 3) << ((range) >> 2))

typedef descriptor {
    byte generation, size, at; /* changes_at */
    byte published;            /* the note that this generation was */
    byte cell[CELLS]           /* the slot's bytes */
}
descriptor slots[SLOTS];
byte current;

#ifndef BEGIN
#define BEGIN RING
#endif
#ifdef GROWN
typedef file {
    byte low, high; /* tail, head */
    byte ring[GROWN]
}
file files[2];
bit named; /* which of them is called `changes`: the one that the writer has mapped */
#define RING_OF(file) ((file) -> GROWN : RING)
#define WORD_IN(file, position) files[file].ring[(position) % RING_OF(file)]
#define head files[named].high
#define tail files[named].low
#define ring_size RING_OF(named)
#define WORD_AT(position) WORD_IN(named, position)
#else
byte head = BEGIN, tail = BEGIN, ring[RING];
#define ring_size RING
#define WORD_AT(position) ring[(position) % RING]
#endif

/* Used by the checks only; no process reads these: the value that a slot must have, and the
   generation published in it last. */
typedef value {
    byte cell[CELLS];
    byte published
}
value wanted[SLOTS];
byte pinned[READERS + ASKERS + 1]; /* slot + 1 */
bit die;
hidden byte u_i;

#if READERS + ASKERS > 0
#define HELD_0(slot) (pinned[0] == (slot) + 1)
#else
#define HELD_0(slot) false
#endif
#if READERS + ASKERS > 1
#define HELD_1(slot) (pinned[1] == (slot) + 1)
#else
#define HELD_1(slot) false
#endif
#ifdef EVICT
#define MAY_TAKE(slot) (SLOT(current) != (slot))
#else
#define MAY_TAKE(slot) (SLOT(current) != (slot) && !HELD_0(slot) && !HELD_1(slot))
#endif

/* Where no process reads the bytes meanwhile, they change in one step. */
#if READERS > 0 || KILLS > 0
#define steps_of_data
#else
#define steps_of_data atomic
#endif

/* ---- Opening ---- */

/* writer_open.c: highest_generation; pool.c: inherit_content. */
inline inherit()
{
    d_step {
        slots[SLOT(current)].published = GENERATION(current);
        generation = 0;
        u_i = 0;
        do
        :: u_i < SLOTS ->
            generation =
                (slots[u_i].generation > generation -> slots[u_i].generation : generation);
#ifdef MUTATE_inherits_contents
            content[u_i] = wanted[u_i].published;
#else
            content[u_i] =
                (slots[u_i].published == slots[u_i].generation -> slots[u_i].generation : 0);
#endif
            u_i++
        :: else -> break
        od;
        u_i = 0
    }
}

/* changes_file.c: begin_above. Within a step. */
inline find_fresh()
{
    at = (head > tail -> head : tail);
    u_i = 0;
    do
    :: u_i < SLOTS -> at = (slots[u_i].at > at -> slots[u_i].at : at); u_i++
    :: else -> u_i = 0; break
    od;
#ifdef MUTATE_positions_again
    at = RING
#else
    at = (at + ring_size - 1) / ring_size * ring_size + ring_size
#endif
}

/* changes_file.c: straighten. */
inline straighten()
{
    if
    :: head < tail -> skip
#ifdef LOST
    :: head >= tail -> skip
#endif
    :: head >= tail -> goto write
    fi;
    d_step { find_fresh(); tail = at };
    head = at;
    at = 0
}

/* ---- Taking a slot ---- */

/* pool_take.c: mms__pool_take_newest; pool.h: mms__pool_mark. Any free slot will do: the newest is the fastest. */
inline take()
{
    atomic {
        if
        :: MAY_TAKE(0) -> slot = 0
        :: MAY_TAKE(1) -> slot = 1
#if SLOTS > 2
        :: MAY_TAKE(2) -> slot = 2
#endif
        fi;
        generation++;
#ifdef PREPARES
        d_step { find_lack(); p_slot = (p_slot == slot + 1 -> 0 : p_slot) };
#endif
        old = content[slot];
#ifndef MUTATE_content_stays
        content[slot] = 0;
#endif
#ifndef MUTATE_copies_before_mark
        slots[slot].generation = generation
#endif
    }
}

#ifdef PREPARES
/* prepare.c: mms__prepare_lack. Within a step. */
inline find_lack()
{
#ifdef MUTATE_part_unfollowed
    half = (p_slot == slot + 1)
#else
    half = (p_slot == slot + 1 && p_followed == GENERATION(current))
#endif
}
#define FORGET_LACK half = 0
#else
#define FORGET_LACK skip
#endif

/* ---- Catching up ---- */

/* changes.c: mms__ring_walk by the writer, who alone changes the ring; then catch_up.c:
   find_missed. `old` 0: everything. */
inline find_missed()
{
    d_step {
        size = slots[SLOT(current)].size;
        missed = 0;
        smallest = size;
        at = slots[SLOT(current)].at;
        last = GENERATION(current);
#ifdef MUTATE_newest_left_out
        if
        :: at >= tail && at != 0 -> last = PREVIOUS(WORD_AT(at + 1)); at = WORD_AT(at + 2)
        :: else
        fi;
#endif
        do
        :: old != 0 && last > old ->
            if
            :: at < tail || at == 0 || WORD_AT(at) != last -> old = 0 /* forgotten */
            :: else ->
                add_record(missed, smallest);
                last = PREVIOUS(WORD_AT(at + 1));
                at = WORD_AT(at + 2)
            fi
        :: else -> break
        od;
#ifdef MUTATE_smallest_ignored
        smallest = size;
#endif
        missed = (old == 0 || last != old -> BELOW(size) :
                                             (missed | ~BELOW(smallest)) & BELOW(size));
#ifdef PREPARES
        missed = (half -> p_left & BELOW(size) : missed);
        half = 0;
#endif
        smallest = 0; at = 0; last = 0; old = 0
    }
}

/* What the record at `at` says. Within a step. */
inline add_record(set, least)
{
    least = SMALLER(least, SMALLEST(WORD_AT(at + 1)));
    u_i = 0;
    do
    :: u_i < COUNT(WORD_AT(at + 1)) -> set = set | CELLS_OF(WORD_AT(at + HEADER + u_i)); u_i++
    :: else -> u_i = 0; break
    od
}

/* catch_up.c: copy_ranges. */
inline copy_missed()
{
    i = 0;
    do
    :: d_step {
            i < CELLS && HAS(missed, i) ->
                slots[slot].cell[i] = slots[SLOT(current)].cell[i];
                i++
        }
    :: d_step { i < CELLS && !HAS(missed, i) -> i++ }
    :: d_step { i == CELLS -> i = 0; missed = 0 }; break
    od
}

/* ---- The caller ---- */

/* Another size, and cells that are new or touched. */
inline change()
{
    atomic {
        select(size : 1 .. CELLS);
        select(touched : 1 .. BELOW(CELLS));
        touched = touched & BELOW(SMALLER(size, slots[SLOT(current)].size))
    };
    i = 0;
    do
    :: d_step {
            i < size && (HAS(touched, i) || i >= slots[SLOT(current)].size) ->
                slots[slot].cell[i] = generation;
                i++
        }
    :: d_step { i < size && !HAS(touched, i) && i < slots[SLOT(current)].size -> i++ }
    :: d_step { i == size -> i = 0 }; break
    od
}

/* update.c: mms__update_undo, where the library knows what was touched. */
inline undo()
{
#ifdef MUTATE_abort_stays
    touched = 0;
#endif
    i = 0;
    do
    :: d_step {
            i < CELLS && HAS(touched, i) ->
                slots[slot].cell[i] = slots[SLOT(current)].cell[i];
                i++
        }
    :: d_step { i < CELLS && !HAS(touched, i) -> i++ }
    :: d_step { i == CELLS -> content[slot] = GENERATION(current); i = 0 }; break
    od
}

/* ---- The commit ---- */

/* range_set.c: mms__range_set_merge, coarsen. Within a step: from `touched` to range[]. */
inline merge()
{
    count = 0;
    u_i = 0;
    do
    :: u_i < CELLS && HAS(touched, u_i) && u_i > 0 && HAS(touched, u_i - 1) ->
        range[count - 1]++; /* longer by one */
        u_i++
    :: u_i < CELLS && HAS(touched, u_i) && !(u_i > 0 && HAS(touched, u_i - 1)) ->
        range[count] = RANGE(u_i, 1);
        count++;
        u_i++
    :: u_i < CELLS && !HAS(touched, u_i) -> u_i++
    :: else -> u_i = 0; break
    od;
    if
    :: count > MOST ->
        count = MOST;
#ifndef MUTATE_coarse_drops
        range[0] = RANGE(0, CELLS)
#endif
    :: else
    fi
}

/* changes.c: make_room. */
inline make_room(end)
{
    if
    :: d_step { tail + ring_size < (end) -> tail = (end) - ring_size }
    :: tail + ring_size >= (end)
    fi
}

#ifdef GROWN
/* changes_file.c: mms__ring_renew, make_whole, carry_over. Nobody sees the new file before it has the name; if the writer
   dies before that, the next one makes it anew. */
inline grow()
{
    d_step {
        u_i = 0;
        do
        :: u_i < GROWN -> files[1].ring[u_i] = 0; u_i++
        :: else -> u_i = 0; break
        od;
        at = (files[0].high >= GROWN ->
                  files[0].high : (files[0].high + GROWN - 1) / GROWN * GROWN + GROWN);
        files[1].high = at;
        files[1].low = (at == files[0].high -> files[0].low : at);
        i = files[1].low
    };
#ifdef MUTATE_carried_late
    named = 1;
#endif
    do
    :: d_step { i < at -> WORD_IN(1, i) = WORD_IN(0, i); i++ }
    :: d_step { i == at -> i = 0; at = 0 }; break
    od;
#ifndef MUTATE_carried_late
    named = 1
#endif
}
#endif

#ifdef MUTATE_tail_too_short
#define END (head + HEADER)
#else
#define END (head + HEADER + count)
#endif

/* changes.c: mms__ring_append. */
inline append()
{
    d_step { merge(); at = head };
#ifndef MUTATE_tail_after_words
    make_room(END);
#endif
    WORD_AT(at) = generation;
    WORD_AT(at + 1) =
        SUMMARY(GENERATION(current), SMALLER(size, slots[SLOT(current)].size), count);
    WORD_AT(at + 2) = slots[SLOT(current)].at;
    i = 0;
    do
    :: d_step { i < count -> WORD_AT(at + HEADER + i) = range[i]; i++ }
    :: d_step { i == count -> i = 0 }; break
    od;
#ifdef MUTATE_tail_after_words
    make_room(END);
#endif
#ifndef MUTATE_head_after_current
    head = head + HEADER + count;
#endif
}

/* protocol.h: mms__publish. G11: it is the value before, with what was touched. */
inline mms__publish()
{
    d_step {
        u_i = 0;
        do
        :: u_i < CELLS ->
            wanted[slot].cell[u_i] =
                (HAS(touched, u_i) || u_i >= slots[SLOT(current)].size -> generation :
                                                                 wanted[SLOT(current)].cell[u_i]);
            assert(u_i >= size || slots[slot].cell[u_i] == wanted[slot].cell[u_i]); /* G11 */
            u_i++
        :: else -> u_i = 0; break
        od;
        wanted[slot].published = generation;
        content[slot] = generation;
#ifdef PREPARES
        p_base = current;
#endif
        current = WORD(generation, slot)
    };
    slots[slot].published = generation /* mms__note_published */
}

/* ---- Preparing a free slot ---- */

#ifdef PREPARES
/* prepare.c: has_begun, follow. */
inline follow()
{
    d_step {
        p_slot = (p_followed == GENERATION(p_base) -> p_slot : 0);
        p_followed = GENERATION(current);
#ifndef MUTATE_sizes_unfollowed
        p_left = (p_left | ~BELOW(SMALLER(size, slots[SLOT(p_base)].size))) & BELOW(CELLS);
#endif
        u_i = 0;
        do
        :: p_slot != 0 && u_i < CELLS && HAS(touched, u_i) && !HAS(p_left, u_i) ->
#ifndef MUTATE_changes_unfollowed
            slots[p_slot - 1].cell[u_i] = slots[SLOT(current)].cell[u_i];
#endif
            u_i++
        :: p_slot != 0 && u_i < CELLS && !(HAS(touched, u_i) && !HAS(p_left, u_i)) -> u_i++
        :: else -> u_i = 0; break
        od
    }
}

/* prepare.c: begin, start, walk_on. Any free slot will do. */
inline begin_to_prepare()
{
    atomic {
        if
        :: MAY_TAKE(0) -> p_slot = 1
        :: MAY_TAKE(1) -> p_slot = 2
#if SLOTS > 2
        :: MAY_TAKE(2) -> p_slot = 3
#endif
        fi;
        generation++;
        old = content[p_slot - 1];
        slots[p_slot - 1].generation = generation
    };
    find_missed();
    d_step { p_left = missed; missed = 0 }
}

/* prepare.c: copy_share, any share, and end. */
inline copy_left()
{
    do
    :: d_step {
            p_slot != 0 && i < CELLS ->
                if
                :: HAS(p_left, i) && i < size ->
                    slots[p_slot - 1].cell[i] = slots[SLOT(current)].cell[i];
                    p_left = p_left & ~(1 << i)
                :: else
                fi;
                i++
        }
    :: true -> i = 0; break
    od;
    skip;
    d_step {
        if
        :: p_slot != 0 && (p_left & BELOW(size)) == 0 ->
            content[p_slot - 1] = GENERATION(current);
            p_slot = 0
        :: else
        fi;
        p_base = 0
    }
}

inline prepare()
{
    follow();
    if
    :: p_slot == 0 && generation + 1 < LAST -> begin_to_prepare()
    :: true -> skip
    fi;
    copy_left()
}
#else
#define prepare()
#endif

proctype writer()
{
    byte generation, slot, old, size, missed, smallest, touched, at, last, count, i;
    byte content[SLOTS]; /* the generation whose value a slot has; 0: nobody knows */
    byte range[2];
#ifdef PREPARES
    byte p_slot, p_followed, p_left, p_base; /* struct mms__prepare; p_left: cells to copy */
    bit half;                                /* the slot that was taken lacks only those */
#endif

again:
    {
        inherit();
        straighten();

write:
        if
        :: generation >= LAST -> goto stop
        :: generation < LAST -> skip
        fi;
        take();
        if
        :: true -> goto update
        :: true -> goto whole /* mms_write */
#if READERS == 0
        :: generation < LAST -> /* room.c: trim_free_slots */
            d_step { slots[slot].cell[0] = 0; slots[slot].cell[1] = 0; slot = 0; old = 0; FORGET_LACK };
            goto write
        :: true -> /* room.c: mms__room_trim, of the slot that was taken */
            d_step {
                slots[slot].cell[1] = 0;
#ifndef MUTATE_trim_unseen
                old = 0; FORGET_LACK
#endif
            };
            goto update
#endif
        fi;

update: /* update.c: begin */
        skip;
        steps_of_data {
            find_missed();
#ifndef MUTATE_catches_up_late
            copy_missed();
#endif
#ifdef MUTATE_copies_before_mark
            slots[slot].generation = generation;
#endif
            change()
#ifdef MUTATE_catches_up_late
            ;
            copy_missed()
#endif
        };
        if
        :: true -> d_step { touched = 0; size = 0; slot = 0 }; goto write /* mms_write_abort */
        :: true -> undo(); skip; d_step { touched = 0; size = 0; slot = 0 }; goto write
        :: true -> skip
        fi;
        /* recording.c: adapt_ring, mms__recording_append; writer.c: mms__writer_publish_as */
#ifdef GROWN
        if
        :: !named -> grow()
        :: true -> skip
        fi;
#endif
#ifndef MUTATE_record_after_current
        append();
#endif
        slots[slot].size = size;
#ifdef MUTATE_record_after_current
        at = head;
#endif
#ifndef MUTATE_at_after_current
        slots[slot].at = at;
#endif
        mms__publish();
#ifdef MUTATE_at_after_current
        slots[slot].at = at;
#endif
#ifdef MUTATE_record_after_current
        append();
#endif
#ifdef MUTATE_head_after_current
        head = at + HEADER + count;
#endif
        prepare();
        d_step { touched = 0; size = 0; slot = 0; at = 0; count = 0; range[0] = 0; range[1] = 0 };
        goto write;

whole:
        skip;
        d_step { touched = BELOW(CELLS); old = 0; FORGET_LACK };
        select(size : 1 .. CELLS);
#ifdef MUTATE_copies_before_mark
        slots[slot].generation = generation;
#endif
        i = 0;
        do
        :: d_step { i < size -> slots[slot].cell[i] = generation; i++ }
        :: d_step { i == size -> i = 0 }; break
        od;
        slots[slot].size = size;
#ifndef MUTATE_whole_keeps_record
        slots[slot].at = 0;
#endif
        mms__publish();
        d_step { touched = 0; size = 0; slot = 0 };
        goto write
    }
#if KILLS > 0
    unless
    {
        d_step { die -> die = 0 }
    }
#endif
    ;
    d_step {
#ifdef PREPARES
        p_slot = 0; p_followed = 0; p_left = 0; p_base = 0; half = 0;
#endif
        generation = 0; slot = 0; old = 0; size = 0; missed = 0; smallest = 0; touched = 0;
        at = 0; last = 0; count = 0; i = 0; range[0] = 0; range[1] = 0
    };
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

/* ---- Readers ---- */

/* Within a step. */
inline pin()
{
    word = current;
    pinned[cpu] = SLOT(word) + 1;
    size = slots[SLOT(word)].size;
    u_i = 0;
    do
    :: u_i < CELLS -> view[u_i] = wanted[SLOT(word)].cell[u_i]; u_i++
    :: else -> u_i = 0; break
    od
}

/* pin.h: mms__still_whole */
#define IS_WHOLE (slots[SLOT(word)].generation == GENERATION(word))

#if READERS > 0
proctype reader(byte cpu)
{
    byte word, size, i;
    byte view[CELLS]; /* what it has to see */
    bit torn;

    do
    :: true ->
        atomic { current != word -> pin() };
        i = 0;
        do
        :: d_step { i < size -> torn = torn || slots[SLOT(word)].cell[i] != view[i]; i++ }
        :: d_step { i == size -> i = 0 }; break
        od;
        skip;
        d_step {
            assert(!torn || !IS_WHOLE); /* G1 */
#ifndef EVICT
            assert(IS_WHOLE); /* G4 */
#endif
            torn = 0;
            pinned[cpu] = 0;
            view[0] = 0; view[1] = 0; size = 0
        }
    od
}
#endif

#if ASKERS > 0
#ifdef GROWN
#define READ_WORD(position) WORD_IN(mapped, position)
#define READ_TAIL files[mapped].low
#else
#define READ_WORD(position) WORD_AT(position)
#define READ_TAIL tail
#endif

/* changed.c: mms_changes, with a copy of an older value. */
proctype asker(byte cpu)
{
#ifdef GROWN
    bit mapped; /* which file; it may have mapped none before it asks */
#endif
    byte word, size, since, at, last, summary, next, i, set, smallest;
    byte view[CELLS], kept[CELLS];
    byte kept_size;
    bit sound;

again:
    atomic { current != word -> pin() };
    if
    :: since != 0 -> goto ask
    :: true -> goto keep
    fi;

ask:
    skip;
    d_step { at = slots[SLOT(word)].at; last = GENERATION(word); smallest = size; set = 0 };
#ifdef GROWN
    if
    :: mapped != named -> mapped = named
    :: true -> skip
    fi;
    if
    :: at >= files[mapped].high -> goto unknown /* mms__ring_walk: this is an older file */
    :: else -> skip
    fi;
#endif
    do
    :: last > since && at != 0 -> /* changes.c: step */
#ifdef MUTATE_tail_checked_first
        if
        :: at < READ_TAIL -> goto forgotten
        :: at >= READ_TAIL -> skip
        fi;
#endif
        d_step { sound = (READ_WORD(at) == last) };
        summary = READ_WORD(at + 1);
        next = READ_WORD(at + 2);
        do
        :: d_step {
                i < COUNT(summary) ->
                    set = set | CELLS_OF(READ_WORD(at + HEADER + i));
                    i++
            }
        :: d_step { i == COUNT(summary) -> i = 0 }; break
        od;
#if !defined MUTATE_tail_unchecked && !defined MUTATE_tail_checked_first
        if
        :: at < READ_TAIL -> goto look
        :: at >= READ_TAIL -> skip
        fi;
#endif
        if
        :: !sound || PREVIOUS(summary) >= last || next >= at -> goto unknown
        :: else -> skip
        fi;
        d_step {
            smallest = SMALLER(smallest, SMALLEST(summary));
            last = PREVIOUS(summary);
            at = next;
            sound = 0; summary = 0; next = 0
        }
    :: last > since && at == 0 -> goto forgotten
    :: last <= since -> break
    od;
    skip;
    d_step {
#ifndef MUTATE_smallest_ignored
        set = set | ~BELOW(smallest);
#endif
        u_i = 0;
        do
        :: u_i < size ->
            assert(!IS_WHOLE || last != since || HAS(set, u_i) ||
                   (u_i < kept_size && view[u_i] == kept[u_i])); /* G12 */
            u_i++
        :: else -> u_i = 0; break
        od
    };
    goto forgotten;

unknown: /* MMS_E_CORRUPT, if it is not an older file */
#if defined GROWN && !defined MUTATE_never_looks
    if
    :: mapped != named -> goto look
    :: mapped == named -> skip
    fi;
#endif
    assert(!IS_WHOLE); /* G12: nothing is damaged */
    goto forgotten;

look: /* changed.c: walk_again */
#if defined GROWN && !defined MUTATE_never_looks
    if
    :: mapped != named ->
        d_step { mapped = named; summary = 0; next = 0; i = 0; sound = 0 };
        goto ask
    :: mapped == named -> skip
    fi;
#endif
forgotten:
    skip;
    d_step { at = 0; last = 0; summary = 0; next = 0; i = 0; set = 0; smallest = 0; sound = 0 };
    if
    :: true -> goto release
    :: true -> goto keep
    fi;

keep: /* a copy, which is good only if the view is whole at its end */
    skip;
    d_step {
        if
        :: IS_WHOLE ->
            since = GENERATION(word);
            kept_size = size;
            u_i = 0;
            do
            :: u_i < CELLS -> kept[u_i] = (u_i < size -> view[u_i] : 0); u_i++
            :: else -> u_i = 0; break
            od
        :: else
        fi
    };
release:
    skip;
    d_step { pinned[cpu] = 0; size = 0; view[0] = 0; view[1] = 0 };
    goto again
}
#endif

init
{
    atomic {
        slots[0].generation = 1;
        slots[0].size = CELLS;
        slots[0].cell[0] = 1;
        slots[0].cell[1] = 1;
        wanted[0].cell[0] = 1;
        wanted[0].cell[1] = 1;
#if CELLS > 2
        slots[0].cell[2] = 1;
        wanted[0].cell[2] = 1;
#endif
        wanted[0].published = 1;
        current = WORD(1, 0);
#ifdef GROWN
        head = BEGIN;
        tail = BEGIN;
#endif
#if READERS > 0
        run reader(0);
#endif
#if READERS > 1
        run reader(1);
#endif
#if ASKERS > 0
        run asker(READERS);
#endif
        run writer()
    }
}
