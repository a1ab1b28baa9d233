/* SPDX-License-Identifier: Apache-2.0 */
/* The reader table and who is alive in it. Each open region of a process holds one lock byte
   on `readers`; its number (the owner) stands in every line that the process uses. Whoever
   gets the lock of a byte knows that its owner is dead, and may clear its lines while holding
   it (G5). */
#ifndef MMS_REGION_TABLE_H
#define MMS_REGION_TABLE_H

#include "region/layout.h"
#include <sys/types.h>

struct mms__table {
    struct mms__readers *shared;
    uint32_t max_readers;
};

/* Lines at and above this were never used. */
static inline uint32_t mms__table_used(const struct mms__table *table)
{
    /* Pair: the compare-and-swap in mms__line_claim. A scan that misses the mark has missed
       the line, and the fence at the end of the claim speaks for that; a sweeper of the dead
       comes after the kernel has freed their bytes, so after their stores. */
    uint32_t mark = mms__load_acquire(&table->shared->high_water);

    return mark < table->max_readers ? mark : table->max_readers;
}

/* Take a lock byte through fd and clear the lines of a dead process that had it. MMS_E_FULL
   (no detail): all taken. */
int mms__table_take_owner(const struct mms__table *table, int fd, uint32_t *owner);

/* How many owners are checked at a time, with one pass over the table: so the time stays linear in
   the table even if somebody has filled it with nonsense. */
#define MMS__REAP_BATCH 64

/* Find out who of these owners (no owner twice, MMS__REAP_BATCH at most) is dead, through a
   descriptor that holds none of their locks, and clear the lines of those. Returns how many
   lines were cleared. */
unsigned mms__table_reap(const struct mms__table *table, int fd, const uint32_t *owners, uint32_t count);

/* Reap all dead owners. */
unsigned mms__table_sweep(const struct mms__table *table, int fd);

#endif
