/* SPDX-License-Identifier: Apache-2.0 */
/* Making a region appear, whole, under its name. */
#ifndef MMS_CREATE_H
#define MMS_CREATE_H

#include "core/header.h"
#include "core/lock.h"

/* A region that is being built, under a temporary name beside the one it is to have; its writer's lock is held. */
struct mms__building {
    const char *wanted;      /* the path that it is to have */
    struct mms__place place; /* with the temporary path; directory open */
    struct mms__file parent;
    struct mms__writer_lock lock;
    bool stays; /* it has its name, although the exchange has failed: it is not taken down any more */
};

/* Build an empty region. `floor`: its generations start above it. Details are stored. */
int mms__build(const struct mms__place *target, const struct mms__trust *trust, const mms_writer_options *options,
               uint64_t floor, struct mms__building *building);
/* Give it its name. -EAGAIN (no detail) if the name is taken. */
int mms__building_finish(struct mms__building *building, const struct mms__place *target);
/* Give it its name and the old region the temporary one, in one step. */
int mms__building_exchange(struct mms__building *building, const struct mms__place *target);
/* Take down what stands under the temporary name, unless it stays, and drop the lock if it is still held. */
void mms__building_discard(struct mms__building *building);
/* Keep lock and directory; forget the rest. */
void mms__building_release(struct mms__building *building, struct mms__file *directory, struct mms__writer_lock *lock);

#endif
