/* SPDX-License-Identifier: Apache-2.0 */
/* mms_history: which values are whole in their slots, as the descriptors prove it. */
#include "base/error.h"
#include "region/backend.h"
#include "region/boot.h"
#include "region/inspection.h"
#include "region/protocol.h"
#include <errno.h>
#include <mmsync/history.h>
#include <stdlib.h>

/* False if the slot does not hold the whole value of its generation, is being reused, or has got one newer than `current`. */
static bool read_slot(const struct mms__inspection *look, uint32_t slot, uint64_t current, mms_past_value *out)
{
    const struct mms__descriptor *from = &look->control->slots[slot];
    /* Acquire: what was published with it (pair: mms__note_published). */
    uint64_t published = mms__load_acquire(&from->published), generation;
    bool is_current = mms__word_slot(current) == slot;

    if (is_current)
        published = mms__word_generation(current);
    *out = (mms_past_value){
        .generation = published,
        .size = mms__load_relaxed(&from->size),
        .type_id = {mms__load_relaxed(&from->type_id[0]), mms__load_relaxed(&from->type_id[1])},
        .tag = mms__load_relaxed(&from->tag),
        .publish_time_ns = mms__load_relaxed(&from->publish_ns),
        .checksum = mms__load_relaxed(&from->checksum),
        .has_checksum = mms__load_relaxed(&from->flags) & MMS__HAS_CHECKSUM,
        .current = is_current,
        .slot = slot,
    };
    /* The word changes before anything else of the slot does (pair: the fence in mms__slot_take). */
    mms__fence_acquire();
    generation = mms__load_relaxed(&from->generation);
    return generation == published && generation <= mms__word_generation(current) &&
           generation > mms__load_relaxed(&look->control->floor) && out->size <= look->header.max_size;
}

static int newer_first(const void *a, const void *b)
{
    uint64_t one = ((const mms_past_value *)a)->generation, other = ((const mms_past_value *)b)->generation;

    return (one < other) - (one > other);
}

/* All of them, as long as `current`, which can be pinned, stays. Returns how many. */
static size_t list_once(const struct mms__inspection *look, uint64_t current, mms_past_value *all)
{
    uint32_t used = mms__slots_used(look->control, look->header.max_slots),
             keep = mms__load_relaxed(&look->control->keep);
    size_t count = 0;

    for (uint32_t slot = 0; slot < used; slot++)
        count += read_slot(look, slot, current, &all[count]);
    qsort(all, count, sizeof *all, newer_first);
    for (size_t i = 0; i < count; i++)
        all[i].kept = !all[i].current && i <= keep;
    return count;
}

/* How often the value may change while the slots are read. After that the list lacks what has been overwritten since the
   last try began. */
enum { TRIES = 100 };

static int list(const struct mms__inspection *look, mms_past_value *out, size_t capacity, size_t *count)
{
    mms_past_value *all = calloc((size_t)look->header.max_slots + 1, sizeof *all);
    size_t found = 0;

    if (!all)
        return mms__fail(-ENOMEM, "listing the values of %s: no memory", look->place.path);
    for (int tries = 0; tries < TRIES; tries++) {
        uint64_t current = mms__load_acquire(&look->control->current); /* pair: mms__publish */

        found = mms__word_pinnable(current) ? list_once(look, current, all) : 0;
        mms__fence_acquire();
        if (mms__load_relaxed(&look->control->current) == current)
            break;
    }
    for (size_t i = 0; i < found && i < capacity; i++)
        out[i] = all[i];
    *count = found;
    free(all);
    return 0;
}

int mms__native_history(const struct mms__place *place, mms_past_value *out, size_t capacity, size_t *count)
{
    struct mms__inspection look;
    int code = mms__inspection_open(place, &look);

    if (code != 0)
        return code;
    code = mms__check_boot(&look.place, look.control);
    if (code == 0 && mms__is_from_another_boot(&look.place, look.control))
        *count = 0;
    else if (code == 0)
        code = list(&look, out, capacity, count);
    mms__inspection_close(&look);
    return code;
}
