/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's half of the buckets: linear hashing, so one bucket at a time is split, and no put
   moves more than one bucket's words. */
#ifndef MMS_TABLE_INDEX_H
#define MMS_TABLE_INDEX_H

#include "table/update.h"

/* The size of a table while it is made with MMS__FIRST_BUCKETS, at most. */
uint64_t mms__index_first_size(void);
/* Make the directory and `buckets` empty buckets, in an empty heap. */
int mms__index_make(struct mms_table *table, uint64_t buckets);

/* Add a word to the bucket of a hash; on an error nothing has changed. */
int mms__index_add(struct mms_table *table, uint64_t hash, uint64_t word);
/* Remove one, which mms__find has found there. */
int mms__index_remove(struct mms_table *table, uint64_t hash, const mms__word *word);

/* After an entry was added: split a bucket if there are too few. Without room there are just more
   entries in each. */
int mms__index_grow(struct mms_table *table);

#endif
