/* SPDX-License-Identifier: Apache-2.0 */
#include "region/recording.h"
#include "base/error.h"
#include "base/minmax.h"
#include "os/cancel.h"
#include <errno.h>

/* By default the ring is this fraction of the first value updated. It is made anew once it should be this many times as
   large, or as large as any may be: a table, say, begins as nothing. */
enum { VALUE_PER_CHANGES = 64, ENLARGE = 4 };
#ifndef MMS__SMALLEST_CHANGES
#define MMS__SMALLEST_CHANGES (UINT64_C(64) << 10)
#endif
#ifndef MMS__LARGEST_CHANGES
#define MMS__LARGEST_CHANGES (UINT64_C(8) << 20)
#endif

/* How long to wait after the ring could not be made anew: each try costs system calls, and changes the region's directory,
   which makes the writer look at all names again. */
#ifndef MMS__RING_PAUSE_NS
#define MMS__RING_PAUSE_NS UINT64_C(10000000000)
#endif

static uint64_t ring_size_for(const struct mms__native_writer *writer, uint64_t value)
{
    uint64_t wanted = writer->front.options.changes_size, size = 4096;

    if (wanted == 0) {
        size = MMS__SMALLEST_CHANGES;
        wanted = mms__min(value / VALUE_PER_CHANGES, MMS__LARGEST_CHANGES);
    }
    while (size < wanted)
        size *= 2;
    return size;
}

/* ---- Opening ---- */

static struct mms__positions used_positions(const struct mms__native_writer *writer)
{
    struct mms__positions used = {.end = mms__load_relaxed(&writer->control->changes_end)};

    for (uint32_t i = 0; i < writer->pool.header.max_slots; i++)
        used.highest = mms__max(used.highest, mms__load_relaxed(&writer->control->slots[i].changes_at));
    return used;
}

static int open_ring(struct mms__recording *recording, const struct mms__native_writer *writer, uint64_t size)
{
    const struct mms__positions used = used_positions(writer);

    return mms__ring_provide(&writer->front.place, &writer->pool.header, &writer->data_file, size, &used,
                             &recording->ring);
}

/* A ring that is too small forgets sooner: better than no update. */
int mms__recording_open(struct mms__recording *recording, const struct mms__native_writer *writer, uint64_t value)
{
    uint64_t size = ring_size_for(writer, value);
    int code;

    MMS__HOLD_CANCEL(before);
    code = open_ring(recording, writer, size);
    if ((code == -ENOSPC || code == -EDQUOT || code == -EFBIG) && writer->front.options.changes_size == 0 &&
        size > MMS__SMALLEST_CHANGES)
        code = open_ring(recording, writer, MMS__SMALLEST_CHANGES);
    return code;
}

/* ---- Making it anew ---- */

void mms__recording_look(struct mms__recording *recording, const struct mms__native_writer *writer)
{
    if (mms__recording_is_open(recording))
        recording->lost = mms__place_leads_elsewhere(&writer->front.place, "/changes", &recording->ring.file);
}

/* A smaller ring, or the same, could not be made a moment ago. If the clock was set back, that counts as long ago. */
static bool is_hopeless(const struct mms__recording *recording, uint64_t size, uint64_t now)
{
    return size >= recording->refused_size && now - recording->refused_ns < MMS__RING_PAUSE_NS;
}

/* No update fails because of this: the old ring stays in use. */
static void renew_ring(struct mms__recording *recording, const struct mms__native_writer *writer, uint64_t size)
{
    struct mms__ring ring;

    if (is_hopeless(recording, size, writer->time_ns))
        return;
    MMS__HOLD_CANCEL(before);
    if (mms__ring_renew(&writer->front.place, &writer->pool.header, &writer->data_file, size, &recording->ring,
                        &ring) != 0) {
        recording->refused_size = size;
        recording->refused_ns = writer->time_ns;
        return;
    }
    mms__ring_close(&recording->ring);
    recording->ring = ring;
    recording->lost = false;
}

static uint64_t better_size(const struct mms__recording *recording, const struct mms__native_writer *writer,
                            uint64_t value)
{
    uint64_t size = recording->ring.size, wanted = ring_size_for(writer, value);

    if (writer->front.options.changes_size != 0)
        return wanted;
    return wanted >= ENLARGE * size || (wanted == MMS__LARGEST_CHANGES && wanted > size) ? wanted : size;
}

/* If somebody has deleted the file, make one of the same size: there may be no room for a larger one. Where none can be made
   (a writer may have given up its rights since), readers just do not find what is recorded. */
static void adapt_ring(struct mms__recording *recording, const struct mms__native_writer *writer, uint64_t value)
{
    uint64_t size = recording->ring.size, better = better_size(recording, writer, value);

    if (recording->lost)
        renew_ring(recording, writer, size);
    else if (better != size)
        renew_ring(recording, writer, better);
}

/* ---- A commit ---- */

/* A store to a block shared with a copy of the file needs room (see struct mms__place). */
static int provide_blocks(const struct mms__recording *recording, const struct mms__native_writer *writer)
{
    const struct mms__mapping *map = &recording->ring.map;
    int code = writer->front.place.shares_blocks ? mms__populate(map->base, map->size, true) : 0;

    return code == 0 ? 0
                     : mms__fail(code, "updating %s: no room for its file `changes`; free some, and commit again",
                                 writer->front.place.path);
}

int mms__recording_get_ready(struct mms__recording *recording, const struct mms__native_writer *writer, uint64_t size)
{
    int code = provide_blocks(recording, writer);

    if (code == 0)
        adapt_ring(recording, writer, size);
    return code;
}

/* Before they are used, and a whole ring ahead: if the file is lost, the next writer begins above them. The publish (a
   release) comes after this. */
static void reserve_positions(const struct mms__ring *ring, const struct mms__native_writer *writer, size_t ranges)
{
    uint64_t end = mms__load_relaxed(&ring->shared->head) + sizeof(struct mms__record) + ranges * sizeof(mms_range);

    if (end <= mms__load_relaxed(&writer->control->changes_end))
        return;
    mms__store_relaxed(&writer->control->changes_end, end + ring->size);
    MMS__STEP(changes_positions_reserved);
}

uint64_t mms__recording_append(struct mms__recording *recording, const struct mms__native_writer *writer,
                               const struct mms__record *record, struct mms__range_set *changed)
{
    size_t most = mms__ring_most_ranges(&recording->ring);

    if (changed->count > most) {
        mms__range_set_coarsen(changed, most);
        changed->everything = mms__range_set_bytes(changed) > record->size / 2;
    }
    if (changed->everything)
        return 0;
    reserve_positions(&recording->ring, writer, changed->count);
    return mms__ring_append(&recording->ring, record, changed);
}
