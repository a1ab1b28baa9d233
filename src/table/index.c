/* SPDX-License-Identifier: Apache-2.0 */
#include "table/index.h"
#include "table/heap.h"
#include "table/open.h"
#include <mmsync/step.h>

/* All words of a bucket, and the nodes behind it. */
struct chain {
    uint64_t words[MMS__CHAIN_WORDS], nodes[MMS__LONGEST_CHAIN];
    unsigned count, node_count;
};

enum { NODE_UNITS = MMS__UNITS_PER_LINE, FIRST_SEGMENTS = 2 };

static mms__word *writable(const mms__word *word)
{
    return (mms__word *)(uintptr_t)word;
}

static bool is_link(uint64_t word)
{
    return word >> MMS__TAG_SHIFT == 0 && (word & MMS__LINK) != 0;
}

static int open_bucket(struct mms_table *table, uint64_t bucket, struct mms__words *out)
{
    return mms__bucket_words(&table->now, bucket, out) ? 0 : mms__table_damaged(table, "no place for bucket", bucket);
}

/* ---- Whole buckets ---- */

static uint64_t node_of(const struct mms_table *table, const struct mms__words *words)
{
    return (uint64_t)((const unsigned char *)(words->first - 1) - table->data) >> MMS__UNIT_BITS;
}

/* Check that a node's block says it is a node, because it may be freed as one. */
static bool is_node(const struct mms_table *table, uint64_t unit)
{
    return (mms__block(table, unit)->word & ~(uint64_t)MMS__BLOCK_AFTER_FREE) >> MMS__BLOCK_FLAG_BITS >= NODE_UNITS &&
           (mms__block(table, unit)->word & (MMS__BLOCK_KIND | MMS__BLOCK_FREE)) == MMS__BLOCK_NODE;
}

static int gather(struct mms_table *table, struct mms__words words, struct chain *chain)
{
    chain->count = chain->node_count = 0;
    for (;;) {
        for (unsigned i = 0; i < words.count; i++)
            if (words.first[i] != 0 && !is_link(words.first[i]))
                chain->words[chain->count++] = words.first[i];
        if (!is_link(words.first[words.count - 1]))
            return 0;
        if (!mms__next_words(&table->now, &words) || !is_node(table, node_of(table, &words)))
            return mms__table_damaged(table, "no node behind unit", node_of(table, &words));
        chain->nodes[chain->node_count++] = node_of(table, &words);
    }
}

/* Fill `room` words with those of the chain from *at on. If there are more, the last word is a
   link to the next node. */
static void fill(mms__word *to, unsigned room, const struct chain *chain, unsigned *at, const uint64_t *next_node)
{
    unsigned take = chain->count - *at;

    if (take > room)
        take = room - 1;
    for (unsigned i = 0; i < room; i++)
        to[i] = i < take ? chain->words[*at + i] : 0;
    *at += take;
    if (*at < chain->count)
        to[room - 1] = MMS__LINK | *next_node;
}

/* Store the words in a bucket and in as many nodes as needed; returns how many those are. */
static unsigned scatter(struct mms_table *table, mms__word *bucket, const struct chain *chain, const uint64_t *nodes)
{
    unsigned at = 0, used = 0;

    fill(bucket, MMS__BUCKET_WORDS, chain, &at, nodes);
    mms__dirty(table, (uint64_t)((unsigned char *)bucket - table->data), MMS__LINE);
    while (at < chain->count) {
        mms__word *words = (mms__word *)(void *)mms__block(table, nodes[used]) + 1;

        used++;
        fill(words, MMS__NODE_WORDS, chain, &at, nodes + used);
        mms__dirty(table, (nodes[used - 1] << MMS__UNIT_BITS) + sizeof *words, MMS__NODE_WORDS * sizeof *words);
    }
    return used;
}

static uint64_t node_units(const struct mms_table *table, uint64_t unit)
{
    return mms__block(table, unit)->word >> MMS__BLOCK_FLAG_BITS;
}

static int free_nodes(struct mms_table *table, const uint64_t *nodes, unsigned count)
{
    int code = 0;

    for (unsigned i = 0; code == 0 && i < count; i++)
        code = mms__heap_free(table, nodes[i], node_units(table, nodes[i]));
    return code;
}

/* ---- Adding and removing ---- */

/* Add a node behind a full bucket or node for `word`. `last`, the last word of that bucket or
   node, moves to the new node and becomes the link to it. */
static int add_node(struct mms_table *table, const mms__word *last, uint64_t word)
{
    uint64_t offset = (uint64_t)((const unsigned char *)last - table->data), unit;
    int code = mms__heap_take_lines(table, NODE_UNITS, MMS__BLOCK_NODE, &unit);
    mms__word *words, *moved;

    if (code != 0)
        return code;
    moved = (mms__word *)(void *)(table->data + offset);
    words = (mms__word *)(void *)mms__block(table, unit) + 1;
    for (unsigned i = 0; i < MMS__NODE_WORDS; i++)
        words[i] = i == 0 ? *moved : i == 1 ? word : 0;
    mms__dirty(table, (unit << MMS__UNIT_BITS) + sizeof *words, MMS__NODE_WORDS * sizeof *words);
    mms__set_word(table, moved, MMS__LINK | unit);
    return 0;
}

static const mms__word *find_empty(const struct mms__words *words)
{
    for (unsigned i = 0; i < words->count; i++)
        if (words->first[i] == 0)
            return &words->first[i];
    return NULL;
}

static int fail_full(struct mms_table *table)
{
    return mms__table_fail_room(table, MMS_E_TOO_BIG, table->now.size + 1);
}

int mms__index_add(struct mms_table *table, uint64_t hash, uint64_t word)
{
    struct mms__words words = {NULL, 0, 0};
    int code = open_bucket(table, mms__bucket_of(&table->keys, hash), &words);

    if (code != 0)
        return code;
    do {
        const mms__word *empty = find_empty(&words);

        if (empty) {
            mms__set_word(table, writable(empty), word);
            return 0;
        }
    } while (mms__next_words(&table->now, &words));
    if (words.node >= MMS__LONGEST_CHAIN)
        return fail_full(table);
    if (is_link(words.first[words.count - 1]))
        return mms__table_damaged(table, "a broken link in a bucket,", words.first[words.count - 1]);
    return add_node(table, &words.first[words.count - 1], word);
}

/* A bucket with nodes is stored again without the word, in as few nodes as possible. */
int mms__index_remove(struct mms_table *table, uint64_t hash, const mms__word *word)
{
    struct mms__words words = {NULL, 0, 0};
    struct chain chain;
    unsigned used;
    int code = open_bucket(table, mms__bucket_of(&table->keys, hash), &words);

    if (code != 0)
        return code;
    mms__set_word(table, writable(word), 0);
    if (!is_link(words.first[words.count - 1]))
        return 0;
    code = gather(table, words, &chain);
    if (code != 0)
        return code;
    used = scatter(table, writable(words.first), &chain, chain.nodes);
    return free_nodes(table, chain.nodes + used, chain.node_count - used);
}

/* ---- Directory and segments ---- */

static mms__word *directory_word(const struct mms_table *table, uint64_t segment)
{
    return (mms__word *)(void *)(table->data + table->keys.directory) + segment;
}

static void renew(struct mms_table *table)
{
    table->keys = mms__keys_of(table->head);
}

/* Make a directory with room for that many words, all 0. */
static int make_directory(struct mms_table *table, uint64_t segments, uint64_t *unit)
{
    uint64_t units = mms__directory_units(segments);
    int code = mms__heap_take(table, &units, unit);

    if (code != 0)
        return code;
    mms__block_set(table, *unit, mms__block_word(units, MMS__BLOCK_DIRECTORY));
    memset(mms__block(table, *unit + 1), 0, (size_t)(segments * sizeof(mms__word)));
    mms__dirty(table, (*unit + 1) << MMS__UNIT_BITS, segments * sizeof(mms__word));
    return 0;
}

static int free_block(struct mms_table *table, uint64_t unit, uint64_t kind)
{
    uint64_t word = mms__block(table, unit)->word & ~(uint64_t)MMS__BLOCK_AFTER_FREE,
             units = word >> MMS__BLOCK_FLAG_BITS;

    if ((word & (MMS__BLOCK_KIND | MMS__BLOCK_FREE)) != kind || units < MMS__BLOCK_FEWEST ||
        units > (table->now.size >> MMS__UNIT_BITS) - unit)
        return mms__table_damaged(table, "no directory or segment at unit", unit);
    return mms__heap_free(table, unit, units);
}

static int grow_directory(struct mms_table *table)
{
    uint64_t old = table->head->directory, segments = table->head->segments, unit;
    int code = make_directory(table, 2 * segments, &unit);

    if (code != 0)
        return code;
    memcpy(mms__block(table, unit + 1), mms__block(table, old), (size_t)(segments * sizeof(mms__word)));
    table->head->directory = unit + 1;
    table->head->segments = 2 * segments;
    renew(table);
    return free_block(table, old - 1, MMS__BLOCK_DIRECTORY);
}

/* Make a segment of that many empty buckets. Stores the line of the first. */
static int make_segment(struct mms_table *table, uint64_t buckets, uint64_t *line)
{
    uint64_t unit;
    int code = mms__heap_take_lines(table, (buckets + 1) * MMS__UNITS_PER_LINE, MMS__BLOCK_SEGMENT, &unit);

    if (code != 0)
        return code;
    *line = unit / MMS__UNITS_PER_LINE + 1;
    memset(table->data + *line * MMS__LINE, 0, (size_t)(buckets * MMS__LINE));
    mms__dirty(table, *line * MMS__LINE, buckets * MMS__LINE);
    MMS__STEP(table_segment_made);
    return 0;
}

/* The first segment begins small, and doubles until it has the size of all others. */
static int double_segment(struct mms_table *table, uint64_t buckets)
{
    uint64_t old = *directory_word(table, 0), line;
    int code;

    if (!mms__is_line(&table->now, old) || buckets > table->now.size / MMS__LINE - old)
        return mms__table_damaged(table, "no first segment at line", old);
    code = make_segment(table, 2 * buckets, &line);
    if (code != 0)
        return code;
    memcpy(table->data + line * MMS__LINE, table->data + old * MMS__LINE, (size_t)(buckets * MMS__LINE));
    mms__set_word(table, directory_word(table, 0), line);
    return free_block(table, (old - 1) * MMS__UNITS_PER_LINE, MMS__BLOCK_SEGMENT);
}

static int add_segment(struct mms_table *table, uint64_t segment)
{
    uint64_t line;
    int code = segment < table->head->segments ? 0 : grow_directory(table);

    if (code == 0)
        code = make_segment(table, MMS__SEGMENT, &line);
    if (code == 0)
        mms__set_word(table, directory_word(table, segment), line);
    return code;
}

/* Make room for one more bucket. */
static int provide_bucket(struct mms_table *table)
{
    uint64_t buckets = table->head->buckets;

    if (buckets < MMS__SEGMENT)
        return (buckets & (buckets - 1)) == 0 ? double_segment(table, buckets) : 0;
    if (buckets % MMS__SEGMENT != 0)
        return 0;
    return add_segment(table, buckets >> MMS__SEGMENT_BITS);
}

static uint64_t segments_for(uint64_t buckets)
{
    return (buckets + MMS__SEGMENT - 1) >> MMS__SEGMENT_BITS;
}

static uint64_t directory_room(uint64_t segments)
{
    return segments < FIRST_SEGMENTS ? FIRST_SEGMENTS : segments;
}

uint64_t mms__index_size(uint64_t buckets)
{
    uint64_t segments = segments_for(buckets), each = segments == 1 ? buckets : MMS__SEGMENT;
    uint64_t units = mms__directory_units(directory_room(segments)) +
                     segments * ((each + 1) * MMS__UNITS_PER_LINE + MMS__LONGEST_GAP);

    return sizeof(struct mms__table_head) + (units << MMS__UNIT_BITS);
}

int mms__index_make(struct mms_table *table, uint64_t buckets)
{
    uint64_t segments = segments_for(buckets), each = segments == 1 ? buckets : MMS__SEGMENT;
    uint64_t room = directory_room(segments), unit, line = 0;
    int code = make_directory(table, room, &unit);

    if (code != 0)
        return code;
    table->head->directory = unit + 1;
    table->head->segments = room;
    table->head->buckets = buckets;
    renew(table);
    for (uint64_t i = 0; code == 0 && i < segments; i++) {
        code = make_segment(table, each, &line);
        if (code == 0)
            mms__set_word(table, directory_word(table, i), line);
    }
    return code;
}

/* ---- Splitting ---- */

static void prefetch_keys(const struct mms_table *table, const struct chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++) {
        uint64_t at = (chain->words[i] & MMS__WORD_UNIT) << MMS__UNIT_BITS;

        if (at < table->now.size)
            __builtin_prefetch(table->data + at);
    }
}

/* Move from `low` to `high` the words of the new bucket: those with `bit` set in their hash. */
static int divide(struct mms_table *table, struct chain *low, struct chain *high, uint64_t bit)
{
    unsigned kept = 0;

    prefetch_keys(table, low);
    high->count = 0;
    for (unsigned i = 0; i < low->count; i++) {
        struct mms__entry entry;
        uint64_t hash;

        if (!mms__entry_at(&table->now, mms__word_to_unit(low->words[i]), &entry))
            return mms__table_damaged(table, "no entry at unit", mms__word_to_unit(low->words[i]));
        hash = mms__hash(table->keys.seed, entry.key, (size_t)entry.key_size);
        if (hash & bit)
            high->words[high->count++] = low->words[i];
        else
            low->words[kept++] = low->words[i];
    }
    low->count = kept;
    return 0;
}

static int split(struct mms_table *table)
{
    uint64_t fresh = table->head->buckets, bit = UINT64_C(1) << (63 - __builtin_clzll(fresh));
    struct mms__words from = {NULL, 0, 0}, to = {NULL, 0, 0};
    struct chain low, high;
    unsigned used;
    int code = open_bucket(table, fresh - bit, &from);

    if (code == 0)
        code = open_bucket(table, fresh, &to);
    if (code == 0)
        code = gather(table, from, &low);
    if (code == 0)
        code = divide(table, &low, &high, bit);
    if (code != 0)
        return code;
    used = scatter(table, writable(from.first), &low, low.nodes);
    MMS__STEP(table_bucket_halved);
    used += scatter(table, writable(to.first), &high, low.nodes + used);
    code = free_nodes(table, low.nodes + used, low.node_count - used);
    table->head->buckets = fresh + 1;
    renew(table);
    return code;
}

static bool is_crowded(const struct mms_table *table)
{
    return table->head->count * 2 > table->head->buckets * MMS__LOAD;
}

int mms__index_grow(struct mms_table *table)
{
    int code;

    if (!is_crowded(table))
        return 0;
    table->writer->can_do_without = true;
    code = provide_bucket(table);
    table->writer->can_do_without = false;
    if (code != 0)
        return table->damage ? MMS_E_CORRUPT : 0; /* having no room is no error */
    return split(table);
}
