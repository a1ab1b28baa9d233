/* SPDX-License-Identifier: Apache-2.0 */
/* mms_write_rollback: an older value, which is still whole in its slot, becomes the newest again, under a generation of
   its own. To the protocol this is the publish of a free slot whose writer stores no byte of the value. A slot that a
   reader still covers is not free; then the value is copied into one that is. */
#include "base/bulk.h"
#include "base/error.h"
#include "os/cancel.h"
#include "region/backend.h"
#include "region/durable.h"
#include "region/pool_take.h"
#include "region/protocol.h"
#include "region/slot_memory.h"
#include "region/writer.h"
#include <errno.h>
#include <inttypes.h>

enum { NO_SLOT = UINT32_MAX };

/* The slot of a generation; of 0, that of the newest value but the current one. */
static unsigned find(const struct mms__pool *pool, uint64_t generation, uint64_t current)
{
    unsigned found = NO_SLOT;

    for (unsigned slot = 0; slot < pool->used; slot++) {
        const struct mms__slot *own = &pool->slots[slot];

        if (!own->whole || own->generation == current || (generation != 0 && own->generation != generation))
            continue;
        if (found == NO_SLOT || own->generation > pool->slots[found].generation)
            found = slot;
    }
    return found;
}

static int fail_missing(const struct mms__native_writer *writer, uint64_t generation, uint64_t current)
{
    const char *path = writer->front.place.path;

    if (current == 0)
        return mms__fail(MMS_E_EMPTY, "going back in %s: no value has been published yet", path);
    if (generation == current)
        return mms__fail(MMS_E_INVALID, "going back in %s: generation %" PRIu64 " is the newest one already", path,
                         generation);
    if (generation != 0)
        return mms__fail(MMS_E_FORGOTTEN,
                         "going back in %s: the value of generation %" PRIu64
                         " is no longer there; open the writer with options.keep to keep retired values",
                         path, generation);
    return mms__fail(MMS_E_FORGOTTEN,
                     "going back in %s: no value but that of generation %" PRIu64
                     " is there; open the writer with options.keep to keep retired values",
                     path, current);
}

static int check_descriptor(const struct mms__native_writer *writer, const struct mms__descriptor *as)
{
    if (as->size <= writer->pool.header.max_size &&
        mms__schema_fits(as->size, as->schema_size, writer->pool.header.stride))
        return 0;
    return mms__fail(MMS_E_CORRUPT,
                     "going back in %s: generation %" PRIu64 " claims %" PRIu64 " bytes and %" PRIu64
                     " of schema, for which there is no room; run mmsync verify",
                     writer->front.place.path, as->generation, as->size, as->schema_size);
}

static int publish(struct mms__native_writer *writer, unsigned slot, const struct mms__descriptor *as)
{
    int code = mms__writer_publish_as(writer, slot, (size_t)as->size, as);

    if (code != 0)
        return code;
    writer->receipt.generation = writer->pool.slots[slot].generation;
    writer->receipt.slot = slot;
    writer->receipt.size = (size_t)as->size;
    return 0;
}

/* No reader covers the slot: its bytes stay. */
static int publish_in_place(struct mms__native_writer *writer, unsigned slot, const struct mms__descriptor *as)
{
    int code = mms__slot_renew_words(&writer->pool);

    if (code == 0 && writer->durable.each) /* once it is taken, a failure forgets the value */
        code = mms__durable_ensure_files(writer);
    if (code == 0)
        code = mms__pool_take_again(&writer->pool, slot);
    if (code != 0)
        return code;
    MMS__STEP(rollback_taken);
    return publish(writer, slot, as);
}

static void spare_none(void *pool)
{
    ((struct mms__pool *)pool)->keep.spared = 0;
}

/* Another slot than this one, whose readers may leave meanwhile. A wait for readers may end the thread. */
static int take_other(struct mms__native_writer *writer, unsigned slot, uint64_t size, unsigned *to)
{
    int code;

    writer->pool.keep.spared = slot + 1;
    pthread_cleanup_push(spare_none, &writer->pool);
    (void)pthread_setcancelstate(writer->front.cancel_state, NULL);
    code = mms__pool_take(&writer->pool, size, mms__patience_of(&writer->front.options), to, &writer->receipt);
    (void)mms__cancel_hold();
    pthread_cleanup_pop(1);
    return code;
}

/* Readers cover it, and the word of its generation must stay as long as they do. */
static int publish_copy(struct mms__native_writer *writer, unsigned slot, const struct mms__descriptor *as)
{
    size_t whole = (size_t)mms__whole_size(as->size, as->schema_size);
    unsigned to;
    int code = take_other(writer, slot, whole, &to);

    if (code != 0)
        return code;
    mms__copy_in(mms__writer_slot(writer, to), mms__writer_slot(writer, slot), whole);
    MMS__STEP(rollback_copied);
    mms__fence_seq_cst(); /* as in a commit: the release in mms__publish does not order streaming stores */
    return publish(writer, to, as);
}

int mms__writer_publish_copy(struct mms__native_writer *writer, unsigned slot)
{
    struct mms__descriptor as = writer->control->slots[slot];
    int code = check_descriptor(writer, &as);

    if (code != 0)
        return code;
    as.changes_at = 0;
    return publish_copy(writer, slot, &as);
}

static int roll_back(struct mms__native_writer *writer, unsigned slot)
{
    struct mms__pool *pool = &writer->pool;
    struct mms__descriptor as = pool->control->slots[slot]; /* nobody else writes it: we hold the lock */
    int code = check_descriptor(writer, &as);

    if (code != 0)
        return code;
    as.publish_ns = writer->time_ns;
    as.changes_at = 0; /* what differs from the value before it is not known */
    if (mms__pool_is_free(pool, slot))
        return publish_in_place(writer, slot, &as);
    code = publish_copy(writer, slot, &as);
    if (code == MMS_E_AGAIN && mms__pool_is_free(pool, slot)) /* there was no other slot, but by now the readers left */
        code = publish_in_place(writer, slot, &as);
    return code;
}

int mms__native_rollback(struct mms_writer *front, uint64_t generation, mms_receipt *receipt)
{
    struct mms__native_writer *writer = mms__native_writer_of(front);
    MMS__HOLD_CANCEL(before);
    uint64_t current;
    unsigned slot;
    int code = mms__writer_look(writer);

    front->cancel_state = before;
    if (code != 0)
        return code;
    current = mms__current_generation(mms__load_relaxed(&writer->control->current));
    slot = current == 0 || generation == current ? NO_SLOT : find(&writer->pool, generation, current);
    if (slot == NO_SLOT)
        return fail_missing(writer, generation, current);
    writer->receipt = (mms_receipt){.generation = 0};
    writer->has_receipt = true;
    code = roll_back(writer, slot);
    if (receipt && (code == 0 || code == MMS_E_AGAIN))
        *receipt = writer->receipt;
    return code;
}
