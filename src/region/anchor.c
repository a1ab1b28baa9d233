/* SPDX-License-Identifier: Apache-2.0 */
#include "region/anchor.h"
#include "base/checksum.h"
#include "os/file.h"
#include <string.h>

static uint64_t checksum_of(const struct mms__anchor *anchor)
{
    return mms__checksum(anchor, offsetof(struct mms__anchor, own_checksum));
}

void mms__anchor_seal(struct mms__anchor *anchor, const struct mms__header *region)
{
    memcpy(anchor->magic, MMS__ANCHOR_MAGIC, sizeof anchor->magic);
    memcpy(anchor->region_id, region->region_id, sizeof anchor->region_id);
    anchor->own_checksum = checksum_of(anchor);
}

static bool fits(const struct mms__anchor *anchor, const struct mms__header *region)
{
    return anchor->generation <= MMS__GENERATION_MAX && anchor->slot < region->max_slots &&
           anchor->size <= region->max_size && mms__schema_fits(anchor->size, anchor->schema_size, region->stride);
}

bool mms__anchor_read(int fd, const struct mms__header *region, unsigned place, struct mms__anchor *out)
{
    return mms__read_at(fd, out, sizeof *out, mms__anchor_at(place)) == 0 &&
           memcmp(out->magic, MMS__ANCHOR_MAGIC, sizeof out->magic) == 0 &&
           memcmp(out->region_id, region->region_id, sizeof out->region_id) == 0 &&
           out->own_checksum == checksum_of(out) && fits(out, region);
}

bool mms__anchor_find(int fd, const struct mms__header *region, struct mms__anchor *out, unsigned *place)
{
    struct mms__anchor other;
    bool has_first = mms__anchor_read(fd, region, 0, out), has_second = mms__anchor_read(fd, region, 1, &other);

    *place = has_second && !(has_first && out->sequence > other.sequence);
    if (*place == 1)
        *out = other;
    return has_first || has_second;
}
