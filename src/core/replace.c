/* SPDX-License-Identifier: Apache-2.0 */
#include "core/replace.h"
#include "core/create.h"
#include "core/error.h"
#include "core/remove.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void keep_unless_given(uint32_t *option, uint32_t old)
{
    if (*option == 0)
        *option = old;
}

static void keep_rights(mms_writer_options *options, const struct mms_writer *writer)
{
    struct stat data, readers;

    if (fstat(writer->data_file.fd, &data) != 0 || fstat(writer->readers_file.fd, &readers) != 0)
        return;
    keep_unless_given(&options->mode, data.st_mode & 0666);
    keep_unless_given(&options->readers_mode, readers.st_mode & 0666);
    if (options->gid == 0)
        options->gid = data.st_gid;
}

static mms_writer_options options_for(const struct mms_writer *writer)
{
    mms_writer_options options = writer->options;
    const struct mms__header *old = &writer->pool.header;

    keep_rights(&options, writer);

    if (options.max_size == 0)
        options.max_size = old->max_size;
    keep_unless_given(&options.max_slots, old->max_slots);
    keep_unless_given(&options.max_readers, old->max_readers);
    return options;
}

/* The old value becomes the new region's first, with all that was said about it. */
static int carry_value(const struct mms_writer *from, struct mms_writer *to)
{
    uint64_t word = mms__load_relaxed(&from->control->current), stored;
    const struct mms__descriptor *old = &from->control->slots[mms__word_slot(word)];
    struct mms__descriptor as;
    mms_receipt receipt = {0};
    size_t size, whole;
    unsigned slot;
    int code;

    if (!mms__word_pinnable(word))
        return 0;
    as = *old; /* nobody else writes it: we have the lock */
    stored = mms__load_relaxed(&old->size);
    if (stored > from->pool.header.max_size)
        return mms__fail(MMS_E_CORRUPT,
                         "replacing %s: its value is said to have %llu bytes, over its max_size; run mmsync verify",
                         from->place.path, (unsigned long long)stored);
    size = (size_t)stored;
    if (size > to->pool.header.max_size)
        return mms__fail(
            MMS_E_TOO_BIG,
            "replacing %s: its value has %zu bytes, and the new max_size is %llu; publish a smaller one first",
            from->place.path, size, (unsigned long long)to->pool.header.max_size);
    whole = (size_t)(mms__schema_at(size) + as.schema_size);
    if (as.schema_size == 0 || whole > to->pool.header.stride || whole > from->pool.header.stride) {
        as.schema_size = 0;
        whole = size;
    }
    code = mms__pool_take(&to->pool, whole, (struct mms__patience){MMS_NO_WAIT, MMS_REFUSE}, &slot, &receipt);
    if (code != 0)
        return code;
    memcpy(to->pool.data + slot * to->pool.header.stride,
           from->pool.data + mms__word_slot(word) * from->pool.header.stride, whole);
    mms__writer_publish_as(to, slot, size, &as);
    return 0;
}

/* `next` becomes the writer, and the other way round; each stays where the list of members has it. */
static void exchange_handles(struct mms_writer *writer, struct mms_writer *next)
{
    struct mms_writer old = *writer;
    struct mms__member member = writer->member, next_member = next->member;

    *writer = *next;
    writer->member = member;
    *next = old;
    next->member = next_member;
    mms__writer_bind(writer);
    mms__writer_bind(next);
}

static void exchange_paths(struct mms_writer *writer, struct mms_writer *next)
{
    char path[sizeof writer->place.path];

    memcpy(path, writer->place.path, sizeof path);
    memcpy(writer->place.path, next->place.path, sizeof path);
    memcpy(next->place.path, path, sizeof path);
}

static int build_next(const struct mms_writer *writer, struct mms__building *building, struct mms_writer *next)
{
    struct mms__trust trust = {.any_owner = true, .force_filesystem = writer->options.force_filesystem};
    int code;

    next->options = options_for(writer);
    code = mms__build(&writer->place, &trust, &next->options, writer->pool.generation, building);
    if (code != 0)
        return code;
    MMS__STEP(replace_built);
    next->place = building->place;
    next->lock = building->lock;
    code = mms__writer_attach(next);
    MMS__STEP(replace_attached);
    return code == 0 ? carry_value(writer, next) : code;
}

/* The old region. It stands under a temporary name now: what is left, wherever we die, the next writer sweeps. */
static void take_down(const struct mms__place *old, int parent)
{
    mms__bury_entered(old);
    MMS__STEP(replace_old_told);
    (void)mms__unlink_files(old->directory.fd);
    (void)unlinkat(parent, mms__place_name(old), AT_REMOVEDIR);
    MMS__STEP(replace_old_removed);
}

int mms__replace(struct mms_writer *writer)
{
    struct mms_writer *next;
    struct mms__building building;
    int code = mms__check_for_others(&writer->place, "replacing");

    if (code != 0)
        return code;
    code = mms__writer_allocate(&next);
    if (code != 0)
        return mms__fail(code, "replacing %s: making a handle", writer->place.path);
    code = build_next(writer, &building, next);
    MMS__STEP(replace_carried);
    if (code == 0)
        code = mms__building_exchange(&building, &writer->place);
    if (code != 0) {
        next->place.directory = next->lock.file = MMS__NO_FILE; /* the building's to close */
        next->lock.map = (struct mms__map){0};
        mms__writer_dismantle(next, false);
        mms__building_discard(&building);
        return code;
    }
    MMS__STEP(replace_exchanged);
    exchange_handles(writer, next);
    exchange_paths(writer, next);
    take_down(&next->place, building.parent.fd);
    mms__file_close(&building.parent);
    mms__writer_dismantle(next, false);
    return 0;
}
