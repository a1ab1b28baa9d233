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
int mms__age_evict(struct mms_table *table, uint64_t kept, unsigned most);
/* Remove the oldest entry to make room. -EAGAIN: there is none. */
int mms__age_evict_one(struct mms_table *table);

/* Remove expired entries from the next `buckets` buckets, from where the last sweep stopped. */
int mms__age_sweep(struct mms_table *table, uint64_t buckets);

#endif
