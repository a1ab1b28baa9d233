/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol: announce, validate, publish, cover, reclaim, wait; pure functions over shared words. What a reader does
   in its steady state stands in mmsync/pin.h, because it is compiled into user programs; the rest is here. Models and
   tests compile these two files. docs/design.md numbers the guarantees (G1 ...) and proves them.

   The one race that matters, and how it is decided. A reader stores its announcement A and then loads `current`; a
   writer stores `current` and then, before it reuses a slot, loads A. Each side has a full fence between the two (the
   reader's may be lent by the writer through membarrier), so at least one sees the other's store: the writer finds the
   slot covered, or the reader finds `current` changed and does not use the slot. */
#ifndef MMS_REGION_PROTOCOL_H
#define MMS_REGION_PROTOCOL_H

#include "region/layout.h"

/* ---- Reader ---- */

/* How often a reader follows a moving `current` before it announces FROM. With one try more than needed to survive a
   preemption, FROM, which covers every slot that is to come, stays rare. Models try less often. */
#ifndef MMS__PIN_TRIES
#define MMS__PIN_TRIES 8
#endif

/* Pin what is newest. `word` is the last `current` seen; it was loaded before the first announcement, as this argument
   needs: a word that was current at some time before the announcement, and is current after it, was current between.
   Returns the word pinned, or one that is not pinnable (nothing there, removed), with the line idle. Wait-free (G2):
   MMS__PIN_TRIES + 1 announcements at most. */
static inline uint64_t mms__pin(mms__word *announce, const mms__word *current, uint64_t word, bool symmetric)
{
    for (int tries = 0; tries < MMS__PIN_TRIES && mms__word_pinnable(word); tries++) {
        uint64_t now = mms__announce(announce, current, word, symmetric);

        if (now == word)
            return word;
        word = now;
    }
    if (mms__word_pinnable(word)) {
        /* Covers whatever will be current when the load comes: no second look is needed. */
        mms__store_release(announce, mms__from(word));
        MMS__STEP(pin_from_announced);
        mms__fence_light(symmetric);
        word = mms__load_acquire(current);
        MMS__STEP(pin_from_looked);
    }
    if (mms__word_pinnable(word))
        mms__store_release(announce, mms__exact(word)); /* narrows FROM; a release as in mms__announce */
    else
        mms__announce_idle(announce);
    MMS__STEP(pin_from_narrowed);
    return word;
}

/* With `word` pinned by a fence of the reader's own: from here on the inline path may announce it again, and nothing else,
   without a fence. Release: what was read under the word that stood here before is over before a writer sees this one
   (pair: mms__line_read_quick). The announcement that pinned `word` stands until later, so a writer sees one or the other. */
static inline void mms__say_again(struct mms__line *line, uint64_t word)
{
    mms__store_release(&line->again, mms__exact(word));
    MMS__STEP(read_again_said);
}

/* Claim a line. False if somebody was faster. The caller holds the lock byte of `owner`. The mark
   goes up first, so that no line with an owner is ever above it, wherever the caller dies (G5). */
static inline bool mms__line_claim(struct mms__line *line, uint32_t *high_water, uint32_t index, uint32_t owner,
                                   uint32_t mode, uint32_t flags)
{
    uint32_t free_line = 0, mark = mms__load_relaxed(high_water);

    MMS__STEP(claim_begun);
    while (mark <= index && !mms__cas_seq_cst(high_water, &mark, index + 1))
        continue;
    MMS__STEP(claim_mark_raised);
    /* Acquire (pair: the release in mms__line_clear): the last owner's announcement was withdrawn before ours is made. */
    if (!mms__cas_seq_cst(&line->owner, &free_line, owner))
        return false;
    MMS__STEP(claim_owner_stored);
    mms__store_relaxed(&line->flags, flags);
    MMS__STEP(claim_flags_stored);
    mms__store_relaxed(&line->again, MMS__NUMBER_CAST(uint64_t, MMS__IDLE)); /* the last owner's */
    MMS__STEP(claim_again_stored);
    mms__store_relaxed(&line->mode, mode);
    MMS__STEP(claim_mode_stored);
    /* Pair: mms__fence_heavy, and the fence of a quick scan. A writer that did not see all of this fenced before, so that
       the first validating load of the reader comes after what the writer published. The CAS alone does not order later
       plain loads (G4). The fence in the reader's first mms__pin would do. */
    mms__fence_seq_cst();
    MMS__STEP(claim_fenced);
    return true;
}

static inline void mms__line_set_mode(struct mms__line *line, uint32_t mode)
{
    /* Release: an announcement made in the old mode is seen by whoever sees the new mode (pair: mms__line_read). */
    mms__store_release(&line->mode, mode);
    MMS__STEP(adopt_mode_stored);
    /* Pair: mms__fence_heavy. Without it the writer could read the old announcement after the reader, in its new mode,
       has validated the next one. */
    mms__fence_seq_cst();
}

/* Give a line back: one's own or, under its owner's lock byte, a dead owner's (G5). In this order:
   a reader that sees the line free and claims it must not have an old announcement stored over its
   own. */
static inline void mms__line_clear(struct mms__line *line)
{
    mms__announce_idle(&line->announce);
    MMS__STEP(line_idle);
    mms__store_release(&line->owner, 0);
    MMS__STEP(line_freed);
}

/* ---- Writer ---- */

/* What a line covers, as far as this writer can tell. */
struct mms__cover {
    enum mms__cover_kind { MMS__COVERS_NOTHING, MMS__COVERS_EXACT, MMS__COVERS_FROM, MMS__COVERS_ALL } kind;
    uint64_t generation;
};

static inline bool mms__covers(struct mms__cover cover, uint64_t generation)
{
    switch (cover.kind) {
    case MMS__COVERS_EXACT: return cover.generation == generation;
    case MMS__COVERS_FROM: return cover.generation <= generation;
    case MMS__COVERS_ALL: return true;
    default: return false;
    }
}

/* After mms__fence_heavy. `can_membarrier` false: what an asymmetric line says may be late, so it covers everything,
   idle or not, until its reader adopts the symmetric mode. */
static inline struct mms__cover mms__line_read(const struct mms__line *line, uint32_t max_readers, bool can_membarrier)
{
    uint32_t owner = mms__load_acquire(&line->owner);
    /* Before the announcement: see mms__line_set_mode. */
    uint32_t mode = mms__load_acquire(&line->mode);
    /* Acquire: the reads under the announcement that this one replaced are over (pair: the releases in mms__announce,
       mms__pin and mms__announce_idle). Weaker, and the writer's stores to a reused slot may pass them (G1). */
    uint64_t announce = mms__load_acquire(&line->announce);
    struct mms__cover cover = {MMS__COVERS_NOTHING, announce >> 2};

    if (owner == 0 || owner > max_readers)
        return cover; /* free, or scribbled over: no process of ours stands behind it */
    if (mode == MMS__ASYMMETRIC && !can_membarrier)
        cover.kind = MMS__COVERS_ALL;
    else if ((announce & MMS__TAG_MASK) == MMS__EXACT)
        cover.kind = MMS__COVERS_EXACT;
    else if ((announce & MMS__TAG_MASK) == MMS__FROM)
        cover.kind = MMS__COVERS_FROM;
    return cover;
}

/* The same after a fence of the writer's alone, which is no heavy one. The announcement that the inline path makes may be
   late, but it is always that of `again`, and all others had a fence of the reader's behind them; so what neither of the
   two words names is free. In this order: the reader stores `again` before it withdraws the announcement that pinned the
   same. A line that does not say covers everything. */
static inline struct mms__cover mms__line_read_quick(const struct mms__line *line, uint32_t max_readers,
                                                     uint64_t *again)
{
    bool says = (mms__load_relaxed(&line->flags) & MMS__SAYS_AGAIN) != 0;
    struct mms__cover cover = mms__line_read(line, max_readers, says);

    /* Acquire: the reads under the word that this one replaced are over (pair: mms__say_again). */
    *again = mms__load_acquire(&line->again) >> 2;
    return cover;
}

/* Take a free slot into use: from here on its old value is gone. Before any write to the slot's data, and before its memory
   is given back. The fence keeps the data after the word (pair: the fence in mms__still_whole): a reader that read one new
   byte then finds the new generation, and knows (G1). That is enough for a value that plain stores make. */
static inline void mms__slot_take_plain(struct mms__descriptor *slot, uint64_t generation)
{
    mms__store_relaxed(&slot->generation, generation);
    MMS__STEP(take_generation_stored);
    mms__fence_release();
}

/* The same for any value. Stores that bypass the caches, the caller's own as well, wait for full fences alone. */
static inline void mms__slot_take(struct mms__descriptor *slot, uint64_t generation)
{
    mms__slot_take_plain(slot, generation);
    mms__fence_seq_cst();
}

/* Make a complete slot current. Release: its data and descriptor before it (pair: the acquire in mms__announce). */
static inline void mms__publish(mms__word *current, uint64_t generation, unsigned slot)
{
    MMS__STEP(publish_described);
    mms__store_release(current, generation << MMS__SLOT_BITS | slot);
    MMS__STEP(publish_current_stored);
}

/* After that: as long as the slot's generation word stays, its bytes are this value, which was current. Release: `current`
   before it, so that nothing counts as published that was not, wherever the writer dies (pair: the acquires of
   `published`). */
static inline void mms__note_published(struct mms__descriptor *slot, uint64_t generation)
{
    mms__store_release(&slot->published, generation);
    MMS__STEP(publish_noted);
}

/* Make readers look up without publishing anything: the same generation and slot under another word, so that they leave
   the inline path and adopt symmetric fences. A writer that has lost membarrier finds every slot covered by asymmetric
   readers, and could publish nothing that would tell them. The bit is set and not flipped: two writers in a row that do
   so must not lead back to a word that a reader has pinned in asymmetric mode. Views that are held stay whole: the
   slot's generation word has not changed. Release: the mode before it (pair: the acquire in mms__announce). */
static inline void mms__nudge(mms__word *current)
{
    uint64_t word = mms__load_relaxed(current);

    if (mms__word_pinnable(word))
        mms__store_release(current, word | MMS__NUDGE);
}

/* ---- Waiting ---- */

/* From so many on the writer wakes one, and leaves the rest to those who wake: each costs microseconds. Models need fewer. */
#ifndef MMS__MANY
#define MMS__MANY 5u
#endif

/* Before sleeping on `wake`: returns `current` as it is after the flag was set. The fence pairs with the one in
   mms__wake_due: either the waiter sees the new `current`, or the writer sees the flag. The acquire is for callers that
   use the word to read; waiting itself does not need it. */
static inline uint64_t mms__wait_arm(uint32_t *waiting, const mms__word *current)
{
    uint32_t count = mms__load_relaxed(waiting);

    /* Not 0 in any case. As a count it is a guess, which others may overwrite: mms__many_wait. */
    mms__store_relaxed(waiting, count < MMS__MANY ? count + 1 : MMS__MANY);
    MMS__STEP(wait_flag_set);
    mms__fence_seq_cst();
    return mms__load_acquire(current);
}

/* After mms__publish: true if somebody must be woken. `wake` changes after the flag was cleared: a waiter whose flag
   was cleared with that of another has loaded `wake` before the change, and does not sleep; one that has loaded it
   after the change has set its flag after the clearing, and it stays. */
static inline bool mms__wake_due(uint32_t *wake, uint32_t *waiting)
{
    mms__fence_seq_cst(); /* `current` before the flag; pair: mms__wait_arm */
    if (mms__load_relaxed(waiting) == 0)
        return false;
    mms__store_relaxed(waiting, 0);
    MMS__STEP(wake_flag_cleared);
    mms__store_release(wake, mms__load_relaxed(wake) + 1); /* pair: the acquire of `wake` before mms__wait_arm */
    MMS__STEP(wake_word_stored);
    return true;
}

/* Before mms__wake_due. A guess: it decides who wakes, not whether. */
static inline bool mms__many_wait(const uint32_t *waiting)
{
    return mms__load_relaxed(waiting) >= MMS__MANY;
}

/* The relay word, while sleepers are left: a number that tells one publish from the next, MMS__RELAY_OPEN, and how many
   of those who wake may still try to wake the rest. More than one, since one may die between its turn and its wake. It
   stands until a wake is over, so that whoever comes later knows if that happened. */
enum { MMS__RELAY_TRIES = 3, MMS__RELAY_OPEN = 4, MMS__RELAY_SHIFT = 3 };

/* The writer's, before it wakes one. */
static inline void mms__relay_open(uint32_t *relay, uint32_t wake)
{
    /* Release: `wake` has changed (pair: the acquire in mms__relay_take). */
    mms__store_release(relay, wake << MMS__RELAY_SHIFT | MMS__RELAY_OPEN | (MMS__RELAY_TRIES - 1));
    MMS__STEP(relay_opened);
}

/* 0: nothing to do, or others do it. Otherwise wake all, and then mms__relay_end. `late`: the caller has slept so long
   that whoever had a turn is taken for dead. No loop, whatever is written there. */
static inline uint32_t mms__relay_take(uint32_t *relay, bool late)
{
    /* Acquire (pair: the release in mms__relay_open): who falls asleep after our wake finds `wake` changed. */
    uint32_t word = mms__load_acquire(relay);
    bool taken;

    if ((word & MMS__RELAY_OPEN) == 0)
        return 0;
    if ((word & MMS__RELAY_TRIES) == 0)
        return late ? word : 0;
    taken = mms__cas_seq_cst(relay, &word, word - 1);
    if (!taken)
        return 0;
    MMS__STEP(relay_taken);
    return word;
}

/* After the wake: all who slept at that publish are awake. A later publish has another number, and its relay stays. If
   somebody else takes a turn at this moment, the word stays open for that one to end. */
static inline void mms__relay_end(uint32_t *relay, uint32_t taken)
{
    uint32_t word = mms__load_relaxed(relay);

    MMS__STEP(relay_woken);
    if (word >> MMS__RELAY_SHIFT == taken >> MMS__RELAY_SHIFT)
        (void)mms__cas_seq_cst(relay, &word, 0);
    MMS__STEP(relay_ended);
}

#endif
