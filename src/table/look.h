/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_TABLE_LOOK_H
#define MMS_TABLE_LOOK_H

#include "table/keys.h"

/* A view of bytes that are a table: an update, before it is published. */
void mms__look_show(const void *data, uint64_t size, uint64_t now_ns, mms_table_view *out);

/* Prefetch what look-ups of these keys, at most 16, will load. Keys that no table can have are
   skipped. */
void mms__look_fetch(const struct mms__table_bytes *bytes, size_t count, const mms_key *keys);

/* The bytes that a view is of. */
static inline struct mms__table_bytes mms__look_bytes(const mms_table_view *view)
{
    return (struct mms__table_bytes){.data = view->data,
                                     .size = view->size,
                                     .now_ns = view->now_ns,
                                     .keys = (const struct mms__keys *)(const void *)view->inside};
}

#endif
