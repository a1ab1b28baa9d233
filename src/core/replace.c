/* SPDX-License-Identifier: Apache-2.0 */
#include "core/replace.h"
#include "core/create.h"
#include "core/error.h"
#include "core/remove.h"
#include <errno.h>
#include <string.h>

static void keep_unless_given(uint32_t *option, uint32_t old)
{
    if (*option == 0)
        *option = old;
}

static mms_writer_options options_for(const struct mms_writer *writer)
{
    mms_writer_options options = writer->options;
    const struct mms__header *old = &writer->pool.header;

    if (options.max_size == 0)
        options.max_size = old->max_size;
    keep_unless_given(&options.max_slots, old->max_slots);
    keep_unless_given(&options.max_readers, old->max_readers);
    return options;
}

/* The old value becomes the new region's first, with all that was said about it. */
static int carry_value(const struct mms_writer *from, struct mms_writer *to)
{
    uint64_t word = mms__load_relaxed(&from->control->current);
    const struct mms__descriptor *old = &from->control->slots[mms__word_slot(word)];
    mms_receipt receipt = {0};
    size_t size;
    unsigned slot;
    int code;

    if (!mms__word_pinnable(word))
        return 0;
    size = (size_t)mms__load_relaxed(&old->size);
    if (size > to->pool.header.max_size)
        return mms__fail(
            MMS_E_TOO_BIG,
            "replacing %s: its value has %zu bytes, and the new max_size is %llu; publish a smaller one first",
            from->place.path, size, (unsigned long long)to->pool.header.max_size);
    code = mms__pool_take(&to->pool, size, (struct mms__patience){MMS_NO_WAIT, MMS_REFUSE}, &slot, &receipt);
    if (code != 0)
        return code;
    memcpy(to->pool.data + slot * to->pool.header.stride,
           from->pool.data + mms__word_slot(word) * from->pool.header.stride, size);
    mms__writer_publish_as(to, slot, size, old);
    return 0;
}

/* `next` becomes the writer; the old region is then under the temporary name. */
static void change_over(struct mms_writer *writer, struct mms_writer *next)
{
    struct mms_writer old = *writer;
    struct mms__place old_place = next->place; /* where the exchange has put it */

    *writer = *next;
    memcpy(writer->place.path, old.place.path, sizeof writer->place.path);
    mms__writer_bind(writer);
    *next = old;
    memcpy(next->place.path, old_place.path, sizeof next->place.path);
    mms__writer_bind(next);
}

static int build_next(const struct mms_writer *writer, struct mms__building *building, struct mms_writer *next)
{
    struct mms__trust trust = {.any_owner = true, .force_filesystem = writer->options.force_filesystem};
    int code;

    next->options = options_for(writer);
    code = mms__build(&writer->place, &trust, &next->options, writer->pool.generation, building);
    if (code != 0)
        return code;
    next->place = building->place;
    next->lock = building->lock;
    code = mms__writer_attach(next);
    return code == 0 ? carry_value(writer, next) : code;
}

int mms__replace(struct mms_writer *writer)
{
    struct mms_writer *next = mms__writer_allocate();
    struct mms__building building;
    int code;

    if (!next)
        return mms__fail(-ENOMEM, "replacing %s: no memory for a handle", writer->place.path);
    code = build_next(writer, &building, next);
    if (code == 0)
        code = mms__building_exchange(&building, &writer->place);
    if (code != 0) {
        next->place.directory = next->lock.file = MMS__NO_FILE; /* the building's to close */
        next->lock.map = (struct mms__map){0};
        mms__writer_dismantle(next, false);
        mms__building_discard(&building);
        return code;
    }
    mms__file_close(&building.parent);
    change_over(writer, next);
    (void)mms__remove_entered(&next->place); /* if not, the next writer sweeps it */
    mms__writer_dismantle(next, false);
    return 0;
}
