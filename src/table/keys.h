/* SPDX-License-Identifier: Apache-2.0 */
/* Finding keys in a table's bytes. These may be garbage and may change at any moment: each word is
   loaded once, and what it leads to is read only if it lies in the value. */
#ifndef MMS_TABLE_KEYS_H
#define MMS_TABLE_KEYS_H

#include "base/round.h"
#include "table/hash.h"
#include "table/layout.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* What look-ups need from the head, checked. In a mms_table_view it is `inside`. */
struct __attribute__((may_alias)) mms__keys {
    uint64_t seed[2];
    uint64_t buckets, mask;       /* mask: the power of two from `buckets` on, less 1 */
    uint64_t directory, segments; /* its offset in bytes, and the words that it has room for */
    uint64_t entry_head;          /* bytes of an entry before its key: 8 to 32 */
    uint64_t flags;
    uint64_t count;
};

static_assert(sizeof(struct mms__keys) == sizeof(((mms_table_view *)0)->inside), "room in a view");

/* The bytes of a table, and what was taken from its head. The latter stays where it is: a copy would
   be loaded in other pieces than it was just stored in, so the processor would wait for the stores,
   and these for the cache misses of the look-up before. */
struct mms__table_bytes {
    const unsigned char *data;
    uint64_t size;
    uint64_t now_ns;
    const struct mms__keys *keys;
};

struct mms__entry {
    uint64_t unit;
    const unsigned char *key, *value;
    uint64_t key_size, size, expires_ns;
};

static inline uint64_t mms__load_at(const struct mms__table_bytes *bytes, uint64_t offset)
{
    return mms__load_relaxed((const mms__word *)(const void *)(bytes->data + offset));
}

/* ---- Entries ---- */

static inline uint64_t mms__entry_value_at(uint64_t entry_head, uint64_t key_size)
{
    return mms__round_up(entry_head + key_size, MMS__UNIT);
}

/* The units that an entry needs. */
static inline uint64_t mms__entry_units(uint64_t entry_head, uint64_t key_size, uint64_t size)
{
    uint64_t units = mms__round_up(mms__entry_value_at(entry_head, key_size) + size, MMS__UNIT) >> MMS__UNIT_BITS;

    return units < MMS__BLOCK_FEWEST ? MMS__BLOCK_FEWEST : units;
}

/* The units of the block of an entry with that word: SLACK says that it has one more than it needs. */
static inline uint64_t mms__entry_block_units(uint64_t entry_head, uint64_t key_size, uint64_t size, uint64_t word)
{
    return mms__entry_units(entry_head, key_size, size) + ((word & MMS__BLOCK_SLACK) ? 1 : 0);
}

/* Whether a block can be there. The value has at least a head. */
static inline bool mms__is_unit(const struct mms__table_bytes *bytes, uint64_t unit)
{
    return unit - MMS__HEAD_UNITS < (bytes->size >> MMS__UNIT_BITS) - MMS__HEAD_UNITS;
}

/* Stores the entry at `unit`. False: no entry can be there. */
static inline bool mms__entry_at(const struct mms__table_bytes *bytes, uint64_t unit, struct mms__entry *out)
{
    uint64_t at = unit << MMS__UNIT_BITS, word, value_at;

    if (!mms__is_unit(bytes, unit))
        return false;
    word = mms__load_at(bytes, at);
    out->unit = unit;
    out->key_size = word >> MMS__BLOCK_FLAG_BITS & MMS__ENTRY_KEY_MASK;
    out->size = word >> MMS__ENTRY_VALUE_SHIFT;
    value_at = mms__entry_value_at(bytes->keys->entry_head, out->key_size);
    if ((word & (MMS__BLOCK_KIND | MMS__BLOCK_FREE)) != 0 || value_at + out->size > bytes->size - at)
        return false;
    out->key = bytes->data + at + bytes->keys->entry_head;
    out->value = bytes->data + at + value_at;
    out->expires_ns = (bytes->keys->flags & MMS__TABLE_EXPIRING) ? mms__load_at(bytes, at + sizeof word) : 0;
    return true;
}

static inline bool mms__is_expired(const struct mms__table_bytes *bytes, const struct mms__entry *entry)
{
    return entry->expires_ns != 0 && entry->expires_ns <= bytes->now_ns;
}

static inline bool mms__key_equals(const struct mms__entry *entry, const void *key, size_t size)
{
    uint64_t a, b;

    if (entry->key_size != size)
        return false;
    if (size != sizeof a)
        return size == 0 || memcmp(entry->key, key, size) == 0;
    memcpy(&a, entry->key, sizeof a);
    memcpy(&b, key, sizeof b);
    return a == b;
}

/* ---- Buckets ---- */

/* Whether a line with words may be there. */
static inline bool mms__is_line(const struct mms__table_bytes *bytes, uint64_t line)
{
    return line - MMS__HEAD_LINES < bytes->size / MMS__LINE - MMS__HEAD_LINES;
}

/* The words of a bucket, or of one of the nodes behind it. */
struct mms__words {
    const mms__word *first;
    unsigned count, node; /* node: 0 for the bucket itself, 1 for its first node, and so on */
};

static inline uint64_t mms__tag(uint64_t hash)
{
    uint64_t tag = hash >> MMS__TAG_SHIFT;

    return tag == 0 ? 1 : tag;
}

static inline uint64_t mms__bucket_of(const struct mms__keys *keys, uint64_t hash)
{
    uint64_t bucket = hash & keys->mask;

    return bucket & keys->mask >> (bucket >= keys->buckets); /* no branch: nobody could predict it */
}

/* Stores the words of a bucket. False: it does not lie in the value. */
static inline bool mms__bucket_words(const struct mms__table_bytes *bytes, uint64_t bucket, struct mms__words *out)
{
    uint64_t line = mms__load_at(bytes, bytes->keys->directory + (bucket >> MMS__SEGMENT_BITS) * sizeof(mms__word));

    line += bucket & (MMS__SEGMENT - 1); /* it may wrap round: what matters is where it leads */
    if (!mms__is_line(bytes, line))
        return false;
    out->first = (const mms__word *)(const void *)(bytes->data + line * MMS__LINE);
    out->count = MMS__BUCKET_WORDS;
    out->node = 0;
    return true;
}

/* Whether the last of them may be a link. */
static inline bool mms__has_more(const struct mms__words *words)
{
    return mms__load_relaxed(&words->first[words->count - 1]) >> (MMS__TAG_SHIFT - 1) == 1;
}

/* Goes on to the next node. False: the bucket ends here. */
static inline bool mms__next_words(const struct mms__table_bytes *bytes, struct mms__words *words)
{
    uint64_t last = mms__load_relaxed(&words->first[words->count - 1]);
    uint64_t line = (last & MMS__WORD_UNIT) / MMS__UNITS_PER_LINE;

    if ((last >> MMS__TAG_SHIFT) != 0 || (last & MMS__LINK) == 0 || words->node >= MMS__LONGEST_CHAIN ||
        !mms__is_line(bytes, line))
        return false;
    words->first = (const mms__word *)(const void *)(bytes->data + line * MMS__LINE) + 1;
    words->count = MMS__NODE_WORDS;
    words->node++;
    return true;
}

/* A bit for each word with this tag. */
static inline unsigned mms__match_words(const struct mms__words *words, uint64_t tag)
{
    unsigned found = 0;

    for (unsigned i = 0; i < words->count; i++)
        found |= (unsigned)(mms__load_relaxed(&words->first[i]) >> MMS__TAG_SHIFT == tag) << i;
    return found;
}

#if defined(__SSE2__) && !defined(__SANITIZE_THREAD__) && !defined(MMS__LOADS_ARE_WATCHED)
#define MMS__MATCHES_WHOLE_LINES 1
/* The upper halves of four words. */
static inline __m128i mms__upper_halves(const mms__word *words)
{
    const float *halves = (const float *)(const void *)words;

    return _mm_castps_si128(_mm_shuffle_ps(_mm_load_ps(halves), _mm_load_ps(halves + 4), _MM_SHUFFLE(3, 1, 3, 1)));
}
#endif

/* The same, for a whole line at once where the processor can. Such loads are not atomic, and need not
   be: a word that is found is loaded again. */
static inline unsigned mms__match(const struct mms__words *words, uint64_t tag)
{
#ifdef MMS__MATCHES_WHOLE_LINES
    unsigned skipped = MMS__BUCKET_WORDS - words->count; /* a node's block has a word before them */
    const mms__word *line = words->first - skipped;
    __m128i low = _mm_srai_epi32(mms__upper_halves(line), 16), high = _mm_srai_epi32(mms__upper_halves(line + 4), 16);
    __m128i found = _mm_cmpeq_epi16(_mm_packs_epi32(low, high), _mm_set1_epi16((short)tag));

    return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(found, _mm_setzero_si128())) >> skipped;
#else
    return mms__match_words(words, tag);
#endif
}

static inline uint64_t mms__word_to_unit(uint64_t word)
{
    return word & MMS__WORD_UNIT;
}

/* ---- Finding ---- */

/* The word, of some, that leads to a key's entry, expired or not; NULL: there is none. */
static inline const mms__word *mms__find_among(const struct mms__table_bytes *bytes, const struct mms__words *words,
                                               uint64_t tag, const void *key, size_t key_size, struct mms__entry *out)
{
    for (unsigned found = mms__match(words, tag); found != 0; found &= found - 1) {
        const mms__word *word = &words->first[(unsigned)__builtin_ctz(found)];

        if (mms__entry_at(bytes, mms__word_to_unit(mms__load_relaxed(word)), out) &&
            mms__key_equals(out, key, key_size))
            return word;
    }
    return NULL;
}

/* The same in the nodes behind them. */
const mms__word *mms__find_behind(const struct mms__table_bytes *bytes, struct mms__words words, uint64_t tag,
                                  const void *key, size_t key_size, struct mms__entry *out);

static inline const mms__word *mms__find_in(const struct mms__table_bytes *bytes, const struct mms__words *words,
                                            uint64_t tag, const void *key, size_t key_size, struct mms__entry *out)
{
    const mms__word *word = mms__find_among(bytes, words, tag, key, key_size, out);

    if (__builtin_expect(word != NULL || !mms__has_more(words), true))
        return word;
    return mms__find_behind(bytes, *words, tag, key, key_size, out);
}

static inline const mms__word *mms__find(const struct mms__table_bytes *bytes, uint64_t hash, const void *key,
                                         size_t key_size, struct mms__entry *out)
{
    struct mms__words words;

    if (!mms__bucket_words(bytes, mms__bucket_of(bytes->keys, hash), &words))
        return NULL;
    return mms__find_in(bytes, &words, mms__tag(hash), key, key_size, out);
}

#endif
