/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold for any bytes that somebody takes for a table: calls end, and stay inside. A
   sanitizer, or memory that ends where the bytes end, sees whether they do. */
#ifndef TABLE_PROPERTY_H
#define TABLE_PROPERTY_H

#include "check.h"
#include <mmsync/table.h>

/* Look-ups of some keys and of all entries, and a check. `bytes` is at a multiple of 16, and may
   change meanwhile. Returns what mms_table_check says, or mms_table_of. */
int table_property_read(const void *bytes, size_t size);

/* The same for changes: with the bytes as the newest value, begin an update, put and delete, commit,
   and look into what was committed. Returns what the last call of the writer says. Needs
   memory_writer.h. */
int table_property_write(const void *bytes, size_t size);

#endif
