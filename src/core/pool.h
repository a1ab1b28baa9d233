/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's slots: which are free, which hold values that readers may still use, how much memory they take. Private
   to the writer; a successor builds it anew from `control`. */
#ifndef MMS_POOL_H
#define MMS_POOL_H

#include "core/file.h"
#include "core/header.h"
#include "core/table.h"
#include <mmsync.h>

enum mms__slot_state {
    MMS__SLOT_UNUSED, /* never held anything */
    MMS__SLOT_FREE,   /* on the free list: covered by nobody, and so it stays */
    MMS__SLOT_TAKEN,  /* being written */
    MMS__SLOT_LIVE    /* current, or was and may be held still */
};

struct mms__slot {
    uint64_t generation; /* as in its descriptor, which is for others */
    uint64_t allocated;  /* bytes that this writer knows to be there, mapped and writable */
    uint64_t backed;     /* bytes that may be there, for what an earlier writer did; never less than allocated */
    uint64_t evicted;    /* generation that was taken from readers who may be reading still; 0: none */
    uint8_t state;
};

/* What a scan of the reader table found in the way: lines that cover something else than the current value. */
struct mms__holder {
    uint32_t line;
    uint32_t kind; /* enum mms__cover_kind */
    uint64_t generation;
};

struct mms__pool {
    const char *path; /* of the region, for messages */
    struct mms__header header;
    struct mms__control *control;
    struct mms__table table;
    unsigned char *data;
    struct mms__file *data_file, *readers_file;
    struct mms__slot *slots;
    uint16_t *free_list;
    uint32_t free_count, used;   /* slots below `used` are in use in some way */
    uint64_t backed;             /* bytes of all slots together */
    uint64_t generation;         /* the last one given out */
    uint64_t usual_size;         /* of recent values: a maximum that decays; what free slots may keep */
    struct mms__holder *holders; /* room for all lines */
    uint32_t holder_count, bury_next;
    bool can_membarrier;
    uint64_t last_check_ns; /* for dead readers */
    bool gone;              /* the region was unlinked */
    uint64_t last_care_ns;  /* for the region itself, and for memory that is too much */
};

/* How long to wait, and what to do then. */
struct mms__patience {
    int32_t grace_ms;
    mms_on_grace on_grace;
};

/* -ENOMEM without detail. The pool's first six fields, can_membarrier and generation are set. */
int mms__pool_init(struct mms__pool *pool);
void mms__pool_free(struct mms__pool *pool);

/* Get a slot with room for size bytes, marked with a new generation. Fills the receipt's reclaimed, evicted, waited_ns,
   blockers. Details are stored. */
int mms__pool_take(struct mms__pool *pool, uint64_t size, struct mms__patience patience, unsigned *slot,
                   mms_receipt *receipt);
/* More room in a taken slot. */
int mms__pool_grow(struct mms__pool *pool, unsigned slot, uint64_t size);
/* A taken slot goes back unused. */
void mms__pool_put(struct mms__pool *pool, unsigned slot);
/* A taken slot has become current. */
void mms__pool_publish(struct mms__pool *pool, unsigned slot);

/* A full fence here and in every reader. False if readers in asymmetric mode were not reached; then `control` has been
   told to want symmetric ones. (reclaim.c, as the two below) */
bool mms__fence_heavy(struct mms__pool *pool);
/* Put every slot on the free list that is neither current nor covered. Returns how many. */
unsigned mms__reclaim(struct mms__pool *pool);
/* Clear the lines of dead readers among those that the last scan found in the way. Returns how many. */
unsigned mms__bury_holders(struct mms__pool *pool);
/* Take the oldest slot that nobody holds but readers that allow it. Returns 1 or 0. */
unsigned mms__evict(struct mms__pool *pool);
/* Name the holders in a receipt. */
void mms__name_holders(const struct mms__pool *pool, mms_receipt *receipt);

/* Check the pool's own consistency; for tests. NULL, or what is wrong. */
const char *mms__pool_invariant(const struct mms__pool *pool);

#endif
