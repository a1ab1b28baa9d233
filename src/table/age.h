/* SPDX-License-Identifier: Apache-2.0 */
/* Entries that leave without a delete: the oldest of a cache that is over its max_bytes, and those
   that have expired. */
#ifndef MMS_TABLE_AGE_H
#define MMS_TABLE_AGE_H

#include "table/update.h"

/* With MMS__TABLE_AGED the entries form a list in the order of their puts. Otherwise these do
   nothing. */
int mms__age_append(struct mms_table *table, uint64_t unit);
int mms__age_remove(struct mms_table *table, uint64_t unit);

/* While the table is over its max_bytes, remove the oldest entries, at most `most` of them. Stops
   before the entry at `kept`. */
int mms__age_evict(struct mms_table *table, uint64_t kept, uint64_t most);
/* The share of a put that stores `units`: how many of the oldest entries it may evict, or how many
   buckets it may sweep in a table that evicts none. */
uint64_t mms__age_share(const struct mms_table *table, uint64_t units);
/* Evict the oldest entries, or in a table that evicts none remove those that have expired, until there
   is room for a block of `units`. *share becomes what is left of it. -EAGAIN: there is no room. */
int mms__age_make_room(struct mms_table *table, uint64_t units, uint64_t *share);

/* Remove expired entries from the next `buckets` buckets, from where the last sweep stopped. */
int mms__age_sweep(struct mms_table *table, uint64_t buckets);

#endif
