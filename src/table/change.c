/* SPDX-License-Identifier: Apache-2.0 */
#include "table/change.h"
#include "base/error.h"
#include "table/age.h"
#include "table/heap.h"
#include "table/index.h"
#include <errno.h>
#include <mmsync/step.h>

/* An entry to be stored. */
struct wanted {
    const void *key;
    uint64_t key_size, size, hash;
    uint64_t units; /* needed at first; those of its block once it has one */
};

/* ---- The bytes of an entry ---- */

/* The units of an entry's block. Fails if it would not lie in the heap. */
static int measure(struct mms_table *table, const struct mms__entry *entry, uint64_t *units)
{
    *units = mms__entry_block_units(table->keys.entry_head, entry->key_size, entry->size,
                                    mms__block(table, entry->unit)->word);
    if (*units <= (table->now.size >> MMS__UNIT_BITS) - entry->unit)
        return 0;
    return mms__table_damaged(table, "no room for the entry at unit", entry->unit);
}

static uint64_t needed_units(const struct mms_table *table, const struct wanted *wanted)
{
    return mms__entry_units(table->keys.entry_head, wanted->key_size, wanted->size);
}

/* Store an entry but for its value, and return the offset of the value. Padding is zeroed, so that
   equal entries have equal bytes. */
static uint64_t store(struct mms_table *table, uint64_t unit, const struct wanted *wanted)
{
    uint64_t head = table->keys.entry_head, at = unit << MMS__UNIT_BITS, end = at + (wanted->units << MMS__UNIT_BITS);
    uint64_t value_at = at + mms__entry_value_at(head, wanted->key_size), value_end = value_at + wanted->size;
    uint64_t slack = wanted->units > needed_units(table, wanted) ? MMS__BLOCK_SLACK : 0;
    unsigned char *data = table->data;

    mms__block_set(table, unit,
                   wanted->size << MMS__ENTRY_VALUE_SHIFT | wanted->key_size << MMS__BLOCK_FLAG_BITS | slack);
    if (table->keys.flags & MMS__TABLE_EXPIRING)
        mms__block(table, unit)->next = table->expires_ns;
    if (wanted->key_size > 0)
        memmove(data + at + head, wanted->key, (size_t)wanted->key_size);
    memset(data + at + head + wanted->key_size, 0, (size_t)(value_at - at - head - wanted->key_size));
    memset(data + value_end, 0, (size_t)(end - value_end));
    mms__dirty(table, at, end - at);
    MMS__STEP(table_entry_stored);
    return value_at;
}

/* ---- Putting ---- */

static uint64_t word_for(uint64_t hash, uint64_t unit)
{
    return mms__tag(hash) << MMS__TAG_SHIFT | unit;
}

static void count_bytes(struct mms_table *table, uint64_t before, uint64_t after)
{
    table->head->bytes += (after - before) << MMS__UNIT_BITS;
}

static int insert(struct mms_table *table, struct wanted *wanted, uint64_t *value_at, uint64_t *unit)
{
    int code = mms__heap_take(table, &wanted->units, unit), freed;

    if (code != 0)
        return code;
    *value_at = store(table, *unit, wanted);
    code = mms__index_add(table, wanted->hash, word_for(wanted->hash, *unit));
    if (code != 0) {
        freed = mms__heap_free(table, *unit, wanted->units);
        return freed == 0 ? code : freed;
    }
    count_bytes(table, 0, wanted->units);
    table->head->count++;
    return mms__age_append(table, *unit);
}

/* The new value fits into the block of the old one. */
static int replace_in_place(struct mms_table *table, struct wanted *wanted, const struct mms__entry *entry,
                            uint64_t has, uint64_t *value_at)
{
    int code = mms__age_remove(table, entry->unit);

    if (has - wanted->units < MMS__BLOCK_FEWEST)
        wanted->units = has;
    *value_at = store(table, entry->unit, wanted);
    count_bytes(table, has, wanted->units);
    if (code == 0)
        code = mms__heap_shrink(table, entry->unit, has, wanted->units);
    if (code == 0)
        code = mms__age_append(table, entry->unit);
    return code;
}

static int replace_elsewhere(struct mms_table *table, struct wanted *wanted, const struct mms__entry *entry,
                             uint64_t has, const mms__word *word, uint64_t *value_at, uint64_t *unit)
{
    uint64_t offset = (uint64_t)((const unsigned char *)word - table->data), old = entry->unit;
    int code = mms__heap_take(table, &wanted->units, unit);

    if (code != 0)
        return code;
    *value_at = store(table, *unit, wanted);
    mms__set_word(table, (mms__word *)(void *)(table->data + offset), word_for(wanted->hash, *unit));
    count_bytes(table, has, wanted->units);
    code = mms__age_remove(table, old);
    if (code == 0)
        code = mms__age_append(table, *unit);
    return code == 0 ? mms__heap_free(table, old, has) : code;
}

static int put(struct mms_table *table, struct wanted *wanted, uint64_t *value_at, uint64_t *unit)
{
    struct mms__entry entry;
    const mms__word *word = mms__find(&table->now, wanted->hash, wanted->key, (size_t)wanted->key_size, &entry);
    uint64_t has;
    int code;

    wanted->units = needed_units(table, wanted);
    if (!word)
        return insert(table, wanted, value_at, unit);
    code = measure(table, &entry, &has);
    if (code != 0)
        return code;
    *unit = entry.unit;
    return wanted->units <= has ? replace_in_place(table, wanted, &entry, has, value_at)
                                : replace_elsewhere(table, wanted, &entry, has, word, value_at, unit);
}

static bool is_want_of_room(int code)
{
    return code == MMS_E_TOO_BIG || code == -ENOSPC || code == -EDQUOT || code == -ENOMEM;
}

/* Where there is no room, entries go that need not stay. */
static int put_somewhere(struct mms_table *table, struct wanted *wanted, uint64_t *value_at, uint64_t *unit)
{
    int code = put(table, wanted, value_at, unit);
    uint64_t share = mms__age_share(table, wanted->units);

    while (is_want_of_room(code)) {
        int made = mms__age_make_room(table, wanted->units, &share);

        if (made != 0)
            return made == -EAGAIN ? code : made;
        code = put(table, wanted, value_at, unit);
    }
    return code;
}

int mms__change_put(struct mms_table *table, const void *key, size_t key_size, size_t size, void **value)
{
    struct wanted wanted = {
        .key = key, .key_size = key_size, .size = size, .hash = mms__hash(table->keys.seed, key, key_size)};
    uint64_t unit = 0, value_at = 0;
    int code = put_somewhere(table, &wanted, &value_at, &unit);

    if (code != 0)
        return code;
    table->changes++;
    code = mms__age_evict(table, unit, mms__age_share(table, wanted.units));
    if (code == 0)
        code = mms__index_grow(table);
    *value = table->data + value_at;
    return code;
}

/* ---- Removing ---- */

int mms__change_remove(struct mms_table *table, uint64_t hash, const mms__word *word, const struct mms__entry *entry)
{
    uint64_t unit = entry->unit, has;
    int code = measure(table, entry, &has);

    if (code == 0)
        code = mms__age_remove(table, unit);
    if (code == 0)
        code = mms__index_remove(table, hash, word);
    if (code != 0)
        return code;
    count_bytes(table, has, 0);
    table->head->count--;
    return mms__heap_free(table, unit, has);
}

int mms__change_delete(struct mms_table *table, const void *key, size_t key_size)
{
    uint64_t hash = mms__hash(table->keys.seed, key, key_size);
    struct mms__entry entry;
    const mms__word *word = mms__find(&table->now, hash, key, key_size, &entry);

    if (!word || mms__is_expired(&table->now, &entry)) /* which a sweep removes: this changes nothing */
        return MMS_E_NOT_FOUND;
    table->changes++;
    return mms__change_remove(table, hash, word, &entry);
}
