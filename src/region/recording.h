/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's end of `changes` (changes.h): the ring in which the updates of one handle record what they have changed. It
   is opened or made at the first update, and made anew if somebody deletes the file, or if the value outgrows it. */
#ifndef MMS_REGION_RECORDING_H
#define MMS_REGION_RECORDING_H

#include "region/changes.h"
#include "region/writer.h"

/* All zeros: not open. */
struct mms__recording {
    struct mms__ring ring;
    bool lost; /* the name `changes` no longer leads to the ring */
    /* Of the last ring that could not be made anew: its size, and when that was tried. */
    uint64_t refused_size, refused_ns;
};

static inline bool mms__recording_is_open(const struct mms__recording *recording)
{
    return recording->ring.shared != NULL;
}

/* Open the ring, or make one that suits a value of `value` bytes. Details are stored. */
int mms__recording_open(struct mms__recording *recording, const struct mms__native_writer *writer, uint64_t value);

/* Names in the region's directory have changed: notice whether `changes` was deleted. */
void mms__recording_look(struct mms__recording *recording, const struct mms__native_writer *writer);

/* Before a value of `size` bytes is committed: provide room for its record, and replace a ring that was deleted or is too
   small. Fails only for want of room. Details are stored. */
int mms__recording_get_ready(struct mms__recording *recording, const struct mms__native_writer *writer, uint64_t size);

/* Record that a merged set of ranges has changed. Too many are coarsened, in place; if they then cover most of the value,
   the set becomes everything, which is not recorded. Returns the position of the record; 0: there is none. */
uint64_t mms__recording_append(struct mms__recording *recording, const struct mms__native_writer *writer,
                               const struct mms__record *record, struct mms__range_set *changed);

#endif
