/* SPDX-License-Identifier: Apache-2.0 */
/* The writer process, and its successor: src/region/writer_open.c, pool.c, pool_take.c, room.c, reclaim.c, writer.c,
   over protocol.pml. It publishes generations up to LAST.  What is free, and which generation is
   in which slot, is private to it: pool->slots[].state and .generation are `vacant`, a set of
   slots, and `mine`. Instead of a list of holders the scan keeps the set of slots that some line
   covers, and the set of those covered by a line that does not allow eviction. A slot that was
   never used counts as vacant: pool_take.c: extend. */

/* Steps over all slots, within one step. */
hidden byte w_slot;

#define HAS(set, slot) (((set) >> (slot)) & 1)
#define ALL_SLOTS ((1 << SLOTS) - 1)

#ifdef PUNCH
/* Where no reader allows eviction none is ever evicted; elsewhere a writer has to check first. */
#define PUNCHES_UNSEEN (EVICTABLE == 0)

/* reclaim.c: note_exact, note_from. Within a step, of a line that was read. The slot that is taken, if one is, has a
   generation that nobody announces. */
inline note_stray(line, kind, announce)
{
    w_slot = 0;
    do
    :: w_slot < SLOTS && !(kind == 1 && !HAS(vacant, w_slot) && mine[w_slot] == announce >> 2) -> w_slot++
    :: else -> break
    od;
    if
#ifdef MUTATE_from_is_no_stray
    :: kind == 1 && mem[FLAGS(line)] && w_slot == SLOTS -> may_punch = 0
#else
    :: kind != 0 && mem[FLAGS(line)] && w_slot == SLOTS -> may_punch = 0
#endif
    :: else
    fi;
    w_slot = 0
}
#endif

/* writer_open.c: highest_generation; pool.c: inherit. Nobody but writers changes these words. */
inline inherit()
{
    d_step {
        generation = GENERATION(mem[CURRENT]);
        vacant = 0;
        w_slot = 0;
        do
        :: w_slot < SLOTS ->
            mine[w_slot] = mem[SLOT_GENERATION(w_slot)];
#ifdef MUTATE_inherit_vacant
            vacant = vacant | (w_slot != SLOT(mem[CURRENT])) << w_slot;
#else
            vacant = vacant | (mine[w_slot] == 0) << w_slot;
#endif
#ifndef MUTATE_inherit_current_alone
            generation = (mine[w_slot] > generation -> mine[w_slot] : generation);
#endif
            w_slot++
        :: else -> break
        od;
        w_slot = 0
    }
}

#ifdef MUTATE_sweep_too_short
#define MARK (mem[HIGH_WATER] - 1)
#else
#define MARK mem[HIGH_WATER]
#endif

/* table.c: clear_lines, under the locks of the owners in `dead`, a set of owners - 1. */
inline clear_lines(dead, line, owner)
{
    line = 0;
    do
    :: atomic {
            line < LINES && line < MARK ->
                load(owner, OWNER(line));
                if
                :: owner == 0 || !HAS(dead, owner - 1) -> line++; owner = 0
                :: else
                fi
        };
        if
        :: owner != 0 -> mms__line_clear(line); d_step { line++; owner = 0 }
        :: owner == 0
        fi
    :: line >= LINES || line >= MARK -> break
    od;
    line = 0
}

#if defined ATTACH || KILLS > 0
/* table.c: mms__table_reap. `owners` is a set of owners - 1. Those whose lock is not to be had are alive. A system call takes
   each lock, but nothing can happen in between that matters. */
inline mms__table_reap(owners)
{
    d_step {
        drain(cpu);
        w_slot = 0;
        do
        :: w_slot < READERS ->
            if
            :: HAS(owners, w_slot) && lock[w_slot] == 0 ->
#ifdef MUTATE_reap_without_lock
                skip
#else
                lock[w_slot] = cpu + 1
#endif
            :: else -> owners = owners & ~(1 << w_slot)
            fi;
            w_slot++
        :: else -> break
        od;
        w_slot = 0
    };
    if
    :: owners != 0 -> clear_lines(owners, line, owner)
    :: owners == 0
    fi;
    atomic {
        drain(cpu);
        release_locks(cpu);
        reaped = reaped | owners;
        owners = 0
    }
}
#endif

/* membarrier.c: mms__membarrier. Not in all readers at once: one processor after the other gets its interrupt. */
inline mms__membarrier()
{
    line = 0;
    do
    :: line < READERS -> d_step { drain(line); line++ }
    :: else -> line = 0; break
    od
}

/* reclaim.c: mms__fence_heavy */
inline mms__fence_heavy()
{
    fence_seq_cst();
    if
    :: can_membarrier -> mms__membarrier()
    :: !can_membarrier -> skip
#ifdef SWITCH
    :: can_membarrier && refusable -> /* refused from now on */
        can_membarrier = 0;
        store(WANTED, SYMMETRIC);
        mms__nudge(cur);
#ifndef MUTATE_no_fence_after_nudge
        fence_seq_cst();
#endif
        d_step { cur = 0; nudges++; nudged = nudges }
#endif
    fi
}

/* G4: whatever is taken, nobody who did not allow it holds it. */
inline check_unpinned(slot)
{
    assert(READERS < 1 || EVICTABLE > 0 || pinned[0] != slot + 1);
    assert(READERS < 2 || EVICTABLE > 1 || pinned[1] != slot + 1);
#if READERS > 2
    assert(READERS < 3 || EVICTABLE > 2 || pinned[2] != slot + 1);
#endif
}

/* G3: no generation is given out twice. */
inline check_unused(generation)
{
    w_slot = 0;
    do
    :: w_slot < SLOTS -> assert(mine[w_slot] != generation); w_slot++
    :: else -> break
    od;
    w_slot = 0
}

/* Within a step: what a line says covers these slots. */
inline cover_slots(kind, announce)
{
    w_slot = 0;
    do
    :: w_slot < SLOTS ->
        if
        :: mms__covers(kind, announce, mine[w_slot]) -> covered = covered | 1 << w_slot
        :: else
        fi;
        w_slot++
    :: else -> break
    od;
    w_slot = 0
}

/* Within a step, after a scan. */
inline free_uncovered()
{
    get(cur, CURRENT);
    vacant = ALL_SLOTS & ~covered;
    if
    :: cur != 0 -> vacant = vacant & ~(1 << SLOT(cur))
    :: else
    fi;
    line = 0;
    cur = 0
}

#ifdef TSO /* has loaded, and stored EXACT, which is not in memory yet */
#define narrows(line) (buffer[line].used > 0)
#else
#define narrows(line) false
#endif

#ifdef ATTACH
#define SCANNED marked
#else
#define SCANNED mem[HIGH_WATER] /* never changes */
#endif

#ifdef QUICK
/* quick.c: mms__reclaim_quick. Only with membarrier, though it does not call it. A model's readers all say what they may
   announce again. */
inline mms__reclaim_quick()
{
#ifndef MUTATE_no_quick_fence
    fence_seq_cst();
#endif
    line = 0;
#ifdef ATTACH
    load(marked, HIGH_WATER);
#endif
    do
    :: line < LINES && line < SCANNED -> /* mms__line_read_quick */
#ifdef MUTATE_again_first
        load(cur, AGAIN(line));
#endif
        line_read_head(line, owner, mode);
        d_step {
            line_read_announce(line, true, owner, mode, announce, kind);
            cover_slots(kind, announce);
            owner = 0; mode = 0; announce = 0; kind = 0
        };
#ifndef MUTATE_again_first
        load(cur, AGAIN(line));
#endif
#ifdef MUTATE_again_ignored
        cur = 0;
#endif
        d_step { cover_slots(1, (cur << 2)); cur = 0; line++ }
    :: else -> d_step { free_uncovered(); covered = 0 }; break
    od
#ifdef ATTACH
    ;
    marked = 0
#endif
}
#endif

proctype writer()
{
    byte cpu = WRITER;
    byte generation, vacant, slot, line, owner, mode, announce, kind, covered, firm, owners, cur;
    byte mine[SLOTS];
    bit can_membarrier, met_from;
#ifdef PUNCH
    bit may_punch = PUNCHES_UNSEEN; /* pool->may_punch */
    bit looking;                    /* a slot is taken, and memory is to be given back: slot_memory.c: mms__slot_may_punch */
#endif
#ifdef ATTACH
    byte marked; /* the high-water mark that a scan goes by */
#endif

again:
    {
        /* writer_open.c: mms__writer_attach: take_over_values, set_fence */
        inherit();
#if defined ATTACH || KILLS > 0
        owners = (1 << READERS) - 1;
        mms__table_reap(owners);
#endif
#ifdef SWITCH
        if
        :: true -> d_step { can_membarrier = 1; nudged = 0 }; store(WANTED, ASYMMETRIC)
        :: true -> d_step { can_membarrier = 1; nudged = 0 }; store(WANTED, SYMMETRIC) /* MMS_FENCE_SYMMETRIC, and it may */
        :: true -> store(WANTED, SYMMETRIC); mms__nudge(cur); d_step { cur = 0 }; 
        fi;
#ifndef MUTATE_no_fence_at_open
        fence_seq_cst();
#endif
        if
        :: !can_membarrier -> d_step { nudges++; nudged = nudges }
        :: else -> skip
        fi;
#else
        can_membarrier = !STARTS_SYMMETRIC;
#endif

write:  /* writer.c: mms_write; pool_take.c: mms__pool_take */
        if
        :: generation == LAST -> goto stop
        :: generation < LAST && vacant == 0 -> goto reclaim
        :: generation < LAST && vacant != 0 -> skip
        fi;
        atomic {
            if
            :: HAS(vacant, 0) -> slot = 0
            :: HAS(vacant, 1) -> slot = 1
#if SLOTS > 2
            :: HAS(vacant, 2) -> slot = 2
#endif
#if SLOTS > 3
            :: HAS(vacant, 3) -> slot = 3
#endif
#if SLOTS > 4
            :: HAS(vacant, 4) -> slot = 4
#endif
            fi;
            vacant = vacant & ~(1 << slot);
            generation++;
            check_unpinned(slot);
            check_unused(generation);
            mine[slot] = generation
        }
#ifdef MUTATE_generation_after_data
        store(DATA_0(slot), generation);
        mms__slot_take(slot, generation);
#else
        mms__slot_take(slot, generation);
        store(DATA_0(slot), generation);
#endif
#ifdef ABORT
        if
        :: true -> d_step { vacant = vacant | 1 << slot; slot = 0 }; goto write /* mms_write_abort, or a failed write (G7) */
        :: true -> skip
        fi;
#endif
#ifdef PUNCH
punch:
        if /* room.c: trim_free_slots: a free slot is marked and its memory given back */
        :: may_punch ->
            looking = 0;
            store(DATA_1(slot), 0);
            store(DATA_0(slot), 0);
            d_step { vacant = vacant | 1 << slot; slot = 0 };
            goto write
        :: !may_punch && !looking -> looking = 1; goto reclaim
        :: true -> looking = 0
        fi;
#endif
        store(DATA_1(slot), generation);
#ifdef MUTATE_publish_before_descriptor
        mms__publish(generation, slot);
        store(SLOT_SIZE(slot), generation);
#else
        store(SLOT_SIZE(slot), generation); /* mms__writer_publish_as */
        mms__publish(generation, slot);
#endif
#ifdef FRESH
        d_step { drain(cpu); returned = generation } /* the fence in mms__wake_due */
#endif
#ifdef MUTATE_free_early
        d_step { /* the slot of the value before this one, without a scan */
            w_slot = 0;
            do
            :: w_slot < SLOTS -> vacant = vacant | (w_slot != slot && mine[w_slot] != 0) << w_slot; w_slot++
            :: else -> break
            od;
            w_slot = 0
        }
#endif
        slot = 0;
        goto write;

reclaim:
        line = 0;
#ifdef QUICK /* pool_take.c: reclaim_cheaply */
        if
        :: can_membarrier ->
            mms__reclaim_quick();
            if
            :: vacant != 0 -> goto write
            :: else -> skip
            fi
        :: true -> skip
        fi;
#endif
        /* reclaim.c: mms__reclaim, scan */
#ifdef PUNCH
        may_punch = 1;
#endif
#if !defined MUTATE_no_heavy_fence && !defined MUTATE_scan_before_fence
        mms__fence_heavy();
#endif
#ifdef ATTACH
        load(marked, HIGH_WATER); /* once: lines that are claimed from here on are missed */
#endif
        do
        :: line < LINES && line < SCANNED ->
            line_read_head(line, owner, mode);
            d_step {
                line_read_announce(line, can_membarrier, owner, mode, announce, kind);
                w_slot = 0;
                do
                :: w_slot < SLOTS ->
                    if
                    :: mms__covers(kind, announce, mine[w_slot]) ->
                        covered = covered | 1 << w_slot;
#ifdef MUTATE_evict_anybody
                        skip
#else
                        firm = firm | !mem[FLAGS(line)] << w_slot
#endif
                    :: else
                    fi;
                    w_slot++
                :: else -> break
                od;
                w_slot = 0;
#if defined PUNCH && !defined MUTATE_strays_unseen
                note_stray(line, kind, announce);
#endif
#ifdef WAITS_FOR_FROM_ALONE
                met_from = met_from || kind == 2;
                assert(kind != 2 || in_from[line] || narrows(line));
#endif
                assert(kind == 0 || !HAS(reaped, owner - 1)); /* G5 */
                if
                :: kind != 0 && owner <= READERS -> owners = owners | 1 << (owner - 1)
                :: else
                fi;
                owner = 0; mode = 0; announce = 0; kind = 0;
                line++
            }
        :: else ->
#ifdef MUTATE_scan_before_fence
            mms__fence_heavy();
            vacant = 0;
#endif
            d_step {
                free_uncovered();
#ifdef WAITS_FOR_FROM_ALONE
                assert(vacant != 0 || met_from);
                met_from = 0;
#endif
                skip
            };
            break
        od;
#ifdef PUNCH
        if
        :: looking -> d_step { vacant = vacant & ~(1 << slot); covered = 0; firm = 0; owners = 0 }; goto punch
        :: else -> skip
        fi;
#endif
#if defined ATTACH || KILLS > 0
        /* pool_take.c: reap_now_and_then */
        if
        :: owners != 0 -> mms__table_reap(owners)
        :: owners = 0
        fi;
#else
        owners = 0;
#endif
#if EVICTABLE > 0
        if
        :: vacant == 0 -> /* pool_take.c: wait_for_readers, the grace is over; or not: try again. reclaim.c: mms__evict */
            if
            :: true -> skip
            :: true ->
                atomic {
                    get(cur, CURRENT);
                    w_slot = 0;
                    slot = SLOTS;
                    do
                    :: w_slot < SLOTS ->
                        if
                        :: SLOT(cur) != w_slot && !HAS(firm, w_slot) && (slot == SLOTS || mine[w_slot] < mine[slot]) ->
                            slot = w_slot
                        :: else
                        fi;
                        w_slot++
                    :: else -> break
                    od;
                    w_slot = 0;
#if defined PUNCH && !defined MUTATE_punch_evicted
                    may_punch = may_punch && slot == SLOTS;
#endif
                    vacant = (slot < SLOTS -> 1 << slot : 0)
                };
#ifdef MUTATE_evict_by_line
                d_step { has_room -> put(ANNOUNCE(0), IDLE) };
#endif
                slot = 0
            fi
        :: else -> skip
        fi;
#endif
        d_step { covered = 0; firm = 0; cur = 0; slot = 0 };
#ifdef ATTACH
        marked = 0;
#endif
        goto write
    }
#if KILLS > 0
    unless
    {
        d_step {
            die == cpu + 1 -> die = 0; drain(cpu); release_locks(cpu)
        }
    }
#endif
    ;
    d_step {
#ifdef ATTACH
        marked = 0;
#endif
        generation = 0; vacant = 0; slot = 0; line = 0; owner = 0; mode = 0; announce = 0; kind = 0; covered = 0; firm = 0;
        owners = 0; cur = 0; can_membarrier = 0; met_from = 0;
#ifdef PUNCH
        may_punch = PUNCHES_UNSEEN; looking = 0;
#endif
        w_slot = 0;
        do
        :: w_slot < SLOTS -> mine[w_slot] = 0; w_slot++
        :: else -> break
        od;
        w_slot = 0
    }
    goto again;
stop:
    skip
}
