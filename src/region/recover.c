/* SPDX-License-Identifier: Apache-2.0 */
/* The first open of a durable region after a reboot. `control` may have been torn, but for its header, which was on the
   disk before anything else was and is never changed. What counts is in the anchors. */
#include "base/error.h"
#include "base/round.h"
#include "os/file_checksum.h"
#include "region/anchor.h"
#include "region/protocol.h"
#include "region/writer.h"
#include <inttypes.h>

/* On a disk that keeps its word, an anchor is there only if its data is. A checksum finds out. */
static bool is_whole(const struct mms__native_writer *writer, const struct mms__anchor *anchor)
{
    uint64_t found, at = anchor->slot * writer->pool.header.stride;

    if (anchor->generation == 0 || (anchor->flags & MMS__HAS_CHECKSUM) == 0)
        return true;
    return mms__checksum_file(writer->data_file.fd, at, anchor->size, &found) == 0 && found == anchor->checksum;
}

/* The newest of them whose value is whole; the next anchor will take the place of the other. */
static int choose(struct mms__native_writer *writer, struct mms__anchor *anchor)
{
    struct mms__durable *durable = &writer->durable;
    const struct mms__header *header = &writer->pool.header;

    if (mms__anchor_read(durable->file.fd, header, durable->place, anchor) && is_whole(writer, anchor))
        return 0;
    durable->lost = durable->named[durable->place].generation;
    durable->place = 1 - durable->place;
    if (mms__anchor_read(durable->file.fd, header, durable->place, anchor) && is_whole(writer, anchor))
        return 0;
    return mms__fail(
        MMS_E_CORRUPT,
        "recovering %s: the disk has lost a part of its value of generation %" PRIu64
        ", as the checksum says, and of the one before; remove the region (mmsync rm), and publish the value "
        "anew",
        writer->front.place.path, durable->lost);
}

/* No reader is there from before, so nobody looks. */
static void forget_slots(const struct mms__native_writer *writer)
{
    static const struct mms__descriptor nothing;
    struct mms__control *control = writer->control;

    mms__store_relaxed(&control->slots_used, 0);
    for (uint32_t i = 0; i < writer->pool.header.max_slots; i++)
        control->slots[i] = nothing;
    MMS__STEP(recover_forgotten);
}

/* Above all that readers may have seen. They may have seen more than the anchors name: before mms_sync, or if the newest
   was lost. */
static int raise_floor(const struct mms__native_writer *writer)
{
    uint64_t floor = mms__load_relaxed(&writer->control->floor);

    for (unsigned i = 0; i < MMS__ANCHORS; i++)
        if (writer->durable.named[i].generation + MMS__REBOOT_STEP > floor)
            floor = writer->durable.named[i].generation + MMS__REBOOT_STEP;
    if (floor >= MMS__GENERATION_MAX)
        return mms__fail(MMS_E_EXHAUSTED,
                         "recovering %s: no generations are left; remove the region and create it anew",
                         writer->front.place.path);
    mms__store_relaxed(&writer->control->floor, floor);
    return 0;
}

static uint64_t end_of(const struct mms__anchor *anchor)
{
    uint64_t end = anchor->schema_size == 0 ? anchor->size : mms__schema_at(anchor->size) + anchor->schema_size;

    return mms__round_up(end ? end : 1, mms__page_size());
}

static void describe(const struct mms__native_writer *writer, const struct mms__anchor *anchor)
{
    struct mms__control *control = writer->control;
    uint64_t flags = anchor->flags;

    if ((flags & MMS__HAS_CHECKSUM) == 0) /* nobody vouches for the disk */
        flags &= ~(uint64_t)(MMS__SERIALIZED | MMS__MADE_TABLE);
    control->slots[anchor->slot] = (struct mms__descriptor){
        .generation = anchor->generation,
        .size = anchor->size,
        .type_id = {anchor->type_id[0], anchor->type_id[1]},
        .tag = anchor->tag,
        .checksum = anchor->checksum,
        .publish_ns = anchor->publish_ns,
        .flags = flags,
        .allocated = end_of(anchor),
        .schema_size = anchor->schema_size,
    };
    mms__store_relaxed(&control->slots_used, (uint32_t)anchor->slot + 1);
    MMS__STEP(recover_described);
}

/* Only now: until the new anchor was stored the other one counted as well. If it fails, the room comes back with use. */
static void give_back_others(const struct mms__native_writer *writer, const struct mms__anchor *anchor)
{
    const struct mms__header *header = &writer->pool.header;
    uint64_t start = anchor->slot * header->stride, end = start + end_of(anchor);

    if (start > 0)
        (void)mms__punch(writer->data_file.fd, 0, start);
    if (end < mms__data_size(header))
        (void)mms__punch(writer->data_file.fd, end, mms__data_size(header) - end);
    MMS__STEP(recover_others_punched);
}

int mms__durable_recover(struct mms__native_writer *writer)
{
    struct mms__anchor anchor;
    int code = choose(writer, &anchor);

    if (code == 0)
        code = raise_floor(writer);
    if (code != 0)
        return code;
    forget_slots(writer);
    if (anchor.generation == 0)
        return 0;
    anchor.generation = mms__load_relaxed(&writer->control->floor) + 1;
    describe(writer, &anchor);
    code = mms__durable_store(writer, &anchor);
    if (code != 0)
        return code;
    give_back_others(writer, &anchor);
    mms__publish(&writer->control->current, anchor.generation, (unsigned)anchor.slot);
    mms__note_published(&writer->control->slots[anchor.slot], anchor.generation);
    return 0;
}
