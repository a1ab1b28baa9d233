/* SPDX-License-Identifier: Apache-2.0 */
/* Memory within a table. Blocks follow each other without gaps. Two free blocks are never
   neighbours, and the last block is never free. Free blocks are in lists by size, as in TLSF
   (Masmano, Ripoll, Crespo and Real, ECRTS 2004), so taking and freeing take a bounded time. Freed
   memory can be reused at once, because readers look at other slots. */
#ifndef MMS_TABLE_HEAP_H
#define MMS_TABLE_HEAP_H

#include "table/update.h"

enum { MMS__LONGEST_GAP = MMS__UNITS_PER_LINE + 1 };

/* Take a block of *units or one unit more; stores where it is, and how many units it has. The
   caller then stores its first word with mms__block_set. Errors are MMS_E_CORRUPT, MMS_E_TOO_BIG,
   -ENOSPC and others of mms_write_grow; after all but the first nothing has changed. */
int mms__heap_take(struct mms_table *table, uint64_t *units, uint64_t *unit);
/* Take a block that begins at a line, and store its word, of that kind. It may be `units` or one
   more; finding a line takes room for up to MMS__LONGEST_GAP units more. */
int mms__heap_take_lines(struct mms_table *table, uint64_t units, uint64_t kind, uint64_t *unit);
/* Whether there is a free block of so many units, or room at the end that needs no more memory. */
bool mms__heap_has_room(const struct mms_table *table, uint64_t units);
/* Make room for a table of `size` bytes, so that taking blocks cannot fail up to there. Errors as
   above. */
int mms__heap_provide(struct mms_table *table, uint64_t size);
/* Free a block of `units`. */
int mms__heap_free(struct mms_table *table, uint64_t unit, uint64_t units);
/* Free all but the first `units` of a block that has `has`: none, or MMS__BLOCK_FEWEST or more.
   The caller stores the block's word. */
int mms__heap_shrink(struct mms_table *table, uint64_t unit, uint64_t has, uint64_t units);

/* Store a block's word, and keep the flag that the block before it is free. */
void mms__block_set(struct mms_table *table, uint64_t unit, uint64_t word);

static inline uint64_t mms__block_word(uint64_t units, uint64_t kind)
{
    return units << MMS__BLOCK_FLAG_BITS | kind;
}

/* The list that holds free blocks of that many units. */
unsigned mms__heap_list(uint64_t units);

#endif
