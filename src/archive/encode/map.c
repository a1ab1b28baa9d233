/* SPDX-License-Identifier: Apache-2.0 */
/* HashMap and HashSet: compress, hash and displace (Belazzougui, Botelho, Dietzfelbinger: Hash,
   displace, and compress, 2009) with exactly the choices of rkyv 0.7, so that the bytes are the
   same: buckets of more than one key, the largest first and equal ones by index, get the first
   seed from 0x80000000 on that gives free and distinct slots; then single keys take the lowest
   free slots.

   The hash has no secret, so whoever chooses keys can fill a bucket or make the search for its
   seed long. The search is therefore bounded for the whole table: random keys need about 10
   hashes each, and 64 per key are allowed, plus four million. */
#include "archive/encode/encoder.h"
#include "archive/key.h"
#include <stdlib.h>

enum { USUAL_BUCKET = 64, MOST_SEEDS = 1 << 24, AHEAD = 8, MOST_POINTERS = 4 };
enum { HASHES_EACH = 64, HASHES_MORE = 1 << 22, HASH_BYTES = 32 }; /* of up to so many bytes */

/* A key, next to the others of its bucket: by value if it is a word, else by its item. */
struct placed_word {
    uint64_t word;
    uint32_t item, width;
};

struct table {
    const mms_type *type;
    mms_items items;
    const struct mms__path *path;
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
    size_t at, mark;       /* of the displacements in the archive; of the entries' first word */
    uint32_t slot;         /* whose entry is the next */
    uint32_t largest;      /* bucket's size */
    struct mms__key *keys; /* of the bucket that is placed; with `slots`, for the largest */
    uint32_t *slots;
    uint64_t hashes; /* that are left to the search */
};

static struct mms__key key_of_item(const struct table *t, uint32_t item)
{
    const mms_type_field *key = &t->type->first->fields[0];

    return mms__key_of_input(key->type, (const char *)mms__item(t->type->first, t->items, item) + key->input_offset);
}

/* The key at a place, without touching the item if a word is all that is hashed and compared. */
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

/* Items are visited in the order of their hashes, so each is a cache miss: prefetch them. */
static void fetch_item(const struct table *t, uint32_t item)
{
    __builtin_prefetch(mms__item(t->type->first, t->items, item));
}

/* What it points to; the item itself was prefetched earlier. */
static void fetch_targets(const struct table *t, uint32_t item)
{
    const char *in = mms__item(t->type->first, t->items, item);

    for (unsigned i = 0; i < t->pointers; i++) {
        const void *target;

        memcpy(&target, in + t->pointer_at[i], sizeof target);
        __builtin_prefetch(target);
    }
}

/* Where in an item the first few pointers are. In input values of all these kinds they come
   first. */
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

static void find_largest(struct table *t)
{
    for (uint32_t b = 0; b < t->count; b++)
        if (bucket_size(t, b) > t->largest)
            t->largest = bucket_size(t, b);
}

/* Buckets by size, the largest first, and by index. `next` has room for a number of each size. */
static void sort_buckets(struct table *t, uint32_t *next)
{
    uint32_t at = 0;

    for (uint32_t b = 0; b < t->count; b++)
        next[bucket_size(t, b)]++;
    for (uint32_t size = t->largest; size > 0; size--) {
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
}

static int allocate_buckets(struct table *t, uint32_t **next)
{
    *next = calloc((size_t)t->largest + 1, sizeof **next);
    t->keys = mms__resize(NULL, t->largest, sizeof *t->keys);
    t->slots = mms__resize(NULL, t->largest, sizeof *t->slots);
    return *next && t->keys && t->slots ? 0 : mms__encode_no_memory(t->path);
}

static int fail_twice(const struct table *t, uint32_t a, uint32_t b)
{
    struct mms__path path = mms__path_index(t->path, a > b ? a : b);

    return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, &path, "the key is that of element %u too", a > b ? b : a);
}

static int compare_items(const void *a, const void *b, void *table)
{
    const struct table *t = table;
    struct mms__key x = key_of_item(t, *(const uint32_t *)a), y = key_of_item(t, *(const uint32_t *)b);

    return mms__key_compare(&x, &y);
}

/* A bucket too large to compare every pair of keys. `slots` is still free. */
static int check_many_distinct(const struct table *t, uint32_t first, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        t->slots[i] = t->places[first + i].item;
    qsort_r(t->slots, size, sizeof *t->slots, compare_items, (void *)(uintptr_t)t);
    for (uint32_t i = 1; i < size; i++)
        if (compare_items(&t->slots[i - 1], &t->slots[i], (void *)(uintptr_t)t) == 0)
            return fail_twice(t, t->slots[i - 1], t->slots[i]);
    return 0;
}

static int check_distinct(const struct table *t, uint32_t first, uint32_t size)
{
    if (size > USUAL_BUCKET)
        return check_many_distinct(t, first, size);
    for (uint32_t i = 1; i < size; i++)
        for (uint32_t j = 0; j < i; j++)
            if (mms__key_equal(&t->keys[i], &t->keys[j]))
                return fail_twice(t, t->places[first + i].item, t->places[first + j].item);
    return 0;
}

/* ---- Slots ---- */

static void vacate(struct table *t, uint32_t slot)
{
    t->occupied[slot / 64] &= ~(UINT64_C(1) << slot % 64);
}

static uint32_t seeded_slot(struct table *t, const struct mms__key *key, uint32_t seed)
{
    uint64_t cost = 1 + key->size / HASH_BYTES;

    t->hashes -= t->hashes < cost ? t->hashes : cost;
    return (uint32_t)(mms__key_seeded_hash(key, seed) % t->count);
}

/* Occupy the slots if they are free and distinct; otherwise change nothing. */
static bool try_seed(struct table *t, uint32_t first, uint32_t size, uint32_t seed)
{
    for (uint32_t i = 0; i < size; i++) {
        t->slots[i] = seeded_slot(t, &t->keys[i], seed);
        if (is_occupied(t, t->slots[i])) {
            while (i-- > 0)
                vacate(t, t->slots[i]);
            return false;
        }
        occupy(t, t->slots[i], t->places[first + i].item);
    }
    return true;
}

/* The same for two keys, the usual case. */
static bool try_seed_of_two(struct table *t, uint32_t first, uint32_t seed)
{
    uint32_t one = seeded_slot(t, &t->keys[0], seed), other;

    if (is_occupied(t, one))
        return false;
    other = seeded_slot(t, &t->keys[1], seed);
    if (other == one || is_occupied(t, other))
        return false;
    occupy(t, one, t->places[first].item);
    occupy(t, other, t->places[first + 1].item);
    return true;
}

static int fail_placing(const struct table *t, uint32_t first, uint32_t size)
{
    return mms__path_fail(MMS_E_INVALID, MMS__ENCODE, t->path,
                          "%u keys, element %u among them, have hashes that are too much alike, as if somebody had "
                          "chosen them so; a HashMap's hash is fixed: use a BTreeMap for keys that others choose",
                          size, t->places[first].item);
}

static int place_bucket(struct table *t, uint32_t bucket)
{
    uint32_t first = t->start[bucket], size = bucket_size(t, bucket);
    int code;

    for (uint32_t i = 0; i < size; i++)
        t->keys[i] = key_of_place(t, first + i);
    code = check_distinct(t, first, size);
    if (code != 0)
        return code;
    for (uint32_t tries = 0; tries < MOST_SEEDS && t->hashes > 0; tries++)
        if (size == 2 ? try_seed_of_two(t, first, MMS__DISPLACED + tries)
                      : try_seed(t, first, size, MMS__DISPLACED + tries)) {
            t->displacements[bucket] = MMS__DISPLACED + tries;
            return 0;
        }
    return fail_placing(t, first, size);
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
    uint32_t *next = NULL;
    int code;

    t->hashes = HASHES_MORE + (uint64_t)HASHES_EACH * t->count;
    hash_all(t);
    group(t);
    find_largest(t);
    code = allocate_buckets(t, &next);
    if (code == 0) {
        sort_buckets(t, next);
        code = place_all(t);
    }
    free(next);
    return code;
}

void mms__encode_map_free(void *table)
{
    struct table *t = table;

    free(t->bucket_of);
    free(t->start);
    free(t->order);
    free(t->occupied);
    free(t->places);
    free(t->displacements);
    free(t->keys);
    free(t->slots);
    free(t);
}

static int allocate(struct table *t)
{
    size_t count = t->count;

    t->bucket_of = mms__resize(NULL, count, sizeof *t->bucket_of);
    t->start = calloc(count + 1, sizeof *t->start);
    t->order = mms__resize(NULL, count, sizeof *t->order);
    t->occupied = calloc(count / 64 + 1, sizeof *t->occupied);
    t->places = mms__resize(NULL, count, sizeof *t->places);
    t->displacements = mms__resize(NULL, count, sizeof *t->displacements);
    if (t->bucket_of && t->start && t->order && t->occupied && t->places && t->displacements)
        return 0;
    return mms__encode_no_memory(t->path);
}

/* ---- The bytes ---- */

static int entry_values(struct mms__encoder *e, const struct table *t, size_t at)
{
    const mms_type *entry = t->type->first;
    int code = 0;

    for (uint32_t slot = 0; e->base && slot < t->count && code == 0; slot++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): with a base there is a table, see mms__encode_map */
        struct mms__path path = mms__path_index(t->path, t->order[slot]);

        if (slot + 2 * AHEAD < t->count) {
            fetch_item(t, t->order[slot + 2 * AHEAD]);
            fetch_targets(t, t->order[slot + AHEAD]);
        }
        code = mms__encode_value(e, entry, mms__item(entry, t->items, t->order[slot]), at + slot * entry->size, &path);
    }
    return code;
}

/* Room for the displacements, and these. */
static int begin_table(struct mms__encoder *e, struct table *t)
{
    int code = mms__encode_reserve(e, 4, 4, t->count, &t->at, t->path);

    if (code == 0 && t->order)
        code = build(t);
    if (code == 0 && e->base && t->count > 0)
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): as in entry_values */
        memcpy(e->base + t->at, t->displacements, t->count * sizeof *t->displacements);
    t->mark = e->used;
    return code;
}

int mms__encode_map_begin(struct mms__encoder *e, const mms_type *type, mms_items items, const struct mms__path *path,
                          void **table)
{
    struct table *t;
    int code = 0;

    if (items.count >= MMS__DISPLACED)
        return mms__path_fail(MMS_E_TOO_BIG, MMS__ENCODE, path,
                              "%zu keys, but a HashMap's archive holds at most 2^31 - 1", items.count);
    *table = t = calloc(1, sizeof *t);
    if (!t)
        return mms__encode_no_memory(path);
    t->type = type;
    t->items = items;
    t->path = path;
    t->count = (uint32_t)items.count;
    /* When counting, the order of the entries matters only if their children's padding may depend on it. */
    if (items.count > 0 && (e->base || !(type->first->flags & MMS_TF_EVEN)))
        code = allocate(t);
    find_pointers(t, type->first, 0);
    return code == 0 ? begin_table(e, t) : code;
}

static int end_table(struct mms__encoder *e, const struct table *t)
{
    size_t entries = 0;
    int code = mms__encode_reserve(e, t->type->first->align, t->type->first->size, t->count, &entries, t->path);

    e->next = t->mark;
    if (code == 0)
        code = entry_values(e, t, entries);
    e->used = t->mark;
    if (code == 0)
        code = mms__encode_push(e, t->at, t->path);
    return code == 0 ? mms__encode_push(e, entries, t->path) : code;
}

/* Entries' children in the order of the slots; in any order, if there is no table. */
int mms__encode_map_next(struct mms__encoder *e, void *table, bool *over)
{
    struct table *t = table;
    const mms_type *entry = t->type->first;
    size_t before = e->opened;
    int code = 0;

    if (entry->flags & MMS_TF_LEAF)
        t->slot = t->count;
    while (code == 0 && e->opened == before && t->slot < t->count) {
        uint32_t item = t->order ? t->order[t->slot] : t->slot;
        struct mms__path path = mms__path_index(t->path, item);

        if (t->order && t->slot + 2 * AHEAD < t->count) {
            fetch_item(t, t->order[t->slot + 2 * AHEAD]);
            fetch_targets(t, t->order[t->slot + AHEAD]);
        }
        t->slot++;
        code = mms__encode_begin(e, entry, mms__item(entry, t->items, item), &path);
    }
    *over = code == 0 && e->opened == before;
    return *over ? end_table(e, t) : code;
}
