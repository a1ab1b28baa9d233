/* SPDX-License-Identifier: Apache-2.0 */
/* The first open of a durable region after a reboot. `control` may have been torn, but for its header, which was on the
   disk before anything else was and is never changed. What counts is in the anchors. */
#include "base/error.h"
#include "base/minmax.h"
#include "base/round.h"
#include "os/membarrier.h"
#include "region/anchor.h"
#include "region/protocol.h"
#include "region/writer.h"
#include <inttypes.h>

/* What is brought back, and what it costs. */
struct recovery {
    struct mms__anchor anchor; /* the value: under its new generation, once it has one */
    uint64_t floor;
    bool lost; /* the newest anchor's value is damaged, and is in this slot */
    unsigned lost_slot;
};

/* ---- Which value ---- */

/* On a disk that keeps its word, an anchor is there only if its data is. A checksum finds out. MMS_E_CORRUPT; -errno if it
   cannot be read. */
static int check_value(const struct mms__native_writer *writer, const struct mms__anchor *anchor)
{
    if (anchor->generation == 0 || (anchor->flags & MMS__HAS_CHECKSUM) == 0)
        return 0;
    return mms__durable_check(writer, anchor->slot, anchor->size, anchor->checksum);
}

/* MMS_E_NOT_FOUND: there is no good anchor. */
static int check_place(const struct mms__native_writer *writer, unsigned place, struct mms__anchor *anchor)
{
    int code = mms__anchor_read(writer->durable.file.fd, &writer->pool.header, place, anchor);

    if (code == MMS_E_CORRUPT)
        return MMS_E_NOT_FOUND;
    return code == 0 ? check_value(writer, anchor) : code;
}

/* It may be there the next time, so nothing is given up for it. */
static int fail_reading(const struct mms__native_writer *writer, int code)
{
    return mms__fail(code, "recovering %s: reading what is on the disk; nothing was changed; %s, and open it again",
                     writer->front.place.path, mms__durable_advice(code));
}

static int fail_lost(const struct mms__native_writer *writer, const char *rest)
{
    return mms__fail(MMS_E_CORRUPT,
                     "recovering %s: the disk has lost a part of its value of generation %" PRIu64
                     ", as its checksum says, %s; remove the region (mmsync rm), and publish the value anew",
                     writer->front.place.path, writer->durable.named[writer->durable.place].generation, rest);
}

/* Choose the newest anchor whose value is whole; the next one will take the place of the other. */
static int choose(struct mms__native_writer *writer, struct recovery *recovery)
{
    struct mms__durable *durable = &writer->durable;
    const struct mms__anchored *newest = &durable->named[durable->place];
    int code = check_place(writer, durable->place, &recovery->anchor);

    if (code != MMS_E_CORRUPT)
        return code == 0 ? 0 : fail_reading(writer, code);
    code = check_place(writer, 1 - durable->place, &recovery->anchor);
    if (code == MMS_E_CORRUPT)
        return fail_lost(writer, "and of the one before");
    if (code == MMS_E_NOT_FOUND || (code == 0 && recovery->anchor.generation == 0)) /* empty is not what was promised */
        return fail_lost(writer, "and no other is there");
    if (code != 0)
        return fail_reading(writer, code);
    recovery->lost = true;
    recovery->lost_slot = newest->slot;
    durable->lost = newest->generation;
    durable->place = 1 - durable->place;
    return 0;
}

/* Above all that readers may have seen. They may have seen more than the anchors name: before mms_sync, or if the newest
   was lost. */
static int choose_floor(const struct mms__native_writer *writer, struct recovery *recovery)
{
    const struct mms__durable *durable = &writer->durable;
    uint64_t highest = durable->lost;

    for (unsigned i = 0; i < MMS__ANCHORS; i++)
        highest = mms__max(highest, durable->named[i].generation);
    recovery->floor = mms__max(recovery->floor, highest + MMS__REBOOT_STEP);
    if (recovery->floor < MMS__GENERATION_MAX)
        return 0;
    return mms__fail(MMS_E_EXHAUSTED, "recovering %s: no generations are left; remove the region and create it anew",
                     writer->front.place.path);
}

/* Until this is done, `control` stays as it was: a recovery that fails uses up no generations. */
static int anchor_again(struct mms__native_writer *writer, struct recovery *recovery)
{
    int code = recovery->lost ? mms__durable_mark_lost(writer) : 0;

    if (code != 0 || recovery->anchor.generation == 0)
        return code;
    recovery->anchor.generation = recovery->floor + 1;
    return mms__durable_store(writer, &recovery->anchor);
}

/* ---- Readers ---- */

/* After a reboot nobody holds a view. But boot.h may be wrong about the reboot, or the file system may have been mounted
   again under its readers: then they may hold slots that `control` does not know of. */
static int check_views(const struct mms__native_writer *writer)
{
    const struct mms__table *table = &writer->pool.table;

    (void)mms__table_sweep(table, writer->readers_file.fd);
    for (uint32_t i = 0; i < mms__table_used(table); i++) {
        struct mms__cover cover = mms__line_read(&table->shared->lines[i], table->max_readers, true);

        if (cover.kind != MMS__COVERS_NOTHING)
            return mms__fail(MMS_E_AGAIN,
                             "recovering %s: process %" PRIu32
                             " still reads a value from before; release it, or end that process, and open it again",
                             writer->front.place.path, mms__load_relaxed(&table->shared->lines[i].pid));
    }
    return 0;
}

/* From here on nobody pins anything, as `current` is 0. Where membarrier is refused, a reader that was about to may be
   missed. */
static int check_last_views(const struct mms__native_writer *writer)
{
    mms__fence_seq_cst();
    (void)mms__membarrier();
    return check_views(writer);
}

/* ---- Filling `control` ---- */

static void forget_slots(const struct mms__native_writer *writer)
{
    static const struct mms__descriptor nothing;
    struct mms__control *control = writer->control;

    mms__store_relaxed(&control->slots_used, 0);
    for (uint32_t i = 0; i < writer->pool.header.max_slots; i++)
        control->slots[i] = nothing;
    MMS__STEP(recover_forgotten);
}

static uint64_t end_of(const struct mms__anchor *anchor)
{
    uint64_t end = mms__whole_size(anchor->size, anchor->schema_size);

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

/* Only now: until the new anchor was stored, the other one counted too. A value that was lost stays, for people to look at,
   until its slot is used. If this fails, the room comes back with use. */
static void give_back_others(const struct mms__native_writer *writer, const struct recovery *recovery)
{
    const struct mms__header *header = &writer->pool.header;

    for (unsigned slot = 0; slot < header->max_slots; slot++) {
        uint64_t kept = slot == recovery->anchor.slot ? end_of(&recovery->anchor) : 0;

        if (kept < header->stride && !(recovery->lost && slot == recovery->lost_slot))
            (void)mms__punch(writer->data_file.fd, slot * header->stride + kept, header->stride - kept);
    }
    MMS__STEP(recover_others_punched);
}

static int fill_control(struct mms__native_writer *writer, const struct recovery *recovery)
{
    const struct mms__anchor *anchor = &recovery->anchor;
    int code;

    mms__writer_clear(writer->control, recovery->floor);
    code = check_last_views(writer);
    if (code != 0)
        return code;
    forget_slots(writer);
    if (anchor->generation == 0)
        return 0;
    describe(writer, anchor);
    give_back_others(writer, recovery);
    mms__publish(&writer->control->current, anchor->generation, (unsigned)anchor->slot);
    mms__note_published(&writer->control->slots[anchor->slot], anchor->generation);
    return 0;
}

int mms__durable_recover(struct mms__native_writer *writer, uint64_t floor)
{
    struct recovery recovery = {.floor = floor};
    int code = check_views(writer);

    if (code == 0)
        code = choose(writer, &recovery);
    if (code == 0)
        code = choose_floor(writer, &recovery);
    if (code == 0)
        code = anchor_again(writer, &recovery);
    return code == 0 ? fill_control(writer, &recovery) : code;
}
