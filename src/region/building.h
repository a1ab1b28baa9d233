/* SPDX-License-Identifier: Apache-2.0 */
/* A region that is being built, until it has its name or is taken down. */
#ifndef MMS_REGION_BUILDING_H
#define MMS_REGION_BUILDING_H

#include "handle/place.h"
#include "region/writer_lock.h"

/* Under a temporary name beside its final one; its writer's lock is held. */
struct mms__building {
    const char *wanted;      /* the path that it will have */
    struct mms__place place; /* with the temporary path; directory open */
    struct mms__file parent;
    struct mms__writer_lock lock;
    bool durable;
    bool stays; /* this failed, and it has its final name all the same: it must not be taken down */
};

/* Nothing is there yet. */
void mms__building_start(struct mms__building *building, const char *wanted);
/* Get a file of it, or its directory, to the disk: after a machine crash the name must not exist without the content, as there
   would be no telling what it was. Details are stored, here and below. */
int mms__building_sync(const struct mms__building *building, int fd);
/* Give it its name. -EAGAIN (no detail) if the name is taken. */
int mms__building_finish(struct mms__building *building, const struct mms__place *target);
/* Swap names with the old region, in one step. */
int mms__building_exchange(struct mms__building *building, const struct mms__place *target);
/* Then get the names to the disk. Fails only for a durable region. */
int mms__building_sync_name(const struct mms__building *building, const char *doing);
/* Remove whatever has the temporary name, unless it is to stay, and drop the lock if it is still
   held. */
void mms__building_discard(struct mms__building *building);
/* Keep lock and directory; forget the rest. */
void mms__building_release(struct mms__building *building, struct mms__file *directory, struct mms__writer_lock *lock);

#endif
