/* SPDX-License-Identifier: Apache-2.0 */
/* A slot that a reader held for long has missed all updates since. Whichever update takes it would have to copy them at
   once, and get the memory by which the value has grown. So each update does a small share of that ahead, for a slot that
   is free. */
#ifndef MMS_REGION_PREPARE_H
#define MMS_REGION_PREPARE_H

#include "region/changes.h"
#include "region/pool.h"

/* The slot that is being prepared. Begins as zeros. */
struct mms__prepare {
    uint32_t slot;                /* and one; 0: none */
    uint64_t mark;                /* its generation; another one: it was taken, or emptied, since */
    uint64_t target, target_at;   /* what it will hold, and where the record of that is */
    uint64_t target_size;         /* of that value */
    struct mms__walk walk;        /* from there back to what it holds */
    bool walked;                  /* to the end */
    uint64_t smallest;            /* size on the way */
    struct mms__range_set missed; /* of the records last read */
    size_t next;                  /* of them, to copy */
    uint64_t paused;              /* until this generation */
};

/* Whether every slot that an update could take now has fallen far behind: then it is worth a scan to find another. */
bool mms__prepare_is_due(const struct mms__pool *pool, const struct mms__ring *ring);
/* After an update that changed these ranges: a share of the work that grows with theirs, and is never much. */
void mms__prepare_some(struct mms__prepare *prepare, struct mms__pool *pool, const struct mms__ring *ring,
                       const struct mms__range_set *changed);

#endif
