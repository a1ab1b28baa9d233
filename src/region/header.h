/* SPDX-License-Identifier: Apache-2.0 */
/* The unchanging start of `control` and `readers`: which region, which format, which geometry. */
#ifndef MMS_REGION_HEADER_H
#define MMS_REGION_HEADER_H

#include "region/layout.h"
#include <mmsync.h>
#include <stdbool.h>

/* Geometry for a new region from options that were read. Details are stored. */
int mms__header_plan(const mms_writer_options *options, const char *path, struct mms__header *header);
/* Complete a planned header with its magic and checksum. */
void mms__header_seal(struct mms__header *header, const char *magic);
/* Check `size` bytes that were read from the start of path/name; MMS_E_NOT_REGION,
   _BYTE_ORDER, _VERSION, _CORRUPT. */
int mms__header_check(const struct mms__header *header, size_t size, const char *magic, const char *path,
                      const char *name);
/* MMS_E_GEOMETRY if the options ask for another geometry than the region's. */
int mms__header_compare(const struct mms__header *header, const mms_writer_options *options, const char *path);

static inline bool mms__header_is_durable(const struct mms__header *header)
{
    return (header->flags & MMS__DURABLE) != 0;
}

static inline uint64_t mms__data_size(const struct mms__header *header)
{
    return header->stride * header->max_slots;
}

#endif
