/* SPDX-License-Identifier: Apache-2.0 */
#include "table/age.h"
#include "table/change.h"
#include "table/heap.h"
#include <errno.h>
#include <mmsync/step.h>

/* The share of a put that stores next to nothing. */
enum { EVICTED_PER_PUT = 128, SWEPT_PER_PUT = 1024 };

/* The last two words of an entry's head. */
struct age_links {
    mms__word older, newer;
};

static bool is_aged(const struct mms_table *table)
{
    return (table->keys.flags & MMS__TABLE_AGED) != 0;
}

static bool is_expiring(const struct mms_table *table)
{
    return (table->keys.flags & MMS__TABLE_EXPIRING) != 0;
}

/* NULL: no entry can be there. */
static struct age_links *links_of(const struct mms_table *table, uint64_t unit)
{
    struct mms__entry entry;

    if (!mms__entry_at(&table->now, unit, &entry))
        return NULL;
    return (struct age_links *)(uintptr_t)(entry.key - sizeof(struct age_links));
}

int mms__age_append(struct mms_table *table, uint64_t unit)
{
    uint64_t newest = table->head->newest;
    struct age_links *links = links_of(table, unit), *before = newest == 0 ? NULL : links_of(table, newest);

    if (!is_aged(table))
        return 0;
    if (!links || (newest != 0 && (!before || before->newer != 0)))
        return mms__table_damaged(table, "the list of entries does not end at unit", newest);
    mms__set_word(table, &links->older, newest);
    mms__set_word(table, &links->newer, 0);
    if (before)
        mms__set_word(table, &before->newer, unit);
    else
        table->head->oldest = unit;
    table->head->newest = unit;
    return 0;
}

/* The word that should lead to an entry from one side: its neighbour's, or the head's at the end
   of the list. NULL: it leads elsewhere. */
static mms__word *word_towards(struct mms_table *table, uint64_t neighbour, uint64_t unit, bool from_older)
{
    mms__word *word = from_older ? &table->head->oldest : &table->head->newest;
    struct age_links *links;

    if (neighbour != 0) {
        links = links_of(table, neighbour);
        if (!links)
            return NULL;
        word = from_older ? &links->newer : &links->older;
    }
    return *word == unit ? word : NULL;
}

int mms__age_remove(struct mms_table *table, uint64_t unit)
{
    struct age_links *links = links_of(table, unit);
    mms__word *forward, *back;

    if (!is_aged(table))
        return 0;
    if (!links)
        return mms__table_damaged(table, "no entry at unit", unit);
    forward = word_towards(table, links->older, unit, true);
    back = word_towards(table, links->newer, unit, false);
    if (!forward || !back)
        return mms__table_damaged(table, "entries out of order around unit", unit);
    mms__set_word(table, forward, links->newer);
    mms__set_word(table, back, links->older);
    return 0;
}

/* ---- Eviction ---- */

/* Remove the entry at a unit, whose word is looked up by its key. */
static int remove_at(struct mms_table *table, uint64_t unit)
{
    struct mms__entry entry, found;
    const mms__word *word;
    uint64_t hash;

    if (!mms__entry_at(&table->now, unit, &entry))
        return mms__table_damaged(table, "no entry at unit", unit);
    hash = mms__hash(table->keys.seed, entry.key, (size_t)entry.key_size);
    word = mms__find(&table->now, hash, entry.key, (size_t)entry.key_size, &found);
    if (!word || found.unit != unit)
        return mms__table_damaged(table, "no bucket leads to the entry at unit", unit);
    return mms__change_remove(table, hash, word, &entry);
}

/* -EAGAIN: there is none. */
static int evict_one(struct mms_table *table)
{
    int code;

    if (!is_aged(table) || table->head->oldest == 0)
        return -EAGAIN;
    code = remove_at(table, table->head->oldest);
    if (code == 0) {
        table->evicted++;
        table->head->evicted++;
    }
    return code;
}

int mms__age_evict(struct mms_table *table, uint64_t kept, uint64_t most)
{
    int code = 0;

    if (table->head->max_bytes == 0)
        return 0;
    for (uint64_t i = 0; code == 0 && i < most && table->head->bytes > table->head->max_bytes; i++) {
        if (table->head->oldest == kept)
            return 0;
        code = evict_one(table);
    }
    return code == -EAGAIN ? 0 : code;
}

/* ---- Expiry ---- */

/* The first expired entry of a bucket; false: there is none. */
static bool find_expired(const struct mms_table *table, struct mms__words words, uint64_t *unit)
{
    struct mms__entry entry;

    do {
        for (unsigned i = 0; i < words.count; i++) {
            if (words.first[i] >> MMS__TAG_SHIFT == 0)
                continue;
            *unit = mms__word_to_unit(words.first[i]);
            if (mms__entry_at(&table->now, *unit, &entry) && mms__is_expired(&table->now, &entry))
                return true;
        }
    } while (mms__next_words(&table->now, &words));
    return false;
}

static int sweep_bucket(struct mms_table *table, uint64_t bucket)
{
    struct mms__words words;
    uint64_t unit;
    int code = 0;

    while (code == 0) {
        if (!mms__bucket_words(&table->now, bucket, &words))
            return mms__table_damaged(table, "no place for bucket", bucket);
        if (!find_expired(table, words, &unit))
            return 0;
        code = remove_at(table, unit);
        MMS__STEP(table_entry_expired);
        if (code == 0) {
            table->expired++;
            table->head->expired++;
        }
    }
    return code;
}

int mms__age_sweep(struct mms_table *table, uint64_t buckets)
{
    int code = 0;

    if (!is_expiring(table))
        return 0;
    for (uint64_t i = 0; code == 0 && i < buckets && i < table->head->buckets; i++) {
        if (table->head->sweep >= table->head->buckets)
            table->head->sweep = 0;
        code = sweep_bucket(table, table->head->sweep++);
    }
    return code;
}

/* ---- Room for a put ---- */

/* An entry has at least MMS__BLOCK_FEWEST units, so those that are evicted can have more than the put. */
uint64_t mms__age_share(const struct mms_table *table, uint64_t units)
{
    uint64_t swept = SWEPT_PER_PUT + units, buckets = table->head->buckets;

    if (is_aged(table))
        return EVICTED_PER_PUT + 4 * units;
    if (!is_expiring(table))
        return 0;
    return swept < buckets ? swept : buckets;
}

int mms__age_make_room(struct mms_table *table, uint64_t units, uint64_t *share)
{
    while (*share > 0) {
        int code = is_aged(table) ? evict_one(table) : mms__age_sweep(table, 1);

        --*share;
        if (code != 0 || mms__heap_has_room(table, units))
            return code;
    }
    return -EAGAIN;
}
