/* SPDX-License-Identifier: Apache-2.0 */
#include "region/replace.h"
#include "base/error.h"
#include "region/backend.h"
#include "region/create.h"
#include "region/directory.h"
#include "region/pool_take.h"
#include "region/remove.h"
#include <errno.h>
#include <fcntl.h>
#include <mmsync/durable.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void keep_unless_given(uint32_t *option, uint32_t old)
{
    if (*option == 0)
        *option = old;
}

static void keep_rights(mms_writer_options *options, const struct mms__native_writer *writer)
{
    struct stat data, readers;

    if (fstat(writer->data_file.fd, &data) != 0 || fstat(writer->readers_file.fd, &readers) != 0)
        return;
    keep_unless_given(&options->mode, data.st_mode & 0666);
    keep_unless_given(&options->readers_mode, readers.st_mode & 0666);
    if (!options->has_gid)
        options->gid = data.st_gid;
    options->has_gid = true;
}

static mms_writer_options options_for(const struct mms__native_writer *writer)
{
    mms_writer_options options = writer->front.options;
    const struct mms__header *old = &writer->pool.header;

    keep_rights(&options, writer);
    if (options.max_size == 0)
        options.max_size = old->max_size;
    keep_unless_given(&options.max_slots, old->max_slots);
    keep_unless_given(&options.max_readers, old->max_readers);
    if (options.durable == 0 && mms__header_is_durable(old))
        options.durable = MMS_DURABLE_COMMIT;
    return options;
}

/* A descriptor that does not match its value is damage. Then the region stays as it is: carrying
   over less than the whole value would destroy it. */
static int check_value(const struct mms__native_writer *from, const struct mms__native_writer *to, uint64_t word,
                       uint64_t size)
{
    const struct mms__descriptor *slot = &from->control->slots[mms__word_slot(word)];

    if (mms__load_relaxed(&slot->generation) != mms__word_generation(word))
        return mms__fail(MMS_E_CORRUPT,
                         "replacing %s: the slot of its value belongs to another generation; run mmsync verify",
                         from->front.place.path);
    if (size > from->pool.header.max_size)
        return mms__fail(
            MMS_E_CORRUPT,
            "replacing %s: its value claims %llu bytes, more than options.max_size allows; run mmsync verify",
            from->front.place.path, (unsigned long long)size);
    if (size > to->pool.header.max_size)
        return mms__fail(
            MMS_E_TOO_BIG,
            "replacing %s: its value has %llu bytes, and the new options.max_size is %llu; publish a smaller one first",
            from->front.place.path, (unsigned long long)size, (unsigned long long)to->pool.header.max_size);
    return 0;
}

/* The old value becomes the new region's first, with its type, tag, checksum and time. A
   schema that does not fit the old slot or the new one is left out: the value is what counts. */
static int carry_value(const struct mms__native_writer *from, struct mms__native_writer *to)
{
    uint64_t word = mms__load_relaxed(&from->control->current);
    const struct mms__descriptor *old = &from->control->slots[mms__word_slot(word)];
    struct mms__descriptor as;
    mms_receipt receipt = {0};
    size_t whole;
    unsigned slot;
    int code;

    if (!mms__word_pinnable(word))
        return 0;
    as = *old; /* nobody else writes it: we hold the lock */
    code = check_value(from, to, word, as.size);
    if (code != 0)
        return code;
    if (!mms__schema_fits(as.size, as.schema_size, from->pool.header.stride) ||
        !mms__schema_fits(as.size, as.schema_size, to->pool.header.stride))
        as.schema_size = 0;
    whole = (size_t)mms__whole_size(as.size, as.schema_size);
    code = mms__pool_take(&to->pool, whole, (struct mms__patience){MMS_NO_WAIT, MMS_REFUSE}, &slot, &receipt);
    if (code != 0)
        return mms__fail(code, "replacing %s: no room for its value of %llu bytes; the region stays as it was",
                         from->front.place.path, (unsigned long long)as.size);
    code = mms__read_at(from->data_file.fd, to->pool.data + slot * to->pool.header.stride, whole,
                        mms__word_slot(word) * from->pool.header.stride);
    if (code != 0)
        return mms__fail(code, "replacing %s: reading its value", from->front.place.path);
    as.changes_at = 0; /* the record stays behind */
    return mms__writer_publish_as(to, slot, (size_t)as.size, &as);
}

#define SWAP(a, b)                \
    do {                          \
        __typeof__(a) kept = (a); \
                                  \
        (a) = (b);                \
        (b) = kept;               \
    } while (0)

/* `writer` gets everything that `next` has open, under its own path, and `next` gets what has to
   be closed, under the temporary path. Each keeps what makes it a handle: options, membership, and
   what its caller has begun. */
static void swap_regions(struct mms__native_writer *writer, struct mms__native_writer *next)
{
    SWAP(writer->front.place.directory, next->front.place.directory);
    SWAP(writer->lock, next->lock);
    SWAP(writer->control_map, next->control_map);
    SWAP(writer->readers_map, next->readers_map);
    SWAP(writer->data_map, next->data_map);
    SWAP(writer->control_file, next->control_file);
    SWAP(writer->readers_file, next->readers_file);
    SWAP(writer->data_file, next->data_file);
    SWAP(writer->control, next->control);
    SWAP(writer->pool, next->pool);
    SWAP(writer->durable, next->durable);
    mms__writer_bind(writer);
}

/* The old region goes, and so does what it promised. */
static int carry_durably(const struct mms__native_writer *from, struct mms__native_writer *to)
{
    int code = carry_value(from, to);

    return code == 0 && to->durable.on ? mms__durable_sync(to) : code;
}

/* The detail names what is being built; its path tells the user nothing. */
static int fail_by_name(int code, const char *hidden, const char *path)
{
    char text[2048];
    const char *detail = mms_last_error(), *at = strstr(detail, hidden);

    if (!at)
        return code;
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - detail), detail, path, at + strlen(hidden));
    return mms__fail_text(code, text);
}

/* Open what was built, and fill it. */
static int fill_next(const struct mms__native_writer *writer, struct mms__native_writer *next)
{
    int code = mms__writer_open_locked(next);

    if (code != 0)
        return code;
    MMS__STEP(replace_opened);
    return carry_durably(writer, next);
}

/* Build the new region. */
static int build_next(const struct mms__native_writer *writer, struct mms__building *building,
                      struct mms__native_writer *next)
{
    struct mms__trust trust = {.any_owner = true, .force_filesystem = writer->front.options.force_filesystem};
    int code;

    next->front.options = options_for(writer);
    code = mms__build(&writer->front.place, &trust, &next->front.options, writer->pool.generation, building);
    if (code != 0)
        return code;
    MMS__STEP(replace_built);
    next->front.place = building->place;
    next->lock = building->lock;
    code = fill_next(writer, next);
    return code == 0 ? 0 : fail_by_name(code, next->front.place.path, writer->front.place.path);
}

/* The old region. It has a temporary name now, so the next writer sweeps what is left,
   wherever we die. */
static void remove_old(const struct mms__place *old, int parent)
{
    mms__tombstone_region(old);
    MMS__STEP(replace_old_told);
    (void)mms__unlink_files(old->directory.fd);
    (void)mms__remove_directory(&old->directory, parent, mms__place_name(old));
    MMS__STEP(replace_old_removed);
}

/* Directory and lock are the building's to close. */
static void abandon(struct mms__native_writer *next, struct mms__building *building)
{
    next->front.place.directory = MMS__NO_FILE;
    next->lock = MMS__NO_WRITER_LOCK;
    mms__writer_free(&next->front, false);
    mms__building_discard(building);
}

/* The new region has the name. The old one may go only if that is so after a power cut, too; else both are there, and the
   next writer removes it. */
static int settle(struct mms__native_writer *writer, struct mms__native_writer *next, struct mms__building *building)
{
    int code = mms__building_sync_name(building, "replacing");

    swap_regions(writer, next);
    if (code == 0)
        remove_old(&next->front.place, building->parent.fd);
    mms__file_close(&building->parent);
    mms__writer_free(&next->front, false);
    return code;
}

static int exchange(struct mms__native_writer *writer, struct mms__native_writer *next)
{
    struct mms__building building;
    int code = build_next(writer, &building, next);

    if (code == 0) {
        MMS__STEP(replace_carried);
        code = mms__building_exchange(&building, &writer->front.place);
    }
    if (code != 0) {
        abandon(next, &building);
        return code;
    }
    MMS__STEP(replace_exchanged);
    return settle(writer, next, &building);
}

int mms__replace(struct mms__native_writer *writer)
{
    struct mms_writer *made;
    int code = mms__check_for_others(&writer->front.place, "replacing");

    if (code == 0)
        code = mms__check_own_files(&writer->front.place, "replacing");
    if (code != 0)
        return code;
    code = mms__writer_make(&mms__native, &made);
    if (code != 0)
        return mms__fail(code, "replacing %s: making a handle", writer->front.place.path);
    return exchange(writer, mms__native_writer_of(made));
}
