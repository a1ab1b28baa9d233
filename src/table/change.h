/* SPDX-License-Identifier: Apache-2.0 */
/* One key at a time, in an update. */
#ifndef MMS_TABLE_CHANGE_H
#define MMS_TABLE_CHANGE_H

#include "table/update.h"

/* Room for a key's value, which replaces the last one. Sizes were checked. After an error that is not
   MMS_E_CORRUPT nothing has changed, but that a cache may have lost its oldest entries. */
int mms__change_put(struct mms_table *table, const void *key, size_t key_size, size_t size, void **value);
/* MMS_E_NOT_FOUND, with no detail stored. */
int mms__change_delete(struct mms_table *table, const void *key, size_t key_size);
/* Remove the entry that a word of its bucket leads to. */
int mms__change_remove(struct mms_table *table, uint64_t hash, const mms__word *word, const struct mms__entry *entry);

#endif
