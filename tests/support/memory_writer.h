/* SPDX-License-Identifier: Apache-2.0 */
/* A writer without a region, for tables: its value is memory from malloc that ends where the capacity
   ends, and that moves whenever it grows, so that a sanitizer sees each access outside. A commit fails
   the test if a byte has changed that was not touched. */
#ifndef MEMORY_WRITER_H
#define MEMORY_WRITER_H

#include "check.h"
#include <mmsync/table.h>

/* One at a time. The bytes are copied, and are the newest value; size 0: there is none. */
mms_writer *memory_writer_open(const void *bytes, size_t size);
/* The value that was committed last, or the first one, at a multiple of 16 in memory. */
const void *memory_writer_value(size_t *size);
void memory_writer_close(void);
/* From here on, it grows to no more than this. */
void memory_writer_limit(size_t size);
/* And the update after one that has begun to no more than this. */
void memory_writer_limit_next(size_t size);
/* With this code, from here on, and not with MMS_E_TOO_BIG. */
void memory_writer_refuse(int code);
/* All bytes that were touched, counted as often as they were. */
uint64_t memory_writer_touched(void);

#endif
