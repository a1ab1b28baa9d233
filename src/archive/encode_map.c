/* SPDX-License-Identifier: Apache-2.0 */
/* HashMap and HashSet: compress, hash and displace (Belazzougui, Botelho, Dietzfelbinger: Hash, displace, and compress,
   2009) with the very choices of rkyv 0.7, so that the bytes are the same: buckets of more than one key, the largest
   first and equal ones by index, get the first seed from 0x80000000 on that gives free and distinct slots; then single
   keys take the lowest free slots. */
#include "archive/encoder.h"
#include "archive/key.h"
#include <stdlib.h>

enum { LARGEST_BUCKET = 64, MOST_SEEDS = 1 << 24, AHEAD = 8, MOST_POINTERS = 4 };

/* A key, next to the others of its bucket: by value if it is a word, else by its item. */
struct placed_word {
    uint64_t word;
    uint32_t item, width;
};

struct table {
    const mms_type *type;
    mms_items items;
    const struct mms__step *step;
    uint32_t count;
    uint32_t *bucket_of;    /* item -> bucket */
    uint32_t *start;        /* bucket -> its first place; one more at the end */
    uint32_t *by_size;      /* buckets that are not empty, in the order in which they are placed */
    uint32_t *order;        /* slot -> item */
    uint32_t buckets, kept; /* the latter: of them, those with more than one key */
    uint64_t *occupied;     /* one bit for each slot */
    struct placed_word *places;
    uint32_t *displacements;
    size_t pointer_at[MOST_POINTERS]; /* in an item; of what is fetched ahead */
    unsigned pointers;
};

static struct mms__key key_of_item(const struct table *t, uint32_t item)
{
    const mms_type_field *key = &t->type->first->fields[0];

    return mms__key_of_input(key->type, (const char *)mms__item(t->type->first, t->items, item) + key->input_offset);
}

/* The key of a place: without touching the item, where a word is all that is hashed and compared. */
static struct mms__key key_of_place(const struct table *t, uint32_t place)
{
    struct mms__key key = {.word = t->places[place].word, .width = t->places[place].width};

    return key.width > 0 ? key : key_of_item(t, t->places[place].item);
}

static bool is_occupied(const struct table *t, uint32_t slot)
{
    return t->occupied[slot / 64] >> slot % 64 & 1;
}

static void occupy(struct table *t, uint32_t slot, uint32_t item)
{
    t->occupied[slot / 64] |= UINT64_C(1) << slot % 64;
    t->order[slot] = item;
}

/* Items are met in the order of their hashes, so each is a miss in the cache: ask for them some time before. */
static void fetch_item(const struct table *t, uint32_t item)
{
    __builtin_prefetch(mms__item(t->type->first, t->items, item));
}

/* What it points to; the item itself was fetched before. */
static void fetch_targets(const struct table *t, uint32_t item)
{
    const char *in = mms__item(t->type->first, t->items, item);

    for (unsigned i = 0; i < t->pointers; i++) {
        const void *target;

        memcpy(&target, in + t->pointer_at[i], sizeof target);
        __builtin_prefetch(target);
    }
}

/* Where in an item the first few pointers are. In input values of all these kinds they come first. */
static void find_pointers(struct table *t, const mms_type *type, size_t at)
{
    switch (type->kind) {
    case MMS_T_STRUCT:
        for (size_t i = 0; i < type->count; i++)
            find_pointers(t, type->fields[i].type, at + type->fields[i].input_offset);
        break;
    case MMS_T_STRING:
    case MMS_T_BOX_STR:
    case MMS_T_BOX:
    case MMS_T_VEC:
        if (t->pointers < MOST_POINTERS)
            t->pointer_at[t->pointers++] = at;
        break;
    default: break;
    }
}

static void fetch_place(const struct table *t, uint32_t index, void (*fetch)(const struct table *t, uint32_t item))
{
    if (index < t->kept)
        fetch(t, t->places[t->start[t->by_size[index]]].item);
}

/* ---- Buckets ---- */

/* start[b + 1] = number of keys in bucket b, for now. */
static void hash_all(struct table *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        struct mms__key key = key_of_item(t, i);

        t->bucket_of[i] = (uint32_t)(mms__key_hash(&key) % t->count);
        t->start[t->bucket_of[i] + 1]++;
    }
}

static uint32_t bucket_size(const struct table *t, uint32_t bucket)
{
    return t->start[bucket + 1] - t->start[bucket];
}

/* Counting sort of the keys by bucket. Afterwards bucket_of is free. */
static void group(struct table *t)
{
    for (uint32_t b = 0; b < t->count; b++)
        t->start[b + 1] += t->start[b];
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t place = t->start[t->bucket_of[i]]++;
        struct mms__key key = key_of_item(t, i);

        t->places[place] = (struct placed_word){.word = key.word, .item = i, .width = key.width};
    }
    memmove(t->start + 1, t->start, t->count * sizeof *t->start);
    t->start[0] = 0;
}

/* Buckets by size, the largest first, and by index. */
static int sort_buckets(struct table *t)
{
    uint32_t next[LARGEST_BUCKET + 1] = {0}, at = 0;

    for (uint32_t b = 0; b < t->count; b++) {
        uint32_t size = bucket_size(t, b);

        if (size > LARGEST_BUCKET)
            return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, t->step,
                                  "%u keys have one hash; is there a key that is given many times?", size);
        next[size]++;
    }
    for (uint32_t size = LARGEST_BUCKET; size > 0; size--) {
        uint32_t buckets = next[size];

        if (size == 1)
            t->kept = at;
        next[size] = at;
        at += buckets;
    }
    t->buckets = at;
    t->by_size = t->bucket_of;
    for (uint32_t b = 0; b < t->count; b++)
        if (bucket_size(t, b) > 0)
            t->by_size[next[bucket_size(t, b)]++] = b;
    return 0;
}

static int check_distinct(const struct table *t, const struct mms__key *keys, uint32_t first, uint32_t size)
{
    for (uint32_t i = 1; i < size; i++)
        for (uint32_t j = 0; j < i; j++)
            if (mms__key_equal(&keys[i], &keys[j])) {
                struct mms__step step = mms__step_index(t->step, t->places[first + i].item);

                return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, &step, "the key is that of element %u too",
                                      t->places[first + j].item);
            }
    return 0;
}

/* ---- Slots ---- */

static bool try_seed(const struct table *t, const struct mms__key *keys, uint32_t size, uint32_t seed, uint32_t *slots)
{
    for (uint32_t i = 0; i < size; i++) {
        slots[i] = (uint32_t)(mms__key_seeded_hash(&keys[i], seed) % t->count);
        if (is_occupied(t, slots[i]))
            return false;
        for (uint32_t j = 0; j < i; j++)
            if (slots[j] == slots[i])
                return false;
    }
    return true;
}

static int place_bucket(struct table *t, uint32_t bucket)
{
    uint32_t first = t->start[bucket], size = bucket_size(t, bucket), slots[LARGEST_BUCKET];
    struct mms__key keys[LARGEST_BUCKET];
    int code;

    for (uint32_t i = 0; i < size; i++)
        keys[i] = key_of_place(t, first + i);
    code = check_distinct(t, keys, first, size);
    if (code != 0)
        return code;
    for (uint32_t tries = 0; tries < MOST_SEEDS; tries++)
        if (try_seed(t, keys, size, MMS__DISPLACED + tries, slots)) {
            for (uint32_t i = 0; i < size; i++)
                occupy(t, slots[i], t->places[first + i].item);
            t->displacements[bucket] = MMS__DISPLACED + tries;
            return 0;
        }
    return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, t->step,
                          "no seed of %d parts %u keys whose hashes are alike, element %u among them", MOST_SEEDS, size,
                          t->places[first].item);
}

static void place_single(struct table *t, uint32_t bucket, uint32_t *lowest)
{
    while (is_occupied(t, *lowest))
        ++*lowest;
    occupy(t, *lowest, t->places[t->start[bucket]].item);
    t->displacements[bucket] = (*lowest)++;
}

static int place_all(struct table *t)
{
    uint32_t lowest = 0;
    int code = 0;

    memset(t->displacements, 0xff, t->count * sizeof *t->displacements);
    for (uint32_t i = 0; i < t->kept && code == 0; i++) {
        fetch_place(t, i + 2 * AHEAD, fetch_item);
        fetch_place(t, i + AHEAD, fetch_targets);
        code = place_bucket(t, t->by_size[i]);
    }
    for (uint32_t i = t->kept; i < t->buckets && code == 0; i++)
        place_single(t, t->by_size[i], &lowest);
    return code;
}

static int build(struct table *t)
{
    int code;

    hash_all(t);
    group(t);
    code = sort_buckets(t);
    return code == 0 ? place_all(t) : code;
}

static void release(struct table *t)
{
    free(t->bucket_of);
    free(t->start);
    free(t->order);
    free(t->occupied);
    free(t->places);
    free(t->displacements);
}

static int allocate(struct table *t)
{
    size_t count = t->count;

    t->bucket_of = malloc(count * sizeof *t->bucket_of);
    t->start = calloc(count + 1, sizeof *t->start);
    t->order = malloc(count * sizeof *t->order);
    t->occupied = calloc(count / 64 + 1, sizeof *t->occupied);
    t->places = malloc(count * sizeof *t->places);
    t->displacements = malloc(count * sizeof *t->displacements);
    if (t->bucket_of && t->start && t->order && t->occupied && t->places && t->displacements)
        return 0;
    return mms__encode_no_memory(t->step);
}

/* ---- The bytes ---- */

/* In the order of the slots; in any order, if there is no table. */
static int entry_children(struct mms__encoder *e, const struct table *t)
{
    const mms_type *entry = t->type->first;
    int code = 0;

    if (entry->flags & MMS_TF_LEAF)
        return 0;
    for (uint32_t slot = 0; slot < t->count && code == 0; slot++) {
        uint32_t item = t->order ? t->order[slot] : slot;
        struct mms__step step = mms__step_index(t->step, item);

        if (t->order && slot + 2 * AHEAD < t->count) {
            fetch_item(t, t->order[slot + 2 * AHEAD]);
            fetch_targets(t, t->order[slot + AHEAD]);
        }
        code = mms__encode_children(e, entry, mms__item(entry, t->items, item), &step);
    }
    return code;
}

static int entry_values(struct mms__encoder *e, const struct table *t, size_t at)
{
    const mms_type *entry = t->type->first;
    int code = 0;

    for (uint32_t slot = 0; e->base && slot < t->count && code == 0; slot++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): with a base there is a table, see mms__encode_map */
        struct mms__step step = mms__step_index(t->step, t->order[slot]);

        if (slot + 2 * AHEAD < t->count) {
            fetch_item(t, t->order[slot + 2 * AHEAD]);
            fetch_targets(t, t->order[slot + AHEAD]);
        }
        code = mms__encode_value(e, entry, mms__item(entry, t->items, t->order[slot]), at + slot * entry->size, &step);
    }
    return code;
}

static int write_table(struct mms__encoder *e, struct table *t)
{
    size_t displacements, entries = 0, mark = e->used;
    int code = mms__encode_reserve(e, 4, 4, t->count, &displacements, t->step);

    if (code == 0 && t->order)
        code = build(t);
    if (code == 0 && e->base && t->count > 0)
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): as in entry_values */
        memcpy(e->base + displacements, t->displacements, t->count * sizeof *t->displacements);
    if (code == 0)
        code = entry_children(e, t);
    if (code == 0)
        code = mms__encode_reserve(e, t->type->first->align, t->type->first->size, t->count, &entries, t->step);
    e->next = mark;
    if (code == 0)
        code = entry_values(e, t, entries);
    e->used = mark;
    if (code == 0)
        code = mms__encode_push(e, displacements, t->step);
    return code == 0 ? mms__encode_push(e, entries, t->step) : code;
}

int mms__encode_map(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__step *step)
{
    struct table table = {.type = type, .items = items, .step = step, .count = (uint32_t)items.count};
    int code = 0;

    if (items.count >= MMS__DISPLACED)
        return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, step, "%zu keys, and a HashMap's archive ends at 2^31 - 1",
                              items.count);
    /* When counting, the order of the entries matters only if their children's padding may depend on it. */
    if (items.count > 0 && (e->base || !(type->first->flags & MMS_TF_EVEN)))
        code = allocate(&table);
    find_pointers(&table, type->first, 0);
    if (code == 0)
        code = write_table(e, &table);
    release(&table);
    return code;
}
