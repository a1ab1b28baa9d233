/* SPDX-License-Identifier: Apache-2.0 */
#include "key_model.h"
#include "pattern.h"
#include <stdlib.h>
#include <string.h>

struct key_model key_model_new(size_t keys, uint64_t seed)
{
    struct key_model model = {.entries = calloc(keys, sizeof *model.entries), .keys = keys, .random = seed};

    check_true(model.entries != NULL);
    return model;
}

void key_model_free(struct key_model *model)
{
    free(model->entries);
}

uint64_t key_model_below(struct key_model *model, uint64_t limit)
{
    return pattern_random(&model->random) % limit;
}

size_t key_model_key(size_t key, unsigned char *bytes)
{
    uint64_t number = key;
    size_t size = key % 5 == 0 ? 8 : key % 5 == 1 ? 4 : key % 5 == 2 ? 8 + key % 300 : 4 + key % 29;

    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(number >> (8 * (i % 4)));
    return key == 7 ? 0 : size;
}

void key_model_value(const struct key_model_entry *entry, unsigned char *bytes)
{
    for (size_t i = 0; i < entry->size; i++)
        bytes[i] = (unsigned char)(entry->salt + i * 7 + (i >> 8));
}

/* ---- Changes ---- */

void key_model_put(struct key_model *model, mms_table *table, size_t key, size_t size)
{
    unsigned char bytes[KEY_MODEL_LONGEST_KEY];
    struct key_model_entry *entry = &model->entries[key];
    void *room;

    model->count += !entry->there;
    *entry = (struct key_model_entry){.there = true, .size = size, .salt = pattern_random(&model->random)};
    if (!table)
        return;
    check_ok(mms_table_reserve(table, bytes, key_model_key(key, bytes), size, &room));
    check_equal((uintptr_t)room % 16, 0);
    key_model_value(entry, room);
}

void key_model_delete(struct key_model *model, mms_table *table, size_t key)
{
    unsigned char bytes[KEY_MODEL_LONGEST_KEY];
    struct key_model_entry *entry = &model->entries[key];

    if (table)
        check_code(mms_table_delete(table, bytes, key_model_key(key, bytes)), entry->there ? 0 : MMS_E_NOT_FOUND);
    model->count -= entry->there;
    entry->there = false;
}

void key_model_clear(struct key_model *model, mms_table *table)
{
    if (table)
        check_ok(mms_table_clear(table));
    memset(model->entries, 0, model->keys * sizeof *model->entries);
    model->count = 0;
}

void key_model_change(struct key_model *model, mms_table *table)
{
    size_t key = (size_t)key_model_below(model, model->keys), limit = key_model_below(model, 32) == 0 ? 4096 : 100;

    if (key_model_below(model, 3) == 0)
        key_model_delete(model, table, key);
    else
        key_model_put(model, table, key, (size_t)key_model_below(model, limit));
}

/* ---- Checks ---- */

static void check_value(const struct key_model_entry *entry, size_t key, const void *data, size_t size)
{
    unsigned char expected[KEY_MODEL_LONGEST_VALUE];

    if ((data != NULL) != entry->there)
        check_failed(__FILE__, __LINE__, "key %zu is %s", key, data ? "there" : "not there");
    if (!data)
        return;
    key_model_value(entry, expected);
    check_equal(size, entry->size);
    check_memory(data, expected, size);
}

static void check_one_by_one(const struct key_model *model, const mms_table_view *view)
{
    for (size_t key = 0; key < model->keys; key++) {
        unsigned char bytes[KEY_MODEL_LONGEST_KEY];
        size_t size = 0;
        const void *data = mms_table_get(view, bytes, key_model_key(key, bytes), &size);

        check_value(&model->entries[key], key, data, size);
    }
}

static void check_many(const struct key_model *model, const mms_table_view *view)
{
    enum { TOGETHER = 37 };
    unsigned char bytes[TOGETHER][KEY_MODEL_LONGEST_KEY];
    mms_key keys[TOGETHER];
    mms_value values[TOGETHER];
    size_t found = 0;

    for (size_t first = 0; first < model->keys; first += TOGETHER) {
        size_t count = model->keys - first < TOGETHER ? model->keys - first : TOGETHER;

        for (size_t i = 0; i < count; i++) {
            keys[i].data = bytes[i];
            keys[i].size = key_model_key(first + i, bytes[i]);
        }
        found += mms_table_get_many(view, count, keys, values);
        for (size_t i = 0; i < count; i++)
            check_value(&model->entries[first + i], first + i, values[i].data, values[i].size);
    }
    check_equal(found, model->count);
}

static void check_all(const struct key_model *model, const mms_table_view *view)
{
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    size_t found = 0;
    mms_entry entry;

    while (mms_table_next(view, &cursor, &entry)) {
        size_t size;

        check_true(mms_table_get(view, entry.key.data, entry.key.size, &size) == entry.value.data);
        check_equal(size, entry.value.size);
        found++;
    }
    check_equal(found, model->count + model->others);
}

void key_model_check(const struct key_model *model, const mms_table_view *view)
{
    check_ok(mms_table_check(view));
    check_equal(mms_table_count(view), model->count + model->others);
    check_one_by_one(model, view);
    check_many(model, view);
    check_all(model, view);
}
