/* SPDX-License-Identifier: Apache-2.0 */
/* Checking all of a table: every block is sound, and exactly one thing leads to it. */
#include "base/error.h"
#include "table/heap.h"
#include "table/index.h"
#include "table/look.h"
#include <errno.h>
#include <stdlib.h>

struct inquiry {
    struct mms__table_bytes bytes;
    const struct mms__table_head *head;
    uint64_t end;    /* in units */
    uint64_t *found; /* bits of units where blocks in use begin; cleared by what leads there */
    uint64_t free_blocks, free_units, entries, entry_units;
};

static int wrong(const char *what, uint64_t where)
{
    return mms__fail(MMS_E_CORRUPT, "checking a table: %s (%llu)", what, (unsigned long long)where);
}

static uint64_t word_at(const struct inquiry *in, uint64_t unit)
{
    return mms__load_at(&in->bytes, unit << MMS__UNIT_BITS);
}

static void mark(struct inquiry *in, uint64_t unit)
{
    in->found[unit >> 6] |= UINT64_C(1) << (unit & 63);
}

/* True if a block in use begins there and nothing else has led to it. */
static bool claim(struct inquiry *in, uint64_t unit)
{
    uint64_t bit = UINT64_C(1) << (unit & 63);

    if (unit >= in->end || (in->found[unit >> 6] & bit) == 0)
        return false;
    in->found[unit >> 6] &= ~bit;
    return true;
}

/* The same for a block of that kind, which has at least that many units: fewer, and what is in it
   would be the next block's, too. */
static bool claim_block(struct inquiry *in, uint64_t unit, uint64_t kind, uint64_t units)
{
    uint64_t word = unit < in->end ? word_at(in, unit) : 0;

    return (word & MMS__BLOCK_KIND) == kind && word >> MMS__BLOCK_FLAG_BITS >= units && claim(in, unit);
}

/* ---- The heap ---- */

static uint64_t units_of(const struct inquiry *in, uint64_t unit, uint64_t word)
{
    struct mms__entry entry;

    if ((word & (MMS__BLOCK_FREE | MMS__BLOCK_KIND)) != 0)
        return word >> MMS__BLOCK_FLAG_BITS;
    if (!mms__entry_at(&in->bytes, unit, &entry))
        return 0;
    return mms__entry_block_units(in->bytes.keys->entry_head, entry.key_size, entry.size, word);
}

/* The head may name the size of all keys, and of all values; typed tables rely on it. */
static bool are_sizes_right(const struct inquiry *in, uint64_t word)
{
    uint64_t key_size = mms__load_relaxed(&in->head->key_size), value_size = mms__load_relaxed(&in->head->value_size);

    return (key_size == 0 || key_size == (word >> MMS__BLOCK_FLAG_BITS & MMS__ENTRY_KEY_MASK)) &&
           (value_size == 0 || value_size == word >> MMS__ENTRY_VALUE_SHIFT);
}

static int look_at_entry(struct inquiry *in, uint64_t unit, uint64_t word, uint64_t units)
{
    if (!are_sizes_right(in, word))
        return wrong("a key or value of a size that the table does not allow at unit", unit);
    in->entries++;
    in->entry_units += units;
    return 0;
}

static int look_at_block(struct inquiry *in, uint64_t unit, uint64_t word, uint64_t units, bool after_free)
{
    if (units < MMS__BLOCK_FEWEST || units > in->end - unit)
        return wrong("a block does not fit at unit", unit);
    if (((word & MMS__BLOCK_AFTER_FREE) != 0) != after_free)
        return wrong("a block is wrong about the one before it, at unit", unit);
    if ((word & MMS__BLOCK_FREE) == 0) {
        mark(in, unit);
        return (word & MMS__BLOCK_KIND) == 0 ? look_at_entry(in, unit, word, units) : 0;
    }
    in->free_blocks++;
    in->free_units += units;
    if (after_free || units == in->end - unit ||
        mms__load_at(&in->bytes, ((unit + units) << MMS__UNIT_BITS) - 8) != units)
        return wrong("a free block is not joined, or its end is damaged, at unit", unit);
    return 0;
}

static int walk_heap(struct inquiry *in)
{
    bool after_free = false;
    int code = 0;

    for (uint64_t unit = MMS__HEAD_UNITS, units; code == 0 && unit < in->end; unit += units) {
        uint64_t word = word_at(in, unit);

        units = units_of(in, unit, word);
        code = look_at_block(in, unit, word, units, after_free);
        after_free = (word & MMS__BLOCK_FREE) != 0;
    }
    if (code == 0 && in->free_units << MMS__UNIT_BITS != mms__load_relaxed(&in->head->free_bytes))
        return wrong("the head is wrong about the free bytes", in->free_units << MMS__UNIT_BITS);
    return code;
}

static int walk_list(const struct inquiry *in, unsigned list, uint64_t *seen)
{
    uint64_t before = 0, unit = mms__load_relaxed(&in->head->lists[list]);
    bool marked = (mms__load_relaxed(&in->head->full[list >> 6]) >> (list & 63) & 1) != 0;

    if (marked != (unit != 0))
        return wrong("the head is wrong about which lists are empty: list", list);
    for (; unit != 0; ++*seen) {
        uint64_t word, next;

        if (*seen == in->free_blocks || unit >= in->end - 1)
            return wrong("a list of free blocks is damaged: list", list);
        word = word_at(in, unit);
        next = mms__load_at(&in->bytes, (unit << MMS__UNIT_BITS) + 8);
        if ((word & MMS__BLOCK_FREE) == 0 || mms__heap_list(word >> MMS__BLOCK_FLAG_BITS) != list ||
            mms__load_at(&in->bytes, (unit << MMS__UNIT_BITS) + 16) != before)
            return wrong("a list of free blocks is damaged at unit", unit);
        before = unit;
        unit = next;
    }
    return 0;
}

static int walk_lists(const struct inquiry *in)
{
    uint64_t seen = 0;
    int code = 0;

    for (unsigned list = 0; code == 0 && list < MMS__LISTS; list++)
        code = walk_list(in, list, &seen);
    if (code == 0 && seen != in->free_blocks)
        return wrong("free blocks that are in no list", in->free_blocks - seen);
    return code;
}

/* ---- The buckets ---- */

static int look_at_word(struct inquiry *in, uint64_t bucket, uint64_t word)
{
    struct mms__entry entry;
    uint64_t unit = mms__word_to_unit(word), hash;

    if (!mms__entry_at(&in->bytes, unit, &entry) || !claim(in, unit))
        return wrong("a word leads to no entry, in bucket", bucket);
    hash = mms__hash(in->bytes.keys->seed, entry.key, (size_t)entry.key_size);
    if (mms__tag(hash) != word >> MMS__TAG_SHIFT || mms__bucket_of(in->bytes.keys, hash) != bucket)
        return wrong("an entry is in a bucket that is not its own", bucket);
    return 0;
}

static bool claim_node(struct inquiry *in, const struct mms__words *words)
{
    uint64_t unit = (uint64_t)((const unsigned char *)(words->first - 1) - in->bytes.data) >> MMS__UNIT_BITS;

    return words->node == 0 || claim_block(in, unit, MMS__BLOCK_NODE, MMS__UNITS_PER_LINE);
}

static int walk_words(struct inquiry *in, uint64_t bucket, const struct mms__words *words)
{
    int code = 0;

    if (!claim_node(in, words))
        return wrong("a link leads to no node, in bucket", bucket);
    for (unsigned i = 0; code == 0 && i < words->count; i++) {
        uint64_t word = mms__load_relaxed(&words->first[i]);

        if (word >> MMS__TAG_SHIFT != 0)
            code = look_at_word(in, bucket, word);
        else if (word != 0 && ((word & MMS__LINK) == 0 || i != words->count - 1))
            code = wrong("a word leads nowhere, in bucket", bucket);
    }
    return code;
}

static int walk_bucket(struct inquiry *in, uint64_t bucket)
{
    struct mms__words words;
    int code;

    if (!mms__bucket_words(&in->bytes, bucket, &words))
        return wrong("a segment does not lie in the value: bucket", bucket);
    do
        code = walk_words(in, bucket, &words);
    while (code == 0 && mms__next_words(&in->bytes, &words));
    if (code == 0 && mms__load_relaxed(&words.first[words.count - 1]) >> MMS__TAG_SHIFT == 0 &&
        mms__load_relaxed(&words.first[words.count - 1]) != 0)
        return wrong("a bucket is too long, or its link leads outside: bucket", bucket);
    return code;
}

/* The units of a segment: the first has room for a smaller power of two while it is alone. */
static uint64_t segment_units(const struct mms__keys *keys)
{
    uint64_t buckets = keys->buckets < MMS__SEGMENT ? keys->mask + 1 : MMS__SEGMENT;

    return (buckets + 1) * MMS__UNITS_PER_LINE;
}

static int claim_segments(struct inquiry *in)
{
    const struct mms__keys *keys = in->bytes.keys;
    uint64_t directory = keys->directory >> MMS__UNIT_BITS;

    if (directory == 0 || !claim_block(in, directory - 1, MMS__BLOCK_DIRECTORY, mms__directory_units(keys->segments)))
        return wrong("the directory is no block of its own, or has no room for all segments, at unit", directory);
    for (uint64_t i = 0; i < (keys->buckets + MMS__SEGMENT - 1) >> MMS__SEGMENT_BITS; i++) {
        uint64_t line = mms__load_at(&in->bytes, keys->directory + i * sizeof(mms__word));

        if (!mms__is_line(&in->bytes, line) ||
            !claim_block(in, (line - 1) * MMS__UNITS_PER_LINE, MMS__BLOCK_SEGMENT, segment_units(keys)))
            return wrong("no segment where the directory has one, or it has no room for its buckets: segment", i);
    }
    return 0;
}

static int walk_buckets(struct inquiry *in)
{
    int code = claim_segments(in);

    for (uint64_t bucket = 0; code == 0 && bucket < in->bytes.keys->buckets; bucket++)
        code = walk_bucket(in, bucket);
    return code;
}

/* ---- The order of entries ---- */

static int walk_ages(const struct inquiry *in)
{
    uint64_t before = 0, unit = mms__load_relaxed(&in->head->oldest), seen = 0;

    if ((in->bytes.keys->flags & MMS__TABLE_AGED) == 0)
        return 0;
    for (; unit != 0; seen++) {
        struct mms__entry entry;
        const mms__word *links;

        if (seen == in->entries || !mms__entry_at(&in->bytes, unit, &entry))
            return wrong("the order of entries is damaged at unit", unit);
        links = (const mms__word *)(const void *)entry.key - 2;
        if (mms__load_relaxed(&links[0]) != before)
            return wrong("the order of entries does not lead back at unit", unit);
        before = unit;
        unit = mms__load_relaxed(&links[1]);
    }
    if (seen != in->entries || before != mms__load_relaxed(&in->head->newest))
        return wrong("entries that are in no order", in->entries - seen);
    return 0;
}

/* ---- All of it ---- */

static int check_numbers(const struct inquiry *in)
{
    for (uint64_t i = 0; i < (in->end + 63) >> 6; i++)
        if (in->found[i] != 0)
            return wrong("nothing leads to a block at unit", i * 64 + (uint64_t)__builtin_ctzll(in->found[i]));
    if (in->entries != in->bytes.keys->count)
        return wrong("the head is wrong about the number of entries", in->entries);
    if (in->entry_units << MMS__UNIT_BITS != mms__load_relaxed(&in->head->bytes))
        return wrong("the head is wrong about the bytes of entries", in->entry_units << MMS__UNIT_BITS);
    return 0;
}

int mms_table_check(const mms_table_view *view)
{
    struct inquiry in = {.bytes = mms__look_bytes(view), .head = view->data, .end = view->size >> MMS__UNIT_BITS};
    int code;

    in.found = calloc((size_t)(in.end >> 6) + 1, sizeof *in.found);
    if (!in.found)
        return mms__fail(-ENOMEM, "checking a table of %zu bytes", view->size);
    code = walk_heap(&in);
    if (code == 0)
        code = walk_lists(&in);
    if (code == 0)
        code = walk_buckets(&in);
    if (code == 0)
        code = walk_ages(&in);
    if (code == 0)
        code = check_numbers(&in);
    free(in.found);
    return code;
}
