/* SPDX-License-Identifier: Apache-2.0 */
/* A reader process: include/mmsync/fast.h and src/region/reader.c, over protocol.pml. It reads, looks at the value, refreshes
   or releases, again and again.

   ATTACH     it comes by mms_region_open and mms_reader_open, and leaves and comes back; else line N is reader N's from
              the start, as if it had been claimed long ago
   KILLS      it is killed at any step, and comes back as a new process
   SWITCH     `control` may want another fence mode from some time on
   EVICTABLE  readers with a number below it allow eviction */

#ifdef SWITCH
#ifdef MUTATE_nudge_toggles
#define wants_symmetric(word) (mem[WANTED] != ASYMMETRIC) /* a reader's buffer holds nothing for it */
#else
#define wants_symmetric(word) (mem[WANTED] != ASYMMETRIC || ((word) & NUDGE) != 0)
#endif

/* reader.c: must_be_symmetric, adopt_fence; `word` is what was pinned. */
inline adopt_fence(word)
{
    if
    :: d_step { wants_symmetric(word) == symmetric -> skip }
    :: d_step { wants_symmetric(word) != symmetric -> symmetric = !symmetric };
        mms__line_set_mode(line, (symmetric -> SYMMETRIC : ASYMMETRIC))
    fi
}
#endif

/* What a user does with a view: reads each word at some time. */
inline look_at(address)
{
    d_step {
        get(cur, address);
        assert(cur != 0); /* a hole: the load takes memory, or ends the process */
        if
        :: cur != GENERATION(word) -> torn = 1
        :: else
        fi;
        cur = 0;
        assert(!torn || cpu < EVICTABLE) /* G1 */
    }
}

/* The end of a view, or of the part of it before a refresh. */
inline check_whole()
{
#ifdef MUTATE_idle_before_reads_end
    whole = 1;
#else
    mms__still_whole(word, cur, whole);
#endif
    d_step {
        assert(whole || cpu < EVICTABLE); /* G4 */
        assert(!whole || !torn);          /* G1 */
        torn = 0;
        whole = 0
    }
}

proctype reader(byte cpu)
{
    byte word; /* head.word: the last one pinned */
    byte next, cur, tries, line, own, begun, told;
    bit symmetric, whole, torn, done;

again:
    {
#if defined ATTACH
        /* table.c: mms__table_take_owner: any byte that is free; once it is ours, no lines with
           this owner are left. */
        atomic {
            if
            :: lock[0] == 0 -> own = 0
#if READERS > 1
            :: lock[1] == 0 -> own = 1
#endif
#if READERS > 2
            :: lock[2] == 0 -> own = 2
#endif
            fi;
            lock[own] = cpu + 1;
            reaped = reaped & ~(1 << own)
        }
        clear_lines(1 << own, line, cur);
        /* reader.c: open_one, claim_any */
        load(cur, WANTED);
        d_step { symmetric = (cur != ASYMMETRIC); cur = 0 }
        do
        :: !done ->
            load(cur, OWNER(line));
            if
            :: cur == 0 ->
                mms__line_claim(line, own + 1, (symmetric -> SYMMETRIC : ASYMMETRIC), (cpu < EVICTABLE), done)
            :: else -> skip
            fi;
            d_step { cur = 0; line = (done -> line : (line + 1) % LINES) }
        :: done -> done = 0; break
        od;
#else
        d_step { line = cpu; own = cpu; symmetric = STARTS_SYMMETRIC }
#endif

ready:  /* no view */
        if
        :: true ->
#ifdef FRESH
            begun = returned;
#endif
#ifdef SWITCH
            told = nudged;
#endif
            if
            :: atomic {
                    word != 0 && !symmetric -> /* fast.h: mms_read, MMS__READY */
                        announce_and_fence(line, EXACT(word), symmetric)
                };
                atomic {
                    validate(word, cur);
                    if
                    :: cur == word -> cur = 0; goto held
                    :: else -> cur = 0
                    fi
                }
            :: word == 0 || symmetric
            fi
#ifdef LEAVE
        :: true -> goto leave
#endif
        fi;

slow:   /* reader.c: pin_newest */
        atomic {
            load(next, CURRENT);
            if
            :: next == 0 -> /* MMS_E_EMPTY; announces idle, which it is */
#ifdef FRESH
                begun = 0;
#endif
#ifdef SWITCH
                told = 0;
#endif
                goto ready
            :: else
            fi
        };
#ifdef MUTATE_adopt_before_pin
        adopt_fence(next);
#endif
#ifdef MUTATE_slow_pin_unfenced
        mms__pin(line, next, symmetric, cur, tries);
#else
        mms__pin(line, next, true, cur, tries);
#endif
        atomic { /* pin_fitting: fits_slot, fail_misfit */
            load(cur, SLOT_GENERATION(SLOT(next)));
            if
            :: cur != GENERATION(next) ->
                assert(cpu < EVICTABLE); /* G4 */
                cur = 0;
                goto slow /* evicted between the pin and this; reads.pml has the bound on that */
            :: else
            fi;
            assert(GENERATION(next) >= GENERATION(word)); /* G3 */
            word = next;
            next = 0;
            cur = 0
        };
#if defined SWITCH && !defined MUTATE_adopt_before_pin
        adopt_fence(word);
#endif
        mms__say_again(line, word); /* hold */
        look_at(SLOT_SIZE(SLOT(word)));

held:
#ifdef FRESH
        assert(GENERATION(word) >= begun); /* G3: what was published before the read began */
        begun = 0;
#endif
#ifdef SWITCH
        assert(told == 0 || told != nudged || symmetric); /* a read after a nudge leaves the reader symmetric */
        told = 0;
#endif
        look_at(DATA_0(SLOT(word)));
#ifdef MUTATE_idle_before_reads_end
        mms__announce_idle(line);
#endif
        look_at(DATA_1(SLOT(word)));
        if
        :: true -> /* mms_refresh: read_or_refresh */
            atomic {
                load(cur, CURRENT);
                if
                :: cur == word -> cur = 0; goto held
                :: else -> cur = 0
                fi
            };
            check_whole();
            goto slow
        :: true -> /* mms_release: end_view */
            check_whole();
            mms__announce_idle(line);
            goto ready
        fi;

#ifdef LEAVE
leave:  /* mms_reader_close, mms_region_close */
        mms__line_clear(line);
        d_step { drain(cpu); lock[own] = 0 }
#endif
    }
#if KILLS > 0
    unless
    {
        d_step {
            die == cpu + 1 ->
                die = 0;
                drain(cpu);
                pinned[cpu] = 0;
                in_from[cpu] = 0;
                if
                :: line < LINES -> /* G5: whoever sweeps comes to it */
                    assert(mem[OWNER(line)] != own + 1 || line < mem[HIGH_WATER])
                :: else
                fi;
                release_locks(cpu)
        }
    }
#endif
    ;
    d_step {
        word = 0; next = 0; cur = 0; tries = 0; line = 0; own = 0; begun = 0;
        symmetric = 0; whole = 0; torn = 0; done = 0; told = 0
    }
    goto again
}

#if COPIERS > 0
/* copy.c: try_copy. It may write nothing, so the writer does not know of it, and only the
   generation word tells. */
proctype copier()
{
    byte word;
    bit damaged;

#define copy_one(address) \
    d_step { damaged = damaged || mem[address] != GENERATION(word) }

again:
    atomic { mem[CURRENT] != 0 -> word = mem[CURRENT] };
    copy_one(SLOT_SIZE(SLOT(word)));
    copy_one(DATA_0(SLOT(word)));
    copy_one(DATA_1(SLOT(word)));
    if /* mms__still_whole */
    :: d_step { mem[CURRENT] == word -> assert(!damaged); word = 0; damaged = 0 }; goto again
    :: d_step { mem[CURRENT] != word -> skip }
    fi;
    d_step {
        assert(!damaged || mem[SLOT_GENERATION(SLOT(word))] != GENERATION(word)); /* G1 */
        word = 0;
        damaged = 0
    };
    goto again
}
#endif
