/* SPDX-License-Identifier: Apache-2.0 */
/* Making a region appear, whole, under its name. */
#ifndef MMS_REGION_CREATE_H
#define MMS_REGION_CREATE_H

#include "region/header.h"
#include "region/writer_lock.h"

/* A region that is being built, under a temporary name beside its final one; its writer's lock
   is held. */
struct mms__building {
    const char *wanted;      /* the path that it will have */
    struct mms__place place; /* with the temporary path; directory open */
    struct mms__file parent;
    struct mms__writer_lock lock;
    bool durable;
    bool stays; /* this failed, and it has its final name all the same: it must not be taken down */
};

/* Build an empty region. `floor`: its generations start above it. Details are stored. */
int mms__build(const struct mms__place *target, const struct mms__trust *trust, const mms_writer_options *options,
               uint64_t floor, struct mms__building *building);
/* Give it its name. -EAGAIN (no detail) if the name is taken. */
int mms__building_finish(struct mms__building *building, const struct mms__place *target);
/* Swap names with the old region, in one step. */
int mms__building_exchange(struct mms__building *building, const struct mms__place *target);
/* Then get the names to the disk. Fails only for a durable region. */
int mms__building_sync_name(const struct mms__building *building, const char *doing);
/* Remove whatever has the temporary name, unless it is to stay, and drop the lock if it is still
   held. */
void mms__building_discard(struct mms__building *building);
/* Allocate all of a small file now, so that no store to it through a mapping fails. -errno; no
   detail is stored. */
int mms__reserve_file(const struct mms__place *place, int fd, uint64_t size);
/* Keep lock and directory; forget the rest. */
void mms__building_release(struct mms__building *building, struct mms__file *directory, struct mms__writer_lock *lock);

#endif
