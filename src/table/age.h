/* SPDX-License-Identifier: Apache-2.0 */
/* Entries that go by themselves: those written longest ago once a table is over its max_bytes, and
   those that have expired. */
#ifndef MMS_TABLE_AGE_H
#define MMS_TABLE_AGE_H

#include "table/update.h"

/* With AGED, entries are a list in the order of their puts. Does nothing without. */
int mms__age_append(struct mms_table *table, uint64_t unit);
int mms__age_remove(struct mms_table *table, uint64_t unit);

/* Remove the oldest entries, `most` of them at most, while the table is over its max_bytes; never the
   entry at `kept`. */
int mms__age_evict(struct mms_table *table, uint64_t kept, unsigned most);
/* Remove the oldest one, for its room. -EAGAIN: there is none. */
int mms__age_evict_one(struct mms_table *table);

/* Look at some buckets, going on where the last commit stopped, for entries that have expired. */
int mms__age_sweep(struct mms_table *table, uint64_t buckets);

#endif
