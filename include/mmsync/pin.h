/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's half of the protocol: the few instructions that are compiled into user programs, and that every later
   version of the library must therefore keep understanding. The writer's half is src/region/protocol.h; the proof is
   docs/design.md. Not part of the API. */
#ifndef MMSYNC_PIN_H
#define MMSYNC_PIN_H

#include <mmsync/atomic.h>
#include <mmsync/step.h>
#include <stdbool.h>

/* `current` = generation (48 bits) | nudge (1 bit) | slot (15 bits). 0: nothing published yet. */
#define MMS__SLOT_BITS 16
#define MMS__NUDGE UINT64_C(0x8000)                  /* see mms__nudge in protocol.h */
#define MMS__TOMBSTONE UINT64_MAX                    /* removed: calls on open handles return MMS_E_GONE */
#define MMS__GENERATION_MAX ((UINT64_MAX >> 16) - 1) /* the highest that is ever published */

static inline uint64_t mms__word_generation(uint64_t word)
{
    return word >> MMS__SLOT_BITS;
}
static inline unsigned mms__word_slot(uint64_t word)
{
    return MMS__NUMBER_CAST(unsigned, word & 0x7fff);
}
static inline bool mms__word_pinnable(uint64_t word)
{
    return word != 0 && word != MMS__TOMBSTONE;
}

/* `announce` = generation << 2 | tag. EXACT|g covers generation g alone, FROM|g every generation from g on. */
enum { MMS__IDLE = 0, MMS__EXACT = 1, MMS__FROM = 2, MMS__TAG_MASK = 3 };

static inline uint64_t mms__exact(uint64_t word)
{
    return mms__word_generation(word) << 2 | MMS__EXACT;
}
static inline uint64_t mms__from(uint64_t word)
{
    return mms__word_generation(word) << 2 | MMS__FROM;
}

/* Between announcing and validating. Pair: mms__fence_heavy in the writer's reclaim. Without the pair the validating
   load may pass the announcement, and the writer may reuse a slot whose reader it could not yet see (G1, G4). */
static inline void mms__fence_light(bool symmetric)
{
    if (symmetric)
        mms__fence_seq_cst();
    else
        mms__fence_compiler();
}

/* Announce the generation of `word` and return what is current now: if that is still `word`, it is pinned.
   The store is a release: it may replace an announcement that protected reads, which must be over before the writer
   sees the new one (pair: the acquire load in mms__line_read). The load is an acquire: the value and its descriptor
   must be seen as they were at the publish (pair: the release store in mms__publish). */
static inline uint64_t mms__announce(mms__word *announce, const mms__word *current, uint64_t word, bool symmetric)
{
    mms__store_release(announce, mms__exact(word));
    MMS__STEP(pin_announced);
    mms__fence_light(symmetric);
    return mms__load_acquire(current);
}

/* True if nobody has taken the slot away since `word` was pinned, so that everything read up to here was whole.
   The fence keeps the reads of the data before the loads below (pair: the fence in mms__slot_take). A slot that is
   still current was never taken; otherwise its generation word tells. */
static inline bool mms__still_whole(const mms__word *current, const mms__word *slot_generation, uint64_t word)
{
    mms__fence_acquire();
    return mms__load_relaxed(current) == word || mms__load_relaxed(slot_generation) == mms__word_generation(word);
}

/* Give the slot back. Release: the reads of the data are over before the writer sees it (pair: mms__line_read). */
static inline void mms__announce_idle(mms__word *announce)
{
    mms__store_release(announce, MMS__NUMBER_CAST(uint64_t, MMS__IDLE));
}

#endif
