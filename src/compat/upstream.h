/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol of mmap-sync 2, and what makes it safe for a reader of ours: pure functions over PREFIX_state.

   A writer writes the file that is not current once nobody is counted on it, then makes it current with one store. A
   reader counts itself in on the file that is current. The crate's reader does not look again after that, and may have
   been counted too late. Ours pins a file only when it has seen, after it was counted there, that this file is current:

       reader     readers[i] + 1 ; version               both seq_cst
       writer     version ; readers[i]                   both seq_cst

   Either the writer sees the count, or the reader sees that the version has moved on.  */
#ifndef MMS_UPSTREAM_H
#define MMS_UPSTREAM_H

#include <mmsync/atomic.h>
#include <mmsync/step.h>
#include <stdbool.h>
#include <stddef.h>

struct mms__upstream {
    mms__word version; /* checksum (24 bits) | size (39) | index of the data file (1). 0: no value yet */
    uint32_t readers[2];
};

_Static_assert(sizeof(struct mms__upstream) == 16 && offsetof(struct mms__upstream, readers) == 8, "as in the file");

#define MMS__UPSTREAM_SIZE_MAX ((UINT64_C(1) << 39) - 1)
/* A count above it has been below 0: a writer had reset it, and a reader left after that. */
#define MMS__UPSTREAM_COUNT_MAX UINT32_C(0x7fffffff)

static inline uint64_t mms__upstream_word(unsigned index, uint64_t size, uint64_t hash)
{
    return index | size << 1 | hash << 40;
}
static inline unsigned mms__upstream_index(uint64_t word)
{
    return (unsigned)(word & 1);
}
static inline uint64_t mms__upstream_size(uint64_t word)
{
    return (word >> 1) & MMS__UPSTREAM_SIZE_MAX;
}
/* The part of a hash that the version keeps. */
static inline uint64_t mms__upstream_checksum(uint64_t word)
{
    return word >> 40;
}

/* To add 1 to a count that is below 0 could make it 0, and this reader invisible: such a count starts anew. */
static inline void mms__upstream_count_in(uint32_t *count)
{
    uint32_t seen = mms__load_relaxed(count);

    while (!mms__cas_seq_cst(count, &seen, seen > MMS__UPSTREAM_COUNT_MAX ? 1 : seen + 1))
        continue;
}

/* False if there is nothing to take back: a writer has reset the count in the meantime. Release (by the CAS): the reads
   of the data are over before a writer sees the count (pair: its load of the count). */
static inline bool mms__upstream_count_out(uint32_t *count)
{
    uint32_t seen = mms__load_relaxed(count);

    do
        if (seen == 0 || seen > MMS__UPSTREAM_COUNT_MAX)
            return false;
    while (!mms__cas_seq_cst(count, &seen, seen - 1));
    return true;
}

/* Pin what is current, and return its version; 0 if there is nothing, and then nothing is pinned. Bounded: whoever is
   counted on both files is counted on the current one, whichever that is. */
static inline uint64_t mms__upstream_pin(struct mms__upstream *state)
{
    uint64_t word = mms__load_seq_cst(&state->version);
    unsigned first = mms__upstream_index(word);
    bool both = false;

    if (word == 0)
        return 0;
    MMS__STEP(upstream_looked);
    mms__upstream_count_in(&state->readers[first]);
    MMS__STEP(upstream_counted);
    word = mms__load_seq_cst(&state->version);
    if (word != 0 && mms__upstream_index(word) != first) {
        both = true;
        mms__upstream_count_in(&state->readers[!first]);
        MMS__STEP(upstream_counted_twice);
        word = mms__load_seq_cst(&state->version);
    }
    if (word == 0 || mms__upstream_index(word) != first)
        (void)mms__upstream_count_out(&state->readers[first]);
    if (both && (word == 0 || mms__upstream_index(word) == first))
        (void)mms__upstream_count_out(&state->readers[!first]);
    MMS__STEP(upstream_pinned);
    return word;
}

/* End the view of `word`. False if it can be seen that a writer did not wait for it: the file is current again with
   another value, or the count is gone. Then nothing is counted out, as what is counted now are others. The fence keeps
   the reads of the data before the loads (pair: the writer's store of the count, before it writes the data). */
static inline bool mms__upstream_unpin(struct mms__upstream *state, uint64_t word)
{
    uint64_t now;
    bool whole;

    mms__fence_acquire();
    now = mms__load_seq_cst(&state->version);
    if (now != 0 && now != word && mms__upstream_index(now) == mms__upstream_index(word))
        return false;
    MMS__STEP(upstream_ending);
    whole = mms__upstream_count_out(&state->readers[mms__upstream_index(word)]);
    MMS__STEP(upstream_ended);
    return whole;
}

/* True while nothing speaks against a view of `word` that is held. */
static inline bool mms__upstream_holds(const struct mms__upstream *state, uint64_t word)
{
    uint32_t count;

    mms__fence_acquire(); /* as in mms__upstream_unpin */
    count = mms__load_relaxed(&state->readers[mms__upstream_index(word)]);
    return count > 0 && count <= MMS__UPSTREAM_COUNT_MAX;
}

/* The file that a writer writes after `word`. */
static inline unsigned mms__upstream_after(uint64_t word)
{
    return word == 0 ? 0 : !mms__upstream_index(word);
}

/* Only writers change the version, one after the other under their lock. The file that a writer may write next, as far as readers leave it alone. */
static inline unsigned mms__upstream_next(const struct mms__upstream *state)
{
    return mms__upstream_after(mms__load_seq_cst(&state->version));
}

#endif
