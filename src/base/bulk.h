/* SPDX-License-Identifier: Apache-2.0 */
/* Copying a value into its slot. */
#ifndef MMS_BASE_BULK_H
#define MMS_BASE_BULK_H

#include <stddef.h>

/* From this size on, a copy bypasses the caches. Smaller ones would be faster that way, too, but readers would find the value
   in memory and not in a cache that they may share with the writer. */
#define MMS__BULK_SIZE ((size_t)32 << 20)

/* As memcpy; `to` is aligned to 64. The stores are ordered before a later release store,
   however they are made. */
void mms__copy_in(unsigned char *to, const void *from, size_t size);
/* The same for a part of a value of that size or more, at any address. */
void mms__copy_part_in(unsigned char *to, const void *from, size_t size);

#endif
