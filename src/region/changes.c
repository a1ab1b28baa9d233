/* SPDX-License-Identifier: Apache-2.0 */
#include "region/changes.h"
#include "base/minmax.h"

enum { RECORD_WORDS = sizeof(struct mms__record) / sizeof(uint64_t), WORD = sizeof(uint64_t) };

/* Garbage may look like a range: with no end above this, no sum wraps. */
#define HIGHEST_END (UINT64_C(1) << 62)

static mms__word *word_at(const struct mms__ring *ring, uint64_t position)
{
    return &ring->shared->ring[(position & (ring->size - 1)) / WORD];
}

/* ---- Appending ---- */

/* Move the tail before overwriting the bytes below it: a reader that has read a new byte then
   finds the new tail, and discards what it read (pair: the fence in mms__ring_reaches). A release
   would be enough. */
static void make_room(struct mms__ring *ring, uint64_t end)
{
    if (mms__load_relaxed(&ring->shared->tail) + ring->size >= end)
        return;
    mms__store_relaxed(&ring->shared->tail, end - ring->size);
    MMS__STEP(changes_tail_stored);
    mms__fence_seq_cst();
}

static uint64_t store_words(struct mms__ring *ring, uint64_t at, const uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mms__store_relaxed(word_at(ring, at + i * WORD), words[i]);
    return at + count * WORD;
}

/* Nothing leads to the record until the publish. If the writer dies before that, the record stays
   behind, but no value that was ever current leads to it, directly or through other records. */
uint64_t mms__ring_append(struct mms__ring *ring, const struct mms__record *record, const struct mms__range_set *set)
{
    uint64_t start = mms__load_relaxed(&ring->shared->head), at;
    const uint64_t words[RECORD_WORDS] = {record->generation,    record->size,        record->previous,
                                          record->previous_size, record->previous_at, set->count};

    make_room(ring, start + sizeof *record + set->count * sizeof(mms_range));
    at = store_words(ring, start, words, RECORD_WORDS);
    MMS__STEP(changes_record_begun);
    for (size_t i = 0; i < set->count; i++)
        at = store_words(ring, at, (const uint64_t[]){set->ranges[i].offset, set->ranges[i].length}, 2);
    MMS__STEP(changes_record_stored);
    mms__store_relaxed(&ring->shared->head, at);
    MMS__STEP(changes_head_stored);
    return start;
}

/* ---- Reading ---- */

/* Call it after reading the bytes there. */
bool mms__ring_reaches(const struct mms__ring *ring, uint64_t at)
{
    mms__fence_acquire(); /* pair: the fence in make_room */
    return at >= mms__load_relaxed(&ring->shared->tail);
}

static uint64_t load_word(const struct mms__ring *ring, uint64_t at, unsigned index)
{
    return mms__load_relaxed(word_at(ring, at + (uint64_t)index * WORD));
}

static struct mms__record load_record(const struct mms__ring *ring, uint64_t at)
{
    return (struct mms__record){.generation = load_word(ring, at, 0),
                                .size = load_word(ring, at, 1),
                                .previous = load_word(ring, at, 2),
                                .previous_size = load_word(ring, at, 3),
                                .previous_at = load_word(ring, at, 4),
                                .count = load_word(ring, at, 5)};
}

/* True if a writer could have stored this record: the bytes may be garbage. These checks are also
   why a walk ends. */
static bool is_sound(const struct mms__ring *ring, const struct mms__record *record, uint64_t at, uint64_t generation)
{
    return record->generation == generation && record->previous < generation && record->previous_at < at &&
           record->count <= mms__ring_most_ranges(ring);
}

static bool add_ranges(const struct mms__ring *ring, uint64_t at, uint64_t count, struct mms__range_set *set)
{
    for (uint64_t i = 0; i < count; i++, at += sizeof(mms_range)) {
        uint64_t offset = load_word(ring, at, 0), length = load_word(ring, at, 1);

        if (offset > HIGHEST_END || length > HIGHEST_END - offset)
            return false;
        mms__range_set_add(set, offset, length);
    }
    return true;
}

/* Add ranges of a record that has `more` of them. */
static bool add_part(const struct mms__ring *ring, const struct mms__walk *walk, uint64_t more, uint64_t most,
                     struct mms__range_set *set)
{
    uint64_t at = walk->at + sizeof(struct mms__record) + walk->listed * sizeof(mms_range);

    return add_ranges(ring, at, mms__min(more, most), set);
}

int mms__ring_step(const struct mms__ring *ring, struct mms__walk *walk, uint64_t most, struct mms__range_set *set,
                   uint64_t *smallest)
{
    struct mms__record record;
    uint64_t more;
    bool sound;

    if (walk->at == 0)
        return MMS_E_FORGOTTEN;
    record = load_record(ring, walk->at);
    more = record.count - walk->listed;
    sound = is_sound(ring, &record, walk->at, walk->generation) && more <= record.count &&
            add_part(ring, walk, more, most, set);
    if (!mms__ring_reaches(ring, walk->at))
        return MMS_E_FORGOTTEN;
    if (!sound)
        return MMS_E_CORRUPT;
    if (more > most) {
        walk->listed += most;
        return 0;
    }
    *smallest = mms__min(*smallest, mms__min(record.size, record.previous_size));
    *walk = (struct mms__walk){record.previous_at, record.previous, walk->since, walk->most, 0};
    return 0;
}

int mms__ring_walk(const struct mms__ring *ring, struct mms__walk walk, struct mms__range_set *set, uint64_t *smallest)
{
    *smallest = UINT64_MAX;
    if (walk.at >= mms__load_relaxed(&ring->shared->head)) /* it moves before the publish: this is an older file */
        return MMS_E_CORRUPT;
    while (walk.generation > walk.since) {
        int code = mms__ring_step(ring, &walk, UINT64_MAX, set, smallest);

        if (code != 0)
            return code;
        if (walk.most > 0 && set->count > walk.most)
            return MMS_E_FORGOTTEN;
    }
    return walk.generation == walk.since ? 0 : MMS_E_FORGOTTEN;
}
