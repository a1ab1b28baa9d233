/* SPDX-License-Identifier: Apache-2.0 */
/* Puts and deletes of one key in an update. */
#ifndef MMS_TABLE_CHANGE_H
#define MMS_TABLE_CHANGE_H

#include "table/update.h"

/* Make room for a key's new value. The sizes were checked. After an error other than MMS_E_CORRUPT
   the table is unchanged, except that a cache may have lost its oldest entries. */
int mms__change_put(struct mms_table *table, const void *key, size_t key_size, size_t size, void **value);
/* MMS_E_NOT_FOUND is returned without a stored detail. */
int mms__change_delete(struct mms_table *table, const void *key, size_t key_size);
/* Remove an entry; `word` is the word in its bucket that leads to it. */
int mms__change_remove(struct mms_table *table, uint64_t hash, const mms__word *word, const struct mms__entry *entry);

#endif
