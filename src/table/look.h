/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_TABLE_LOOK_H
#define MMS_TABLE_LOOK_H

#include "table/keys.h"

/* Fill in a view of bytes whose head was checked. */
void mms__look_show(const struct mms__table_bytes *bytes, const struct mms__table_head *head, uint64_t generation,
                    mms_table_view *out);

/* Prefetch what look-ups of these keys, at most 16, will load. Keys that no table can have are
   skipped. */
void mms__look_fetch(const struct mms__table_bytes *bytes, size_t count, const mms_key *keys);

/* The bytes that a view is of. */
static inline struct mms__table_bytes mms__look_bytes(const mms_table_view *view)
{
    struct mms__table_bytes bytes = {.data = view->data, .size = view->size, .now_ns = view->now_ns};

    memcpy(&bytes.keys, view->inside, sizeof bytes.keys);
    return bytes;
}

#endif
