/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's calls: look-ups, iteration and description. */
#include "table/look.h"
#include "base/error.h"
#include "os/clock.h"
#include "table/open.h"

/* What does not depend on the head's numbers. Word by word: to clear all of it is an instruction that
   takes longer than a look-up. */
static inline void show(const void *data, uint64_t size, uint64_t generation, mms_table_view *out)
{
    const struct mms__table_head *head = data;

    out->data = data;
    out->size = (size_t)size;
    out->generation = generation;
    out->now_ns = 0;
    out->type_id[0] = mms__load_relaxed(&head->type_id[0]);
    out->type_id[1] = mms__load_relaxed(&head->type_id[1]);
    out->vouched = false;
    memset(out->reserved, 0, sizeof out->reserved);
    out->reserved_word = 0;
}

static inline struct mms__keys *inside(mms_table_view *view)
{
    return (struct mms__keys *)(void *)view->inside;
}

void mms__look_show(const void *data, uint64_t size, uint64_t now_ns, mms_table_view *out)
{
    show(data, size, 0, out);
    out->now_ns = now_ns;
    *inside(out) = mms__keys_of(data);
}

/* Not along with its neighbour: see struct mms__table_bytes. */
#define LOADED_ALONE(word) (*(const volatile __typeof__(word) *)&(word))

int mms_table_of(const mms_view *view, mms_table_view *out)
{
    const void *data;
    size_t size;
    int code;

    if (!view || !out)
        return mms__fail(MMS_E_INVALID, "mms_table_of: %s is NULL", view ? "out" : "view");
    data = view->data;
    size = LOADED_ALONE(view->size);
    if (!data)
        return mms__fail(MMS_E_NO_VIEW, "mms_table_of: the view is empty; read first");
    code = mms__keys_open(data, size, NULL, inside(out));
    if (code != 0)
        return code;
    show(data, size, LOADED_ALONE(view->generation), out);
    if (inside(out)->flags & MMS__TABLE_EXPIRING)
        out->now_ns = mms__read_clock(CLOCK_REALTIME_COARSE);
    return 0;
}

/* Entries that expire need the time. */
static inline bool is_followed(const mms_view *view, const mms_table_view *table)
{
    return table->data == view->data && table->generation == view->generation && table->size == view->size &&
           table->now_ns == 0 && view->data;
}

/* Out of line, so that the usual case has no registers to save. */
__attribute__((noinline)) static int follow_anew(const mms_view *view, mms_table_view *table)
{
    int code = mms_table_of(view, table);

    if (code != 0 && table)
        *table = (mms_table_view)MMS_TABLE_VIEW_INIT;
    return code;
}

int mms_table_follow(const mms_view *view, mms_table_view *table)
{
    return __builtin_expect(view && table && is_followed(view, table), true) ? 0 : follow_anew(view, table);
}

uint64_t mms_table_count(const mms_table_view *view)
{
    return mms__look_bytes(view).keys->count;
}

/* ---- One key ---- */

/* The value of an entry that was found; NULL if none was, or if it has expired. */
static const void *value_of(const struct mms__table_bytes *bytes, const mms__word *word, const struct mms__entry *entry,
                            size_t *size)
{
    if (!word || mms__is_expired(bytes, entry))
        return NULL;
    if (size)
        *size = (size_t)entry->size;
    return entry->value;
}

static const void *get(const mms_table_view *view, const void *key, size_t key_size, size_t *size)
{
    struct mms__table_bytes bytes = mms__look_bytes(view);
    struct mms__entry entry;
    const mms__word *word = mms__find(&bytes, mms__hash(bytes.keys->seed, key, key_size), key, key_size, &entry);

    return value_of(&bytes, word, &entry, size);
}

/* The same for whatever is not as expected. It begins anew, so that the usual case needs nothing in memory. */
__attribute__((cold, noinline)) static const void *get_otherwise(const mms_table_view *view, const void *key,
                                                                 size_t *size)
{
    return get(view, key, sizeof(uint64_t), size);
}

/* A key of 8 bytes, in a table whose entries neither expire nor have an order, and in the first words of
   its bucket. This is the fewest instructions that it can be done in: while one look-up waits for
   memory, the processor begins those after it, as many as it has room for. */
static const void *get_word(const mms_table_view *view, const void *key, size_t *size)
{
    enum { KEY_AT = sizeof(uint64_t), VALUE_AT = 2 * KEY_AT };
    const uint64_t looked_at = MMS__ENTRY_KEY_MASK << MMS__BLOCK_FLAG_BITS | MMS__BLOCK_KIND | MMS__BLOCK_FREE;
    struct mms__table_bytes bytes = mms__look_bytes(view);
    struct mms__words words;
    uint64_t wanted, hash, at, word;
    unsigned found;

    memcpy(&wanted, key, sizeof wanted);
    hash = mms__hash_integer(bytes.keys->seed, wanted);
    if (bytes.keys->flags != 0 || !mms__bucket_words(&bytes, mms__bucket_of(bytes.keys, hash), &words))
        return get_otherwise(view, key, size);
    found = mms__match(&words, mms__tag(hash));
    if (found == 0)
        return mms__has_more(&words) ? get_otherwise(view, key, size) : NULL;
    at = mms__word_to_unit(mms__load_relaxed(&words.first[(unsigned)__builtin_ctz(found)]));
    if (!mms__is_unit(&bytes, at))
        return get_otherwise(view, key, size);
    at <<= MMS__UNIT_BITS;
    word = mms__load_at(&bytes, at);
    if ((word & looked_at) != sizeof wanted << MMS__BLOCK_FLAG_BITS ||
        VALUE_AT + (word >> MMS__ENTRY_VALUE_SHIFT) > bytes.size - at || mms__load_at(&bytes, at + KEY_AT) != wanted)
        return get_otherwise(view, key, size);
    if (size)
        *size = (size_t)(word >> MMS__ENTRY_VALUE_SHIFT);
    return bytes.data + at + VALUE_AT;
}

const void *mms_table_get(const mms_table_view *view, const void *key, size_t key_size, size_t *size)
{
    return key_size == sizeof(uint64_t) ? get_word(view, key, size) : get(view, key, key_size, size);
}

/* ---- Many ---- */

enum { BATCH = 16 };

/* A look-up whose bucket is being fetched. */
struct asked {
    struct mms__words words;
    uint64_t tag;
    bool known; /* false: the bucket does not lie in the value */
};

static void ask(const struct mms__table_bytes *bytes, const mms_key *key, struct asked *out)
{
    uint64_t hash = mms__hash(bytes->keys->seed, key->data, key->size);

    out->tag = mms__tag(hash);
    out->known = mms__bucket_words(bytes, mms__bucket_of(bytes->keys, hash), &out->words);
    if (out->known)
        __builtin_prefetch(out->words.first);
}

static void fetch_entry(const struct mms__table_bytes *bytes, const struct asked *asked)
{
    unsigned found = asked->known ? mms__match(&asked->words, asked->tag) : 0;
    uint64_t at;

    if (found == 0)
        return;
    at = mms__word_to_unit(mms__load_relaxed(&asked->words.first[__builtin_ctz(found)])) << MMS__UNIT_BITS;
    if (at >= bytes->size)
        return;
    __builtin_prefetch(bytes->data + at);
    __builtin_prefetch(bytes->data + at + MMS__LINE - MMS__UNIT);
}

static bool is_possible(const mms_key *key)
{
    return key->size <= MMS_TABLE_KEY_MAX && (key->data || key->size == 0);
}

void mms__look_fetch(const struct mms__table_bytes *bytes, size_t count, const mms_key *keys)
{
    struct asked asked[BATCH];

    for (size_t i = 0; i < count; i++) {
        asked[i].known = false;
        if (is_possible(&keys[i]))
            ask(bytes, &keys[i], &asked[i]);
    }
    for (size_t i = 0; i < count; i++)
        fetch_entry(bytes, &asked[i]);
}

static size_t answer(const struct mms__table_bytes *bytes, const struct asked *asked, const mms_key *key,
                     mms_value *out)
{
    struct mms__entry entry;
    const mms__word *word =
        asked->known ? mms__find_in(bytes, &asked->words, asked->tag, key->data, key->size, &entry) : NULL;

    out->size = 0;
    out->data = value_of(bytes, word, &entry, &out->size);
    return out->data ? 1 : 0;
}

static size_t get_batch(const struct mms__table_bytes *bytes, size_t count, const mms_key *keys, mms_value *out)
{
    struct asked asked[BATCH];
    size_t found = 0;

    for (size_t i = 0; i < count; i++)
        ask(bytes, &keys[i], &asked[i]);
    for (size_t i = 0; i < count; i++)
        fetch_entry(bytes, &asked[i]);
    for (size_t i = 0; i < count; i++)
        found += answer(bytes, &asked[i], &keys[i], &out[i]);
    return found;
}

size_t mms_table_get_many(const mms_table_view *view, size_t count, const mms_key *keys, mms_value *out)
{
    struct mms__table_bytes bytes = mms__look_bytes(view);
    size_t found = 0;

    for (size_t i = 0; i < count; i += BATCH)
        found += get_batch(&bytes, count - i < BATCH ? count - i : BATCH, keys + i, out + i);
    return found;
}

/* ---- All ---- */

/* Stores the words that a cursor stands in. False: they are no longer there, or never were. */
static bool words_at(const struct mms__table_bytes *bytes, const mms_table_cursor *cursor, struct mms__words *words)
{
    if (!mms__bucket_words(bytes, cursor->bucket, words))
        return false;
    while (words->node < cursor->node)
        if (!mms__next_words(bytes, words))
            return false;
    return true;
}

static void fetch_entries(const struct mms__table_bytes *bytes, const struct mms__words *words)
{
    for (unsigned i = 0; i < words->count; i++) {
        uint64_t at = mms__word_to_unit(mms__load_relaxed(&words->first[i])) << MMS__UNIT_BITS;

        if (at < bytes->size)
            __builtin_prefetch(bytes->data + at);
    }
}

/* Stores the next entry of these words. False: there is none. */
static bool next_of(const struct mms__table_bytes *bytes, const struct mms__words *words, mms_table_cursor *cursor,
                    struct mms__entry *out)
{
    if (cursor->slot == 0)
        fetch_entries(bytes, words);
    while (cursor->slot < words->count) {
        uint64_t word = mms__load_relaxed(&words->first[cursor->slot++]);

        if (word >> MMS__TAG_SHIFT != 0 && mms__entry_at(bytes, mms__word_to_unit(word), out) &&
            !mms__is_expired(bytes, out))
            return true;
    }
    return false;
}

static void step_on(const struct mms__table_bytes *bytes, struct mms__words words, mms_table_cursor *cursor)
{
    cursor->slot = 0;
    if (mms__next_words(bytes, &words)) {
        cursor->node++;
        return;
    }
    cursor->bucket++;
    cursor->node = 0;
}

static bool next(const struct mms__table_bytes *bytes, mms_table_cursor *cursor, struct mms__entry *out)
{
    while (cursor->bucket < bytes->keys->buckets) {
        struct mms__words words;

        if (!words_at(bytes, cursor, &words)) { /* damaged: skip this bucket */
            *cursor = (mms_table_cursor){.bucket = cursor->bucket + 1};
            continue;
        }
        if (next_of(bytes, &words, cursor, out))
            return true;
        step_on(bytes, words, cursor);
    }
    return false;
}

bool mms_table_next(const mms_table_view *view, mms_table_cursor *cursor, mms_entry *out)
{
    struct mms__table_bytes bytes = mms__look_bytes(view);
    struct mms__entry entry;

    if (!next(&bytes, cursor, &entry))
        return false;
    *out = (mms_entry){.key = {entry.key, (size_t)entry.key_size},
                       .value = {entry.value, (size_t)entry.size},
                       .expires_ns = entry.expires_ns};
    return true;
}

/* ---- For tools ---- */

void mms_table_describe(const mms_table_view *view, mms_table_info *out)
{
    const struct mms__table_head *head = view->data;

    *out = (mms_table_info){.count = mms__load_relaxed(&head->count),
                            .buckets = mms__load_relaxed(&head->buckets),
                            .bytes = mms__load_relaxed(&head->bytes),
                            .free_bytes = mms__load_relaxed(&head->free_bytes),
                            .size = view->size,
                            .max_bytes = mms__load_relaxed(&head->max_bytes),
                            .evicted = mms__load_relaxed(&head->evicted),
                            .expired = mms__load_relaxed(&head->expired),
                            .key_size = mms__load_relaxed(&head->key_size),
                            .value_size = mms__load_relaxed(&head->value_size),
                            .type_id = {view->type_id[0], view->type_id[1]},
                            .expiring = (mms__load_relaxed(&head->flags) & MMS__TABLE_EXPIRING) != 0};
}
