/* SPDX-License-Identifier: Apache-2.0 */
#include "region/anchor.h"
#include "base/checksum.h"
#include "base/minmax.h"
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

static bool is_of(const struct mms__anchor *anchor, const struct mms__header *region)
{
    return memcmp(anchor->magic, MMS__ANCHOR_MAGIC, sizeof anchor->magic) == 0 &&
           memcmp(anchor->region_id, region->region_id, sizeof anchor->region_id) == 0;
}

int mms__anchor_read(int fd, const struct mms__header *region, unsigned place, struct mms__anchor *out)
{
    int code = mms__read_at(fd, out, sizeof *out, mms__anchor_at(place));

    if (code != 0)
        return code;
    if (is_of(out, region) && out->own_checksum == checksum_of(out) && fits(out, region))
        return 0;
    if (!is_of(out, region) || out->lost > MMS__GENERATION_MAX) /* all in one sector, which is never torn */
        out->lost = 0;
    return MMS_E_CORRUPT;
}

static bool was_read(int code)
{
    return code == 0 || code == MMS_E_CORRUPT;
}

int mms__anchor_find(int fd, const struct mms__header *region, struct mms__anchor *out, unsigned *place, uint64_t *lost)
{
    struct mms__anchor other;
    int first = mms__anchor_read(fd, region, 0, out), second = mms__anchor_read(fd, region, 1, &other);

    if (!was_read(first) || !was_read(second))
        return was_read(first) ? second : first;
    *lost = mms__max(out->lost, other.lost);
    *place = second == 0 && !(first == 0 && out->sequence > other.sequence);
    if (*place == 1)
        *out = other;
    return first == 0 || second == 0 ? 0 : MMS_E_CORRUPT;
}
