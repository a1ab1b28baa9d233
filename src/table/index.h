/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's half of the buckets. They grow by linear hashing: one bucket at a time is split,
   and no put moves the words of more than one. */
#ifndef MMS_TABLE_INDEX_H
#define MMS_TABLE_INDEX_H

#include "table/update.h"

/* The units of a directory's block with room for that many words. */
static inline uint64_t mms__directory_units(uint64_t segments)
{
    return 1 + (mms__round_up(segments * sizeof(mms__word), MMS__UNIT) >> MMS__UNIT_BITS);
}

/* The most bytes that a table of so many empty buckets takes while it is made. */
uint64_t mms__index_size(uint64_t buckets);
/* Make the directory and `buckets` empty buckets in an empty heap, which has that much room. */
int mms__index_make(struct mms_table *table, uint64_t buckets);

/* Add a word to the bucket of a hash. After an error nothing has changed. */
int mms__index_add(struct mms_table *table, uint64_t hash, uint64_t word);
/* Remove a word that mms__find has found there. */
int mms__index_remove(struct mms_table *table, uint64_t hash, const mms__word *word);

/* Split a bucket if there are too few for the entries. If there is no room for another one, the
   buckets get fuller; that is not an error. */
int mms__index_grow(struct mms_table *table);

#endif
