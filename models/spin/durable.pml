/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: D1 D2 D3 D4 */
/* Durable regions: src/region/durable.c, recover.c and anchor.c, and what writer_open.c, pool.c and replace.c do for them. A
   writer commits values; it is killed, the power fails, a sync fails, or the file system is mounted again, at any step, those
   of an open and of a recovery included. By itself; there are no readers, but what has been current counts as seen.

   Memory is what processes see of the files. A page there is on the disk as it was at the last sync, or as it was at any
   time since; a power cut may also tear an anchor. A sync that fails leaves its pages as they are, and the next one succeeds.

   SLOTS    nothing but the current value's, and those that anchors name, is in use
   LAST     how many values are begun
   CUTS KILLS FAILS MOUNTS ABORTS  how often
   SYNC     each writer waits for the disk in each commit, or only on demand
   CHECKED  values have a checksum; the disk may lose a part of one that an anchor names, so many times
   REPLACE  the region is replaced by another */

#ifndef CUTS
#define CUTS 0
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef FAILS
#define FAILS 0
#endif
#ifndef MOUNTS
#define MOUNTS 0
#endif
#ifndef ABORTS
#define ABORTS 0
#endif
#ifdef REPLACE
#define REGIONS 2
#else
#define REGIONS 1
#endif

#define STEP 8 /* MMS__REBOOT_STEP: more than is published between two cuts */
#define GARBAGE 255
#define LARGER(a, b) ((a) > (b) -> (a) : (b))

/* An anchor's fields, all in its first sector. The last sector has the checksum: here, the same once more. */
#define ANCHOR(sequence, generation, slot, value, lost) \
    ((sequence) << 22 | (generation) << 15 | (slot) << 12 | (value) << 8 | (lost))
#define SEQUENCE(anchor) ((anchor) >> 22)
#define GENERATION(anchor) (((anchor) >> 15) & 127)
#define SLOT(anchor) (((anchor) >> 12) & 7)
#define VALUE(anchor) (((anchor) >> 8) & 15) /* stands for what describes it: size, type, checksum */
#define LOST(anchor) ((anchor) & 127)
#define WITH_LOST(anchor, lost) ((anchor) >> 8 << 8 | (lost))

/* The files of a region: pages 0 to 2 * SLOTS - 1 of `data`, two for each slot; two of `durable`; and that of `control`,
   or, if there are many slots (LONG_CONTROL), a page of its own for each slot's descriptor. */
typedef pages {
    byte cell[2 * SLOTS];   /* which value was stored there */
    int head[2], tail[2];   /* the anchors: first and last sectors */
    byte current, at;       /* generation and slot */
    byte floor, boot;
    byte word[SLOTS], published[SLOTS], says[SLOTS] /* descriptors */
}
pages memory[REGIONS], disk[REGIONS];
int dirty[REGIONS];

#define DATA_END (2 * SLOTS)
#define DURABLE_END (DATA_END + 2)
#define FIXED DURABLE_END
#ifdef LONG_CONTROL
#define DESCRIPTOR(slot) (FIXED + 1 + (slot))
#define CONTROL_END DESCRIPTOR(SLOTS)
#else
#define DESCRIPTOR(slot) FIXED
#define CONTROL_END (FIXED + 1)
#endif
#define IS_DIRTY(page) ((dirty[here] >> (page)) & 1)

#define M memory[here]
#define D disk[here]

/* Which region has the name, in memory and on the disk; whether the other one may be removed already; and this boot. */
byte name, disk_name, boots = 1;
bit gone[REGIONS];

mtype = { nothing, kill, cut, mount };
mtype happens = nothing;
byte cuts, kills, fails, mounts, losses, aborts;

/* Used by the checks only: which value each cell of a value is of; the values that were begun, and the one that is promised;
   the highest generation that was current; the one that must be said to be lost. */
typedef value { byte cell[2] }
value wanted[LAST + 1];
byte begun, promised, given, owed;
int committed;
bit mounted; /* and no writer has opened since */
hidden byte h_i, h_j;

/* ---- The disk ---- */

/* A page, as it is in memory, gets to the disk. Within a step. */
#define write_cell(page) D.cell[page] = M.cell[page]
inline write_head(where)
{
    D.head[where] = M.head[where]
}
inline write_tail(where)
{
    D.tail[where] = M.tail[where]
}
inline write_descriptor(slot_of)
{
    D.word[slot_of] = M.word[slot_of];
    D.published[slot_of] = M.published[slot_of];
    D.says[slot_of] = M.says[slot_of]
}
inline write_control()
{
    D.current = M.current;
    D.at = M.at;
    D.floor = M.floor;
    D.boot = M.boot;
#ifndef LONG_CONTROL
    write_descriptor(0);
    write_descriptor(1);
    write_descriptor(2);
#if SLOTS > 3
    write_descriptor(3)
#endif
#endif
}

/* Before a page is stored to it may get to the disk as it is. After a cut, `control` counts for no more than the
   generations in it, and the fewer there are the worse: so it does so only where a file system may be mounted again. */
#define SOIL(page) dirty[here] = dirty[here] | (1 << (page))
inline touch_cell(page)
{
    if
    :: IS_DIRTY(page) -> write_cell(page)
    :: true
    fi;
    SOIL(page)
}
inline touch_anchor(where)
{
    if
    :: IS_DIRTY(DATA_END + (where)) -> write_head(where); write_tail(where)
    :: true
    fi;
    SOIL(DATA_END + (where))
}
inline touch_fixed()
{
#if MOUNTS > 0
    if
    :: IS_DIRTY(FIXED) -> write_control()
    :: true
    fi;
#endif
    SOIL(FIXED)
}
inline touch_descriptor(slot_of)
{
#ifdef LONG_CONTROL
    if
    :: IS_DIRTY(DESCRIPTOR(slot_of)) -> write_descriptor(slot_of)
    :: true
    fi;
    SOIL(DESCRIPTOR(slot_of))
#else
    touch_fixed()
#endif
}

#define CLEAN(first, last) dirty[here] = dirty[here] & ~((1 << (last)) - (1 << (first)))

/* Each page from `first` to before `last` that is dirty: on the disk, or not. Within a step, but for the choices. */
inline settle(first, last, tears)
{
    i = first;
    do
    :: i < (last) && IS_DIRTY(i) ->
        if
        :: i < DATA_END -> write_cell(i)
        :: i >= DATA_END && i < DURABLE_END -> write_head(i - DATA_END); write_tail(i - DATA_END)
        :: (tears) && i >= DATA_END && i < DURABLE_END -> write_head(i - DATA_END)
        :: (tears) && i >= DATA_END && i < DURABLE_END -> write_tail(i - DATA_END)
        :: i == FIXED -> write_control()
        :: i > FIXED -> write_descriptor(i - FIXED - 1)
        :: true
        fi;
        i++
    :: i < (last) && !IS_DIRTY(i) -> i++
    :: i >= (last) -> break
    od;
    i = 0;
    CLEAN(first, last)
}

/* fdatasync. One that fails leaves what it leaves at `failed`. */
#if FAILS > 0
#define OR_FAIL(first, last) \
    :: atomic { fails < FAILS -> fails++; failed_first = first; failed_last = last; goto failed }
#else
#define OR_FAIL(first, last)
#endif

inline sync_data()
{
    if
    :: d_step {
            true ->
                h_i = 0;
                do
                :: h_i < DATA_END && IS_DIRTY(h_i) -> write_cell(h_i); h_i++
                :: h_i < DATA_END && !IS_DIRTY(h_i) -> h_i++
                :: h_i == DATA_END -> break
                od;
                h_i = 0;
                CLEAN(0, DATA_END)
        }
    OR_FAIL(0, DATA_END)
    fi
}

/* A block that is clean is on the disk, or its sync has failed. */
inline sync_durable()
{
    if
    :: d_step {
            true ->
                if
                :: IS_DIRTY(DATA_END) -> write_head(0); write_tail(0)
                :: else
                fi;
                if
                :: IS_DIRTY(DATA_END + 1) -> write_head(1); write_tail(1)
                :: else
                fi;
                CLEAN(DATA_END, DURABLE_END)
        }
    OR_FAIL(DATA_END, DURABLE_END)
    fi
}

inline sync_control()
{
    if
    :: d_step {
            true ->
#ifdef LONG_CONTROL
                h_i = 0;
                do
                :: h_i < SLOTS && IS_DIRTY(DESCRIPTOR(h_i)) -> write_descriptor(h_i); h_i++
                :: h_i < SLOTS && !IS_DIRTY(DESCRIPTOR(h_i)) -> h_i++
                :: h_i == SLOTS -> break
                od;
                h_i = 0;
#endif
                if
                :: IS_DIRTY(FIXED) -> write_control()
                :: else
                fi;
                CLEAN(FIXED, CONTROL_END)
        }
    OR_FAIL(FIXED, CONTROL_END)
    fi
}

/* ---- Anchors ---- */

/* mms__anchor_read */
#define IS_GOOD(place) (M.head[place] != 0 && M.head[place] == M.tail[place])
#define NAMES(place, slot) (IS_GOOD(place) && GENERATION(M.head[place]) != 0 && SLOT(M.head[place]) == (slot))
#define IS_WHOLE(slot, value) \
    (M.cell[2 * (slot)] == wanted[value].cell[0] && M.cell[2 * (slot) + 1] == wanted[value].cell[1])

/* mms__durable_hold */
#ifdef MUTATE_slot_reused
#define IS_HELD(slot) NAMES(place, slot)
#else
#define IS_HELD(slot) (NAMES(0, slot) || NAMES(1, slot))
#endif

/* mms__anchor_find */
inline find_anchor()
{
    d_step {
        assert(IS_GOOD(0) || IS_GOOD(1)); /* D3 */
        place = (IS_GOOD(1) && !(IS_GOOD(0) && SEQUENCE(M.head[0]) > SEQUENCE(M.head[1])) -> 1 : 0);
        lost = LARGER(LOST(M.head[0]), LOST(M.head[1]))
    }
}

inline write_anchor(where, anchor)
{
    atomic {
        touch_anchor(where);
        M.head[where] = anchor;
        M.tail[where] = M.head[where]
    };
#ifndef MUTATE_anchor_unsynced
    sync_durable()
#endif
}

/* Within a step. */
inline distrust_pages()
{
    if
    :: !(opened && M.current == GENERATION(M.head[place])) && generation > M.floor ->
        M.floor = generation;
        dirty[here] = dirty[here] | (1 << FIXED)
    :: else
    fi
}

/* mms__durable_store */
inline store(generation_of, slot_of, value_of)
{
    d_step {
        old_floor = M.floor;
#if !defined MUTATE_distrusted_late && !defined MUTATE_pages_trusted
        distrust_pages()
#endif
    };
#ifndef MUTATE_data_unsynced
    sync_data();
#endif
#ifdef MUTATE_newest_overwritten
    write_anchor(place, ANCHOR(SEQUENCE(M.head[place]) + 1, generation_of, slot_of, value_of, lost));
#else
    write_anchor(1 - place, ANCHOR(SEQUENCE(M.head[place]) + 1, generation_of, slot_of, value_of, lost));
    place = 1 - place;
#endif
#ifdef MUTATE_data_unsynced
    sync_data();
#endif
    atomic {
        if
        :: M.floor != old_floor -> touch_fixed(); M.floor = old_floor
        :: else
        fi;
        old_floor = 0
    }
}

/* ---- Slots ---- */

#define IS_FREE(slot) (!(M.current != 0 && M.at == (slot)) && !IS_HELD(slot))
/* pool.c: inherit_content; and what commits note */
#define IS_TRUSTED(slot) (M.word[slot] > M.floor && M.published[slot] == M.word[slot])

/* mms__pool_take. `old`: the value that is known to be there; 0: none. */
inline take()
{
    atomic {
        if
        :: IS_FREE(0) -> slot = 0
        :: IS_FREE(1) -> slot = 1
        :: IS_FREE(2) -> slot = 2
#if SLOTS > 3
        :: IS_FREE(3) -> slot = 3
#endif
        :: else -> assert(false) /* there is always one */
        fi;
        old = (IS_TRUSTED(slot) -> M.says[slot] : 0);
        generation++;
        touch_descriptor(slot);
        M.word[slot] = generation
    }
}

inline store_cell(at_cell, what)
{
    atomic {
        touch_cell(at_cell);
        M.cell[at_cell] = what
    }
}

/* mms__publish, and the note behind it. */
inline publish(generation_of, slot_of)
{
    atomic {
        touch_fixed();
        M.current = generation_of;
        M.at = slot_of;
        assert(M.current > given); /* D2, G3 */
        given = (here == name -> M.current : given); /* else nobody sees it yet */
        if
        :: here != name
        :: here == name && opened && each -> promised = M.says[slot_of]
        :: here == name && opened && !each
        :: here == name && !opened -> promised = LARGER(promised, M.says[slot_of])
        fi
    };
    atomic {
        touch_descriptor(slot_of);
        M.published[slot_of] = M.word[slot_of]
    }
}

/* publish_as; the value in `slot` is described. */
inline finish()
{
#ifdef MUTATE_current_first
    publish(M.word[slot], slot);
#endif
    if
    :: each -> store(M.word[slot], slot, M.says[slot])
    :: !each
    fi;
#ifndef MUTATE_current_first
    publish(M.word[slot], slot)
#endif
}

/* mms__writer_publish_copy */
inline publish_copy()
{
    take();
    store_cell(2 * slot, M.cell[2 * M.at]);
    store_cell(2 * slot + 1, M.cell[2 * M.at + 1]);
    M.says[slot] = M.says[M.at];
    finish()
}

/* mms__durable_sync. If nothing is current, an anchor says so. */
inline durable_sync()
{
    if
    :: M.current != 0 && M.current <= M.floor -> publish_copy()
    :: M.current == 0 || M.current > M.floor
    fi;
    if
    :: GENERATION(M.head[place]) == M.current
    :: GENERATION(M.head[place]) != M.current -> store(M.current, M.at, M.says[M.at])
    fi
}

/* ---- Opening ---- */

/* writer_open.c: highest_generation. Within a step. */
inline find_highest(out)
{
    out = LARGER(M.floor, M.current);
    h_i = 0;
    do
    :: h_i < SLOTS -> out = LARGER(out, M.word[h_i]); h_i++
    :: h_i == SLOTS -> break
    od;
    h_i = 0
}

/* durable.c: mms__durable_open */
inline durable_open()
{
    find_anchor();
#ifndef MUTATE_anchor_not_renewed
    write_anchor(place, M.head[place]);
#endif
    sync_control();
#ifdef REPLACE
#ifndef MUTATE_swept_before_sync
    disk_name = name;
#endif
    gone[1 - here] = 1;
    disk_name = name
#endif
}

/* durable.c: mms__durable_is_behind */
#define WAS_BEGUN(where) (M.word[SLOT(M.head[where])] == GENERATION(M.head[where]))
#ifdef MUTATE_control_believed
#define IS_BEHIND false
#else
#ifdef MUTATE_descriptor_unchecked
#define IS_OTHER_BEGUN true
#define IS_BEHIND_NEWEST false
#else
#define IS_OTHER_BEGUN (M.current == 0 || WAS_BEGUN(1 - place))
#define IS_BEHIND_NEWEST (M.current != 0 && M.current == GENERATION(M.head[place]) && !WAS_BEGUN(place))
#endif
#define IS_BEHIND                                                             \
    (IS_BEHIND_NEWEST ||                                                      \
     (M.current < GENERATION(M.head[place]) &&                                \
      (!IS_GOOD(1 - place) || GENERATION(M.head[1 - place]) != M.current ||   \
       !WAS_BEGUN(place) || !IS_OTHER_BEGUN)))
#endif

/* recover.c: choose. `chosen`: the anchor of the value. */
inline choose()
{
    d_step {
        chosen = M.head[place];
        lost_slot = SLOTS;
#ifdef CHECKED
        if
        :: GENERATION(chosen) != 0 && !IS_WHOLE(SLOT(chosen), VALUE(chosen)) ->
            assert(losses > 0);
            assert(losses > 1 || !IS_GOOD(1 - place) || GENERATION(M.head[1 - place]) == 0 ||
                   SLOT(M.head[1 - place]) == SLOT(chosen) ||
                   IS_WHOLE(SLOT(M.head[1 - place]), VALUE(M.head[1 - place]))); /* D3: the one before is there */
            if
            :: !IS_GOOD(1 - place) || GENERATION(M.head[1 - place]) == 0 ||
               !IS_WHOLE(SLOT(M.head[1 - place]), VALUE(M.head[1 - place])) -> chosen = 0 /* MMS_E_CORRUPT */
            :: else ->
                lost_slot = SLOT(chosen);
                lost = GENERATION(chosen);
                place = 1 - place;
                chosen = M.head[place]
            fi
        :: else
        fi
#endif
    };
    if
    :: chosen == 0 -> goto stop
    :: chosen != 0
    fi
}

/* recover.c: choose_floor */
inline choose_floor()
{
    d_step {
        find_highest(floor);
#ifdef MUTATE_floor_from_control
#else
        floor = LARGER(floor, lost);
        floor = LARGER(floor, (IS_GOOD(0) -> GENERATION(M.head[0]) : 0));
        floor = LARGER(floor, (IS_GOOD(1) -> GENERATION(M.head[1]) : 0));
#endif
        floor = floor + STEP
    }
}

/* mms__durable_mark_lost, and the anchor */
inline anchor_again()
{
#ifndef MUTATE_loss_unmarked
    if
    :: lost_slot < SLOTS ->
        atomic {
            touch_anchor(1 - place);
            M.head[1 - place] = WITH_LOST(M.head[1 - place], lost)
        };
        sync_durable()
    :: lost_slot == SLOTS
    fi;
#endif
#ifndef MUTATE_recovery_unanchored
    if
    :: GENERATION(chosen) != 0 -> store(floor + 1, SLOT(chosen), VALUE(chosen))
    :: GENERATION(chosen) == 0
    fi
#endif
}

inline punch(slot_of)
{
    if
    :: (slot_of) != SLOT(chosen) && (slot_of) != lost_slot ->
        atomic {
            touch_cell(2 * (slot_of));
            M.cell[2 * (slot_of)] = 0;
            touch_cell(2 * (slot_of) + 1);
            M.cell[2 * (slot_of) + 1] = 0
        }
    :: (slot_of) == SLOT(chosen) || (slot_of) == lost_slot
    fi
}

inline give_back_others()
{
    punch(0);
    punch(1);
    punch(2);
#if SLOTS > 3
    punch(3)
#endif
}

/* recover.c: fill_control */
inline fill_control()
{
    atomic { touch_fixed(); M.floor = floor };
    atomic { touch_fixed(); M.current = 0 };
    atomic {
        h_j = 0;
        do
        :: h_j < SLOTS ->
            touch_descriptor(h_j);
            M.word[h_j] = 0;
            M.published[h_j] = 0;
            M.says[h_j] = 0;
            h_j++
        :: h_j == SLOTS -> break
        od;
        h_j = 0
    };
    if
    :: GENERATION(chosen) != 0 ->
        atomic {
            touch_descriptor(SLOT(chosen));
            M.word[SLOT(chosen)] = floor + 1;
            M.says[SLOT(chosen)] = VALUE(chosen)
        };
        give_back_others();
        publish(floor + 1, SLOT(chosen))
    :: GENERATION(chosen) == 0
    fi
}

/* recover.c, and writer_open.c: start_new_boot */
inline recover()
{
    choose();
    choose_floor();
#ifdef MUTATE_others_punched_first
    give_back_others();
#endif
#ifdef MUTATE_control_first
    fill_control();
    anchor_again();
#else
    anchor_again();
    fill_control();
#endif
    atomic { touch_fixed(); M.boot = boots };
    d_step { chosen = 0; floor = 0; lost_slot = 0 }
}

/* What a writer finds: a value that was committed, whole, and none that is older than the promised one; or it says so. */
inline check_found()
{
    d_step {
        h_i = (M.current == 0 -> 0 : M.says[M.at]);
        assert(M.current == 0 || ((committed >> h_i) & 1));
        assert(M.current == 0 || IS_WHOLE(M.at, h_i)); /* D1, D3 */
        if
        :: h_i < promised && !excused ->
            assert(losses > 0 && lost != 0); /* D1, D3 */
            owed = lost
        :: else
        fi;
        assert(lost >= owed && (lost == 0 || losses > 0)); /* D3 */
        promised = (each || recovered || h_i < promised -> h_i : promised);
        h_i = 0;
        excused = 0;
        recovered = 0
    }
}

/* durable.c: mms__durable_distrust */
#define IS_NAMED(where, slot) (NAMES(where, slot) && GENERATION(M.head[where]) == M.word[slot])
inline distrust()
{
    atomic {
        i = 0;
        do
        :: i < SLOTS ->
            if
            :: M.published[i] != 0 && M.word[i] != M.current && !IS_NAMED(0, i) && !IS_NAMED(1, i) ->
                touch_descriptor(i);
                M.published[i] = 0
            :: else
            fi;
            i++
        :: i == SLOTS -> break
        od;
        i = 0
    }
}

inline open()
{
    d_step {
        here = name;
        assert(!gone[here])
    };
    durable_open();
    if
    :: d_step { M.boot != boots || IS_BEHIND -> recovered = 1 }; recover()
    :: d_step {
            M.boot == boots && !IS_BEHIND ->
                /* design.md: it looks as if the last commit had been cut short */
                excused = mounted && M.current < GENERATION(M.head[place])
        }
    fi;
    d_step { mounted = 0; find_highest(generation) };
    if
    :: M.current != 0 && M.published[M.at] != M.current -> atomic { touch_descriptor(M.at); M.published[M.at] = M.current }
    :: M.current == 0 || M.published[M.at] == M.current
    fi;
#ifndef MUTATE_slots_trusted
    distrust();
#endif
    sync_data(); /* mms__durable_start */
    if
    :: each -> durable_sync()
    :: !each
    fi;
    opened = 1;
    check_found()
}

/* ---- Writing ---- */

/* A whole value, or an update, which changes one cell, and stores none that is known to be in the slot. */
inline write_value()
{
    take();
    atomic {
        begun++;
        select(touched : 2 .. 3);
        touched = (M.current == 0 -> 3 : touched);
        wanted[begun].cell[0] = (touched & 1 -> begun : wanted[M.says[M.at]].cell[0]);
        wanted[begun].cell[1] = (touched & 2 -> begun : wanted[M.says[M.at]].cell[1]);
        old = (touched == 3 -> 0 : old)
    };
    if
    :: old == 0 || wanted[old].cell[0] != wanted[begun].cell[0] -> store_cell(2 * slot, wanted[begun].cell[0])
    :: old != 0 && wanted[old].cell[0] == wanted[begun].cell[0]
    fi;
    if
    :: old == 0 || wanted[old].cell[1] != wanted[begun].cell[1] ->
        store_cell(2 * slot + 1, wanted[begun].cell[1])
    :: old != 0 && wanted[old].cell[1] == wanted[begun].cell[1]
    fi;
    if
    :: aborts < ABORTS -> /* mms_write_abort */
        d_step { aborts++; touched = 0; old = 0; slot = 0 };
        goto idle
    :: true
    fi;
    d_step { M.says[slot] = begun; committed = committed | (1 << begun) };
    finish();
    d_step {
        assert(IS_WHOLE(M.at, M.says[M.at]));
        touched = 0;
        old = 0;
        slot = 0
    }
}

#ifdef REPLACE
/* Within a step. */
inline forget_region()
{
    dirty[here] = 0;
    h_i = 0;
    do
    :: h_i < SLOTS ->
        M.word[h_i] = 0;
        M.published[h_i] = 0;
        M.says[h_i] = 0;
        D.word[h_i] = 0;
        D.published[h_i] = 0;
        D.says[h_i] = 0;
        M.cell[2 * h_i] = 0;
        M.cell[2 * h_i + 1] = 0;
        D.cell[2 * h_i] = 0;
        D.cell[2 * h_i + 1] = 0;
        h_i++
    :: h_i == SLOTS -> break
    od;
    h_i = 0;
    M.current = 0;
    D.current = 0;
    M.head[1] = 0;
    M.tail[1] = 0;
    D.head[1] = 0;
    D.tail[1] = 0
}

/* replace.c. Creation has synced all that is built: an anchor that names nothing, and generations above the old ones. */
inline replace()
{
    d_step {
        from = here;
        here = 1 - here;
        gone[here] = 0;
        forget_region();
        M.head[0] = ANCHOR(1, 0, 0, 0, 0);
        M.tail[0] = M.head[0];
        M.floor = generation;
        M.boot = boots;
        D.head[0] = M.head[0];
        D.tail[0] = M.tail[0];
        D.floor = M.floor;
        D.boot = M.boot;
        place = 0;
        lost = 0
    };
    if
    :: memory[from].current != 0 -> /* carry_value */
        take();
        store_cell(2 * slot, memory[from].cell[2 * memory[from].at]);
        store_cell(2 * slot + 1, memory[from].cell[2 * memory[from].at + 1]);
        M.says[slot] = memory[from].says[memory[from].at];
        finish()
    :: memory[from].current == 0
    fi;
#ifndef MUTATE_replacement_unsynced
    durable_sync();
#endif
    d_step { name = here; given = LARGER(given, M.current) }; /* mms__building_exchange */
#ifdef MUTATE_removed_before_sync
    gone[from] = 1;
#endif
    disk_name = name; /* mms__building_sync_name */
    gone[from] = 1;
    d_step {
        promised = (M.current == 0 -> 0 : M.says[M.at]); /* the open with options.replace has returned */
        from = 0;
        old = 0;
        slot = 0
    }
}
#endif

/* ---- What interrupts it ---- */

#define IS_DISK_GOOD(place) (D.head[place] != 0 && D.head[place] == D.tail[place] && GENERATION(D.head[place]) != 0)

/* What is on the disk is all there is. */
inline lose_memory()
{
    atomic {
        here = 0;
        do
        :: here < REGIONS ->
            settle(0, FIXED, happens == cut);
#if MOUNTS > 0
            settle(FIXED, CONTROL_END, false);
#endif
            dirty[here] = 0;
            here++
        :: here == REGIONS -> break
        od;
        if
        :: name = disk_name
        :: disk_name = name
        fi;
        boots = (happens == cut -> boots + 1 : boots);
        mounted = (happens == mount -> 1 : mounted);
        here = name
    };
#ifdef CHECKED
    if
    :: atomic {
            losses < CHECKED && happens == cut ->
                if
                :: IS_DISK_GOOD(0) -> slot = SLOT(D.head[0])
                :: IS_DISK_GOOD(1) -> slot = SLOT(D.head[1])
                fi;
                losses++;
                if
                :: D.cell[2 * slot] = GARBAGE
                :: D.cell[2 * slot + 1] = GARBAGE
                fi
        }
    :: true
    fi;
#endif
    d_step {
        here = 0;
        do
        :: here < REGIONS ->
            h_i = 0;
            do
            :: h_i < 2 * SLOTS -> M.cell[h_i] = D.cell[h_i]; h_i++
            :: h_i == 2 * SLOTS -> break
            od;
            h_i = 0;
            do
            :: h_i < SLOTS ->
                M.word[h_i] = D.word[h_i];
                M.published[h_i] = D.published[h_i];
                M.says[h_i] = D.says[h_i];
                h_i++
            :: h_i == SLOTS -> break
            od;
            h_i = 0;
            M.head[0] = D.head[0];
            M.tail[0] = D.tail[0];
            M.head[1] = D.head[1];
            M.tail[1] = D.tail[1];
            M.current = D.current;
            M.at = D.at;
            M.floor = D.floor;
            M.boot = D.boot;
            here++
        :: here == REGIONS -> break
        od
    }
}

proctype writer()
{
    byte here, place, lost, generation, slot, old, touched, floor, lost_slot, from, i;
    byte failed_first, failed_last, old_floor;
    bit each, opened, recovered, excused;
    int chosen;

again:
    {
#ifdef SYNC
        if
        :: each = 0
        :: each = 1
        fi;
#else
        each = 1;
#endif
        open();
idle:
        do
        :: begun < LAST -> write_value()
#ifdef SYNC
        :: !each && GENERATION(M.head[place]) != M.current ->
            durable_sync();
            d_step { promised = (M.current == 0 -> 0 : M.says[M.at]); slot = 0; old = 0 } /* mms_sync has returned */
#endif
#ifdef REPLACE
        :: name == 0 -> replace()
#endif
        :: happens != nothing /* what is left is to be interrupted */
        od;

failed: /* durable.c: give_up */
        atomic { settle(failed_first, failed_last, true); failed_first = 0; failed_last = 0 };
        d_step {
#ifndef MUTATE_pages_trusted
            distrust_pages()
#else
            skip
#endif
        };
        goto close
    } unless { happens != nothing };
    if
    :: happens == kill
    :: happens == cut || happens == mount -> lose_memory()
    fi;
close:
    skip;
    d_step {
        happens = nothing; here = 0; place = 0; lost = 0; generation = 0; slot = 0; old = 0; touched = 0;
        floor = 0; lost_slot = 0; from = 0; i = 0; failed_first = 0; failed_last = 0; old_floor = 0; each = 0; opened = 0; recovered = 0; excused = 0; chosen = 0
    };
    goto again;
stop:
    assert(losses > 0) /* D3 */
}

proctype power()
{
    do
    :: atomic { happens == nothing && cuts < CUTS -> happens = cut; cuts++ }
    :: atomic { happens == nothing && kills < KILLS -> happens = kill; kills++ }
    :: atomic { happens == nothing && mounts < MOUNTS -> happens = mount; mounts++ }
    od
}

init
{
    atomic {
        memory[0].head[0] = ANCHOR(1, 0, 0, 0, 0);
        memory[0].tail[0] = ANCHOR(1, 0, 0, 0, 0);
        memory[0].boot = 1;
        disk[0].head[0] = ANCHOR(1, 0, 0, 0, 0);
        disk[0].tail[0] = ANCHOR(1, 0, 0, 0, 0);
        disk[0].boot = 1;
        run writer();
        run power()
    }
}
