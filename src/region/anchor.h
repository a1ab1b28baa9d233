/* SPDX-License-Identifier: Apache-2.0 */
/* The anchors of a durable region: blocks that name a value which is whole on the disk. */
#ifndef MMS_REGION_ANCHOR_H
#define MMS_REGION_ANCHOR_H

#include "region/header.h"

/* Complete one with its magic, the region's id, and the checksum. */
void mms__anchor_seal(struct mms__anchor *anchor, const struct mms__header *region);
/* Read the one at a place of `durable`. MMS_E_CORRUPT if it is not whole, belongs to another region, or names what this one
   cannot hold: then `lost` alone is set, which a torn block still has (mms__durable_mark_lost). -errno if the block cannot
   be read, which says nothing about it. No detail is stored, here and below. */
int mms__anchor_read(int fd, const struct mms__header *region, unsigned place, struct mms__anchor *out);
/* The newest anchor that is good, where it is, and the higher `lost` of the two. MMS_E_CORRUPT if neither is good. */
int mms__anchor_find(int fd, const struct mms__header *region, struct mms__anchor *out, unsigned *place,
                     uint64_t *lost);

#endif
