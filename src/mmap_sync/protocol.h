/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol of mmap-sync 2, and what makes it safe for a reader of ours: pure functions over PREFIX_state.

   A writer writes the file that is not current once nobody is counted on it, then makes it current with one store. A
   reader counts itself in on the file that is current. The crate's reader does not look again after that, and may have
   been counted too late. Ours pins a file only when it has seen, after it was counted there, that this file is current:

       reader     readers[i] + 1 ; version               both seq_cst
       writer     version ; readers[i]                   both seq_cst

   Either the writer sees the count, or the reader sees that the version has moved on.  */
#ifndef MMS_MMAP_SYNC_PROTOCOL_H
#define MMS_MMAP_SYNC_PROTOCOL_H

#include <mmsync/atomic.h>
#include <mmsync/step.h>
#include <stdbool.h>
#include <stddef.h>

struct mms__mmap_sync_state {
    mms__word version; /* checksum (24 bits) | size (39) | index of the data file (1). 0: no value yet */
    uint32_t readers[2];
};

_Static_assert(sizeof(struct mms__mmap_sync_state) == 16 && offsetof(struct mms__mmap_sync_state, readers) == 8,
               "as in the file");

/* Not 0: somebody sleeps until the version changes, or did. It lies behind the state, in the rest of its
   page: that is not in the file, but all who map the file share it (mmap(2)). A file system may put 0
   there when it writes the page to disk. Then nobody is woken; whoever sleeps looks again within 10 ms. */
static inline uint32_t *mms__mmap_sync_waiting(struct mms__mmap_sync_state *state)
{
    return (uint32_t *)(void *)(state + 1);
}

#define MMS__MMAP_SYNC_SIZE_MAX ((UINT64_C(1) << 39) - 1)
/* A count above it has been below 0: a writer had reset it, and a reader left after that. */
#define MMS__MMAP_SYNC_COUNT_MAX UINT32_C(0x7fffffff)

static inline uint64_t mms__mmap_sync_word(unsigned index, uint64_t size, uint64_t hash)
{
    return index | size << 1 | hash << 40;
}
static inline unsigned mms__mmap_sync_index(uint64_t word)
{
    return (unsigned)(word & 1);
}
static inline uint64_t mms__mmap_sync_size(uint64_t word)
{
    return (word >> 1) & MMS__MMAP_SYNC_SIZE_MAX;
}
/* The part of a hash that the version keeps. */
static inline uint64_t mms__mmap_sync_checksum(uint64_t word)
{
    return word >> 40;
}

/* Adding 1 to a count below 0 could make it 0, and this reader invisible: such a count starts
   anew. */
static inline void mms__mmap_sync_count_in(uint32_t *count)
{
    uint32_t seen = mms__load_relaxed(count);

    while (!mms__cas_seq_cst(count, &seen, seen > MMS__MMAP_SYNC_COUNT_MAX ? 1 : seen + 1))
        continue;
}

/* False if there is nothing to take back: a writer has reset the count in the meantime. Release (by the CAS): the reads
   of the data are over before a writer sees the count (pair: its load of the count). */
static inline bool mms__mmap_sync_count_out(uint32_t *count)
{
    uint32_t seen = mms__load_relaxed(count);

    do
        if (seen == 0 || seen > MMS__MMAP_SYNC_COUNT_MAX)
            return false;
    while (!mms__cas_seq_cst(count, &seen, seen - 1));
    return true;
}

/* Pin what is current, and return its version; 0 if there is nothing, and then nothing is pinned. Bounded: whoever is
   counted on both files is counted on the current one, whichever that is. */
static inline uint64_t mms__mmap_sync_pin(struct mms__mmap_sync_state *state)
{
    uint64_t word = mms__load_seq_cst(&state->version);
    unsigned first = mms__mmap_sync_index(word);
    bool both = false;

    if (word == 0)
        return 0;
    MMS__STEP(mmap_sync_looked);
    mms__mmap_sync_count_in(&state->readers[first]);
    MMS__STEP(mmap_sync_counted);
    word = mms__load_seq_cst(&state->version);
    if (word != 0 && mms__mmap_sync_index(word) != first) {
        both = true;
        mms__mmap_sync_count_in(&state->readers[!first]);
        MMS__STEP(mmap_sync_counted_twice);
        word = mms__load_seq_cst(&state->version);
    }
    if (word == 0 || mms__mmap_sync_index(word) != first)
        (void)mms__mmap_sync_count_out(&state->readers[first]);
    if (both && (word == 0 || mms__mmap_sync_index(word) == first))
        (void)mms__mmap_sync_count_out(&state->readers[!first]);
    MMS__STEP(mmap_sync_pinned);
    return word;
}

/* True if the version says that the file of `word` has been written since. */
static inline bool mms__mmap_sync_overtaken(uint64_t now, uint64_t word)
{
    return now != 0 && now != word && mms__mmap_sync_index(now) == mms__mmap_sync_index(word);
}

/* End the view of `word`. False if it can be seen that a writer did not wait for it: the file is
   current again with another value, or the count is gone. Then nothing is counted out, as the
   readers counted now are others. The fence keeps the reads of the data before the loads (pair:
   the writer's store of the count, before it writes the data). */
static inline bool mms__mmap_sync_unpin(struct mms__mmap_sync_state *state, uint64_t word)
{
    bool whole;

    mms__fence_acquire();
    if (mms__mmap_sync_overtaken(mms__load_seq_cst(&state->version), word))
        return false;
    MMS__STEP(mmap_sync_ending);
    whole = mms__mmap_sync_count_out(&state->readers[mms__mmap_sync_index(word)]);
    MMS__STEP(mmap_sync_ended);
    return whole;
}

/* True unless the held view of `word` can be seen to be lost. */
static inline bool mms__mmap_sync_is_held(const struct mms__mmap_sync_state *state, uint64_t word)
{
    uint32_t count;

    mms__fence_acquire(); /* as in mms__mmap_sync_unpin */
    if (mms__mmap_sync_overtaken(mms__load_seq_cst(&state->version), word))
        return false;
    count = mms__load_relaxed(&state->readers[mms__mmap_sync_index(word)]);
    return count > 0 && count <= MMS__MMAP_SYNC_COUNT_MAX;
}

/* The file that a writer writes after `word`. */
static inline unsigned mms__mmap_sync_after(uint64_t word)
{
    return word == 0 ? 0 : !mms__mmap_sync_index(word);
}

/* Only writers change the version, one after the other under their lock. The file that a writer may write next, as far as readers leave it alone. */
static inline unsigned mms__mmap_sync_next(const struct mms__mmap_sync_state *state)
{
    return mms__mmap_sync_after(mms__load_seq_cst(&state->version));
}

#endif
