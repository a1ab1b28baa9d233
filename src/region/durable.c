/* SPDX-License-Identifier: Apache-2.0 */
#include "region/durable.h"
#include "base/error.h"
#include "os/cancel.h"
#include "os/file_checksum.h"
#include "region/anchor.h"
#include "region/backend.h"
#include "region/files.h"
#include "region/protocol.h"
#include "region/slot_memory.h"
#include "region/writer.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <mmsync/durable.h>

/* ---- What goes wrong ---- */

const char *mms__durable_advice(int code)
{
    switch (code) {
    case -ENOSPC:
    case -EDQUOT: return "make room";
    case -EROFS: return "find out why its file system is read-only now (dmesg)";
    case -EFBIG: return "raise the limit on the size of files (ulimit -f)";
    case -EACCES:
    case -EPERM: return "give this user the right to read it and to write its files";
    case -EMFILE:
    case -ENFILE: return "close some files";
    case -ENOMEM: return "free some memory";
    default: return "see to the disk (dmesg)";
    }
}

static int fail_opening(const struct mms__native_writer *writer, int code, const char *what)
{
    return mms__fail(code, "opening %s: writing %s to the disk; %s, and open it again", writer->front.place.path, what,
                     mms__durable_advice(code));
}

int mms__durable_refuse(const struct mms__native_writer *writer)
{
    int code = writer->durable.failed;

    return mms__fail(
        code,
        "writing %s: an earlier write to the disk has failed, so what is there is not known; the last value "
        "stays. Close the writer, %s, and open it again",
        writer->front.place.path, mms__durable_advice(code));
}

static uint64_t current_generation(const struct mms__native_writer *writer)
{
    return mms__current_generation(mms__load_relaxed(&writer->control->current));
}

/* Whether this writer knows that the current value was on the disk before the sync that failed. What another one has left may
   have been copied since (cp), pages and anchors alike. */
static bool is_known_to_be_there(const struct mms__native_writer *writer)
{
    const struct mms__durable *durable = &writer->durable;

    return durable->opened && current_generation(writer) == durable->named[durable->place].generation;
}

/* If the current value may be among pages that the kernel takes for written and that are not, no slot counts for anything:
   the next writer copies that value, and trusts no other slot. Returns the floor that there was. */
static uint64_t distrust_pages(struct mms__native_writer *writer)
{
    uint64_t floor = mms__load_relaxed(&writer->control->floor);

    if (!is_known_to_be_there(writer) && writer->pool.generation > floor)
        mms__store_relaxed(&writer->control->floor, writer->pool.generation);
    return floor;
}

/* The kernel tells of an error once, and then takes the pages for written. So nothing is tried again. */
static int give_up(struct mms__native_writer *writer, int code, const char *name)
{
    writer->durable.failed = code;
    writer->front.gone = true; /* sends every write to mms__durable_refuse */
    (void)distrust_pages(writer);
    if (!writer->durable.opened)
        return fail_opening(writer, code, name);
    return mms__fail(
        code,
        "writing %s: %s could not be written to the disk; the last value stays, and this writer writes no more. "
        "Close it, %s, and open it again",
        writer->front.place.path, name, mms__durable_advice(code));
}

/* ---- Storing ---- */

static void hold(struct mms__pool *pool, const struct mms__anchored *named, bool held)
{
    if (named->generation != 0)
        pool->slots[named->slot].anchored = held;
}

void mms__durable_hold(struct mms__native_writer *writer)
{
    for (unsigned i = 0; i < MMS__ANCHORS; i++)
        hold(&writer->pool, &writer->durable.named[i], true);
}

static void note_stored(struct mms__native_writer *writer, unsigned place, const struct mms__anchor *anchor)
{
    struct mms__durable *durable = &writer->durable;

    if (writer->pool.slots)
        hold(&writer->pool, &durable->named[place], false);
    durable->named[place] = (struct mms__anchored){anchor->sequence, anchor->generation, (unsigned)anchor->slot};
    durable->place = place;
    if (writer->pool.slots)
        mms__durable_hold(writer);
}

int mms__durable_ensure_files(struct mms__native_writer *writer)
{
    int code = mms__slot_ensure_file(&writer->pool);

    if (code != 0)
        return code;
    code = mms__file_ensure(&writer->durable.file, writer->front.place.path, "durable", O_RDWR);
    return code == 0 ? 0 : mms__fail(code, "writing %s: looking for its file `durable`", writer->front.place.path);
}

static int write_anchor(struct mms__native_writer *writer, unsigned place, const struct mms__anchor *anchor)
{
    int fd = writer->durable.file.fd, code = mms__write_at(fd, anchor, sizeof *anchor, mms__anchor_at(place));

    MMS__STEP(durable_anchor_written);
    return code == 0 ? mms__sync_data(fd) : code;
}

/* In this order: an anchor on the disk says that the data is there. A writer that is killed before it can say that a sync has
   failed has distrusted the pages already. */
int mms__durable_store(struct mms__native_writer *writer, struct mms__anchor *anchor)
{
    unsigned place = 1 - writer->durable.place;
    int code = mms__durable_ensure_files(writer);
    uint64_t floor;

    if (code != 0)
        return code;
    floor = distrust_pages(writer);
    code = mms__sync_data(writer->data_file.fd);
    if (code != 0)
        return give_up(writer, code, "its file `data`");
    MMS__STEP(durable_data_synced);
    anchor->sequence = writer->durable.named[writer->durable.place].sequence + 1;
    anchor->lost = writer->durable.lost;
    mms__anchor_seal(anchor, &writer->pool.header);
    code = write_anchor(writer, place, anchor);
    if (code != 0)
        return give_up(writer, code, "its file `durable`");
    mms__store_relaxed(&writer->control->floor, floor);
    note_stored(writer, place, anchor);
    MMS__STEP(durable_anchor_synced);
    return 0;
}

/* Only the sector of an anchor that has its fields: the rest stays as it was, so a cut leaves the old one or the note. */
int mms__durable_mark_lost(struct mms__native_writer *writer)
{
    struct mms__durable *durable = &writer->durable;
    unsigned place = 1 - durable->place;
    struct mms__anchor anchor;
    int code = mms__anchor_read(durable->file.fd, &writer->pool.header, place, &anchor);

    if (code == 0) {
        anchor.lost = durable->lost;
        code = mms__write_at(durable->file.fd, &anchor, offsetof(struct mms__anchor, reserved), mms__anchor_at(place));
    }
    if (code == 0)
        code = mms__sync_data(durable->file.fd);
    return code == 0 ? 0 : give_up(writer, code, "its file `durable`");
}

int mms__durable_commit(struct mms__native_writer *writer, unsigned slot)
{
    MMS__HOLD_CANCEL(before);
    struct mms__descriptor as = writer->control->slots[slot]; /* nobody else writes it: we hold the lock */
    struct mms__anchor anchor = {
        .generation = writer->pool.slots[slot].generation,
        .slot = slot,
        .size = as.size,
        .type_id = {as.type_id[0], as.type_id[1]},
        .tag = as.tag,
        .checksum = as.checksum,
        .publish_ns = as.publish_ns,
        .flags = as.flags,
        .schema_size = as.schema_size,
    };

    return mms__durable_store(writer, &anchor);
}

/* ---- What is current already ---- */

int mms__durable_check(const struct mms__native_writer *writer, uint64_t slot, uint64_t size, uint64_t checksum)
{
    uint64_t found;
    int code = mms__checksum_file(writer->data_file.fd, slot * writer->pool.header.stride, size, &found);

    if (code != 0)
        return code;
    return found == checksum ? 0 : MMS_E_CORRUPT;
}

/* Its writer did not wait for the disk. If the disk has failed since, and the kernel has let go of the pages, nobody was told. */
static int check_inherited(const struct mms__native_writer *writer, unsigned slot, uint64_t generation)
{
    const struct mms__descriptor *as = &writer->control->slots[slot];
    int code;

    if (generation > writer->durable.inherited || (mms__load_relaxed(&as->flags) & MMS__HAS_CHECKSUM) == 0)
        return 0;
    code = mms__durable_check(writer, slot, mms__load_relaxed(&as->size), mms__load_relaxed(&as->checksum));
    return code == 0
               ? 0
               : mms__fail(code,
                           "syncing %s: the value of generation %" PRIu64
                           ", which no writer has synced, cannot be read as it was published; publish another, by "
                           "a writer that is opened with MMS_DURABLE_SYNC, or remove the region (mmsync rm)",
                           writer->front.place.path, generation);
}

static int name_nothing(struct mms__native_writer *writer)
{
    struct mms__anchor anchor = {.generation = 0};

    return mms__durable_store(writer, &anchor);
}

int mms__durable_sync(struct mms__native_writer *writer)
{
    uint64_t word = mms__load_relaxed(&writer->control->current), floor = mms__load_relaxed(&writer->control->floor);
    uint64_t generation = current_generation(writer);
    int code;

    if (word != mms__pool_current(&writer->pool))
        return mms__fail(MMS_E_CORRUPT,
                         "syncing %s: its control file names no slot; run mmsync verify, or publish a value, by a "
                         "writer that is opened with MMS_DURABLE_SYNC, or remove the region (mmsync rm)",
                         writer->front.place.path);
    if (generation != 0 && generation != writer->durable.named[writer->durable.place].generation) {
        code = check_inherited(writer, mms__word_slot(word), generation);
        if (code != 0)
            return code;
    }
    if (generation != 0 && generation <= floor) { /* give_up: its pages may count as written, and are not */
        code = mms__writer_publish_copy(writer, mms__word_slot(word));
        if (code != 0)
            return code;
        word = mms__load_relaxed(&writer->control->current);
        generation = mms__word_generation(word);
    }
    if (writer->durable.named[writer->durable.place].generation == generation)
        return 0;
    return generation == 0 ? name_nothing(writer) : mms__durable_commit(writer, mms__word_slot(word));
}

int mms__native_sync(struct mms_writer *front)
{
    struct mms__native_writer *writer = mms__native_writer_of(front);
    MMS__HOLD_CANCEL(before);
    int code = mms__writer_look(writer);

    if (code != 0)
        return code;
    if (!writer->durable.on)
        return mms__fail(
            MMS_E_INVALID,
            "syncing %s: it is not durable; make it so with options.durable, and options.replace if it exists",
            front->place.path);
    return mms__durable_sync(writer);
}

/* ---- Opening ---- */

static int fail_anchors(const struct mms__native_writer *writer, int code)
{
    if (code != MMS_E_CORRUPT)
        return mms__fail(code, "opening %s: reading its file `durable`; %s, and open it again",
                         writer->front.place.path, mms__durable_advice(code));
    return mms__fail(
        code,
        "opening %s: neither of the two blocks in its file `durable` that say what is whole on the disk is "
        "good, so nothing there can be trusted; remove the region (mmsync rm), and publish the value anew",
        writer->front.place.path);
}

/* One that cannot be read may be good: to go on without it would be to overwrite it. */
static int read_anchors(struct mms__native_writer *writer, struct mms__anchor *newest)
{
    struct mms__durable *durable = &writer->durable;
    const struct mms__header *header = &writer->pool.header;
    int code;

    for (unsigned i = 0; i < MMS__ANCHORS; i++) {
        code = mms__anchor_read(durable->file.fd, header, i, newest);
        if (code == 0)
            durable->named[i] = (struct mms__anchored){newest->sequence, newest->generation, (unsigned)newest->slot};
        else if (code != MMS_E_CORRUPT)
            return fail_anchors(writer, code);
    }
    code = mms__anchor_find(durable->file.fd, header, newest, &durable->place, &durable->lost);
    return code == 0 ? 0 : fail_anchors(writer, code);
}

/* If the last writer's sync of it failed, it may be in memory alone. The next one takes the place of the other anchor, which
   then has to be dispensable. It stores the bytes that are there, so a power cut can tear nothing. */
static int renew_newest(struct mms__native_writer *writer, const struct mms__anchor *newest)
{
    int code = write_anchor(writer, writer->durable.place, newest);

    MMS__STEP(durable_anchor_renewed);
    return code == 0 ? 0 : fail_opening(writer, code, "its file `durable`");
}

/* First store the bytes that are there: a sync that has failed for another process could look like a success now. */
static int sync_part(const struct mms__native_writer *writer, int fd, const char *magic)
{
    struct mms__header header = writer->pool.header;
    int code;

    mms__header_seal(&header, magic);
    code = mms__write_at(fd, &header, sizeof header, 0);
    return code == 0 ? mms__sync(fd) : code;
}

/* Without them no value can be found. They may be a copy (cp, mv to another disk) that nobody has synced. */
static int sync_parts(const struct mms__native_writer *writer)
{
    int code = sync_part(writer, writer->control_file.fd, MMS__CONTROL_MAGIC);

    if (code != 0)
        return fail_opening(writer, code, "its file `control`");
    code = sync_part(writer, writer->readers_file.fd, MMS__READERS_MAGIC);
    if (code != 0)
        return fail_opening(writer, code, "its file `readers`");
    code = sync_part(writer, writer->durable.file.fd, MMS__DURABLE_MAGIC);
    return code == 0 ? 0 : fail_opening(writer, code, "its file `durable`");
}

/* The name leads to the region after a power cut, too. */
static int sync_names(const struct mms__native_writer *writer)
{
    struct mms__file parent;
    int code = mms__sync(writer->front.place.directory.fd);

    if (code != 0)
        return fail_opening(writer, code, "its directory");
    code = mms__place_parent(&writer->front.place, O_RDONLY, &parent);
    if (code == 0) {
        code = mms__sync(parent.fd);
        mms__file_close(&parent);
    }
    return code == 0 ? 0 : fail_opening(writer, code, "the directory that it is in");
}

static int check_memory(const struct mms__native_writer *writer)
{
    if (!writer->front.place.volatile_memory)
        return 0;
    return mms__fail(
        MMS_E_FILESYSTEM,
        "opening %s: it is durable, and lies in memory now (tmpfs or ramfs), which a power cut empties; move "
        "it to a disk, or remove it and make one that is not durable",
        writer->front.place.path);
}

int mms__durable_open(struct mms__native_writer *writer)
{
    struct mms__anchor newest;
    int code;

    if (!mms__header_is_durable(&writer->pool.header))
        return 0;
    code = check_memory(writer);
    if (code == 0)
        code = mms__open_durable(&writer->front.place, &writer->pool.header, true, &writer->durable.file);
    if (code == 0)
        code = read_anchors(writer, &newest);
    if (code == 0)
        code = renew_newest(writer, &newest);
    if (code == 0)
        code = sync_parts(writer);
    if (code == 0)
        code = sync_names(writer);
    if (code != 0)
        return code;
    mms__map_small_pages(&writer->data_map);
    writer->durable.on = true;
    writer->durable.each = writer->front.options.durable != MMS_DURABLE_SYNC;
    MMS__STEP(durable_opened);
    return 0;
}

/* The word of its slot is older than the data in it (G1), so a writer that died before it could store `current` has left it.
   The slot was counted before that. */
static bool was_begun(const struct mms__native_writer *writer, const struct mms__anchored *named)
{
    return named->generation == 0 ||
           (named->slot < mms__load_relaxed(&writer->control->slots_used) &&
            mms__load_relaxed(&writer->control->slots[named->slot].generation) == named->generation);
}

/* While the file system stays mounted, `current` is older than the newest anchor only if that one's commit was cut short,
   and then it is the other anchor's. Descriptors may be on other pages than `current`, so they are looked at, too. */
bool mms__durable_is_behind(const struct mms__native_writer *writer)
{
    const struct mms__durable *durable = &writer->durable;
    const struct mms__anchored *newest = &durable->named[durable->place], *other = &durable->named[1 - durable->place];
    uint64_t current = current_generation(writer);

    if (!durable->on || current > newest->generation)
        return false;
    if (!was_begun(writer, newest))
        return true;
    return current < newest->generation &&
           (other->sequence == 0 || other->generation != current || !was_begun(writer, other));
}

static bool is_named(const struct mms__native_writer *writer, unsigned slot)
{
    const struct mms__durable *durable = &writer->durable;
    uint64_t generation = writer->pool.slots[slot].generation;

    for (unsigned i = 0; i < MMS__ANCHORS; i++)
        if (durable->named[i].generation == generation && durable->named[i].slot == slot)
            return true;
    return generation == current_generation(writer);
}

/* If the file system was mounted again, a slot may have been written to after its descriptor got to the disk. */
void mms__durable_distrust(struct mms__native_writer *writer)
{
    struct mms__pool *pool = &writer->pool;

    if (!writer->durable.on)
        return;
    for (unsigned slot = 0; slot < pool->used; slot++) {
        if (!pool->slots[slot].whole || is_named(writer, slot))
            continue;
        pool->slots[slot].whole = false;
        mms__note_published(&writer->control->slots[slot], 0);
    }
    mms__keep_inherit(pool);
}

int mms__durable_start(struct mms__native_writer *writer)
{
    int code = writer->durable.on ? mms__sync_data(writer->data_file.fd) : 0; /* it may be a copy, too */

    writer->durable.inherited = writer->pool.generation;
    if (code != 0)
        return give_up(writer, code, "its file `data`");
    return writer->durable.each ? mms__durable_sync(writer) : 0;
}
