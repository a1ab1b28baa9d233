/* SPDX-License-Identifier: Apache-2.0 */
/* A slot that a reader held for long has missed all updates since. Whichever update took it would have to copy them at
   once, and get the memory by which the value has grown. So the commits of updates each do a small share of that ahead,
   for a slot that is free. */
#ifndef MMS_REGION_PREPARE_H
#define MMS_REGION_PREPARE_H

#include "region/catch_up.h"
#include "region/pool.h"

/* All zeros: no slot is being prepared, and nothing is known. */
struct mms__prepare {
    uint32_t slot;         /* that is being prepared, plus 1; 0: none */
    uint64_t mark;         /* its generation; if it has another one, it was taken or emptied since */
    uint64_t followed;     /* the last update whose changes it got; 0: it lacks memory, and has got nothing yet */
    struct mms__walk walk; /* from the value that was current then back to what the slot held; at its end, walked */
    struct mms__range_set missed; /* ranges of the records that were read last */
    size_t next;                  /* the first of them that is not copied */
    uint64_t rest;                /* after all ranges, the bytes from here on are copied */
    uint64_t paused;              /* nothing is begun before this generation */
    /* The newest value that no record is known to lead back beyond, and where the record of the one after it is. */
    uint64_t unrecorded, unrecorded_at;
    uint64_t grown; /* bytes that the last update added to the value */
};

/* An update that was just published. */
struct mms__last_update {
    const struct mms__range_set *changed; /* merged; below both sizes */
    uint64_t previous, previous_size;     /* the value before it, */
    uint64_t previous_at;                 /* and where the record of that is; 0: it has none */
};

/* Before the first update of a writer. It does not know which publishes of its predecessors have no record, so it counts all
   values before the current one as far behind: their slots lack memory here in any case. */
void mms__prepare_inherit(struct mms__prepare *prepare, const struct mms__pool *pool);
/* Whether every slot that an update could take now has fallen far behind: then it is worth a scan to find another. */
bool mms__prepare_is_due(const struct mms__prepare *prepare, const struct mms__pool *pool,
                         const struct mms__ring *ring);
/* After an update: a share of the work, which is never much, or as much as the update itself was. */
void mms__prepare_some(struct mms__prepare *prepare, struct mms__pool *pool, const struct mms__ring *ring,
                       const struct mms__last_update *updated);
/* For an update that has taken a slot with that generation: if the slot was being prepared, what it lacks of the current
   value, whose generation is given. The ranges stay until the next call that prepares. */
bool mms__prepare_lack(const struct mms__prepare *prepare, uint64_t mark, uint64_t generation, struct mms__lack *lack);
void mms__prepare_free(struct mms__prepare *prepare);

#endif
