/* SPDX-License-Identifier: Apache-2.0 */
/* Memory within a table. Blocks lie one behind the other, without gaps; two that are free are never
   neighbours, and the last one is not free. Free ones are in lists by their size (the idea is that of
   TLSF: Masmano, Ripoll, Crespo and Real, ECRTS 2004), so both calls take a bounded time.
   What is freed can be used at once: readers hold other slots. */
#ifndef MMS_TABLE_HEAP_H
#define MMS_TABLE_HEAP_H

#include "table/update.h"

enum { MMS__LONGEST_GAP = MMS__UNITS_PER_LINE + 1 };

/* A block of at least `units`. Stores where it is, and how many it has, which may be one more. The
   caller stores its first word, by mms__block_set. The last update's bytes are all there still after
   an error: MMS_E_TOO_BIG, -ENOSPC and others that mms_write_grow has, or MMS_E_CORRUPT. */
int mms__heap_take(struct mms_table *table, uint64_t *units, uint64_t *unit);
/* The same at the start of a line, for which up to MMS__LONGEST_GAP units more may be looked for. Stores its word, of a kind. */
int mms__heap_take_lines(struct mms_table *table, uint64_t units, uint64_t kind, uint64_t *unit);
/* Make sure of room for a value of `size` bytes: taking blocks up to there does not fail then. Errors
   as above. */
int mms__heap_provide(struct mms_table *table, uint64_t size);
/* Free a block of `units`. */
int mms__heap_free(struct mms_table *table, uint64_t unit, uint64_t units);
/* Keep only the first `units` of `has`; the caller stores the block's word. Two are left, or none. */
int mms__heap_shrink(struct mms_table *table, uint64_t unit, uint64_t has, uint64_t units);

/* Store a block's word; what is known of the block before it stays. */
void mms__block_set(struct mms_table *table, uint64_t unit, uint64_t word);

static inline uint64_t mms__block_word(uint64_t units, uint64_t kind)
{
    return units << MMS__BLOCK_FLAG_BITS | kind;
}

/* The list for free blocks of that many units. */
unsigned mms__heap_list(uint64_t units);

#endif
