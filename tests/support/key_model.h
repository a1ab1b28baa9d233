/* SPDX-License-Identifier: Apache-2.0 */
/* A plain map beside a table: what random changes should have made of it. */
#ifndef KEY_MODEL_H
#define KEY_MODEL_H

#include "check.h"
#include <mmsync/table.h>

enum { KEY_MODEL_LONGEST_KEY = 320, KEY_MODEL_LONGEST_VALUE = 4096 };

struct key_model_entry {
    bool there;
    size_t size;
    uint64_t salt, expires_ns;
};

struct key_model {
    struct key_model_entry *entries;
    size_t keys, count; /* keys that there may be, and are */
    size_t others;      /* entries that the table has beside these */
    uint64_t random;
};

struct key_model key_model_new(size_t keys, uint64_t seed);
void key_model_free(struct key_model *model);
uint64_t key_model_below(struct key_model *model, uint64_t limit);

/* The bytes of a key, of many sizes, 4 and 8 among them; returns its size. */
size_t key_model_key(size_t key, unsigned char *bytes);
/* The bytes of a value. */
void key_model_value(const struct key_model_entry *entry, unsigned char *bytes);

/* One random put or delete, in the table and in the model; with table NULL, in the model alone. */
void key_model_change(struct key_model *model, mms_table *table);
void key_model_put(struct key_model *model, mms_table *table, size_t key, size_t size);
void key_model_delete(struct key_model *model, mms_table *table, size_t key);
void key_model_clear(struct key_model *model, mms_table *table);

/* A table has what the model has, and nothing else, whichever call asks. */
void key_model_check(const struct key_model *model, const mms_table_view *view);

#endif
