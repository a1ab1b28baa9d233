/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's slots: which are free, which hold values that readers may still use, and how much
   memory they take. Private to the writer; its successor builds it anew from `control`. */
#ifndef MMS_REGION_POOL_H
#define MMS_REGION_POOL_H

#include "os/file.h"
#include "region/header.h"
#include "region/keep.h"
#include "region/protocol.h"
#include "region/table.h"
#include <mmsync.h>

enum mms__slot_state {
    MMS__SLOT_UNUSED, /* never held anything */
    MMS__SLOT_FREE,   /* on the free list: no reader covers it, or ever will */
    MMS__SLOT_TAKEN,  /* being written */
    MMS__SLOT_LIVE    /* current, or was and may still be held */
};

/* What a write does besides getting memory: store a whole value, or change some bytes of one. */
enum mms__pace { MMS__PACE_WHOLE, MMS__PACE_UPDATE };

struct mms__slot {
    uint64_t generation; /* as in its descriptor, which others may damage */
    uint64_t allocated;  /* bytes that this writer knows to be there, mapped and writable */
    uint64_t backed;     /* bytes that may be there, earlier writers' too; at least `allocated` */
    uint64_t paged;      /* bytes that this writer has tried to get huge pages for (slot_pages.c) */
    uint64_t huge;       /* how many of them are in huge pages */
    enum mms__slot_state state;
    /* At the last scan, if it found holders: some line announced exactly this generation; the line
       of a reader that does not allow eviction did. */
    bool held, held_firmly;
    bool whole;    /* its bytes are the whole value of its generation */
    bool anchored; /* an anchor names it: after a power cut its bytes must be there (durable.h) */
    /* If it is not: the generation whose value its bytes are, but for those that a record since then names, which may be
       newer (prepare.c); 0: unknown. Where the record of that generation is. */
    uint64_t content, content_at;
};

/* What a scan of the reader table found in the way: lines that cover anything but the current
   value. */
struct mms__holder {
    uint32_t line;
};

/* What lines cover besides single generations; UINT64_MAX: nothing. To cover everything is to
   cover all from 0. */
struct mms__open_covers {
    uint64_t from;   /* the lowest generation from which some line covers all */
    uint64_t firmly; /* the same for readers that do not allow eviction */
};

struct mms__pool {
    const char *path; /* of the region, for messages */
    struct mms__header header;
    struct mms__control *control;
    size_t huge_page;          /* what the mount gives `data` without being asked; 0: small pages */
    mms_huge_pages huge_pages; /* what the option comes to here */
    bool volatile_memory;      /* see struct mms__place, here and below */
    bool shares_blocks;
    struct mms__table table;
    unsigned char *data;
    struct mms__file *data_file, *readers_file;
    struct mms__slot *slots;
    uint16_t *free_list;
    uint32_t free_count, used; /* slots below `used` are in use in some way */
    uint16_t *live_list;       /* the slots that are live, those of newer values later */
    uint32_t live_count;
    uint64_t oldest_live; /* no live slot has an older generation; 0: unknown */
    /* The scans of quick.c: the generation at which the next one is due, the first at which it is tried, how many publishes
       there are from one to the next. */
    uint64_t quick_due, quick_paused;
    uint32_t round;
    uint64_t last_quick_ns, last_full_ns; /* when slots were last reclaimed in this and in the other way */
    uint64_t backed;                      /* bytes of all slots together */
    uint64_t generation;                  /* the last one given out */
    uint64_t usual_size;                  /* of recent values: a maximum that decays; what free slots may keep */
    struct mms__holder *holders;          /* room for all lines */
    uint32_t holder_count, reap_next;
    /* Of slots in use by generation, rebuilt by each scan that finds a holder: slot + 1 at
       index_size places. */
    uint16_t *index;
    uint32_t index_size; /* mms__index_size */
    struct mms__open_covers open_covers;
    uint64_t held;  /* bytes of the slots that readers held, or that were kept, at the last scan */
    bool may_punch; /* no reader still reads a slot that this or an earlier writer took from it */
    bool can_membarrier;
    uint64_t last_check_ns;      /* for dead readers */
    uint64_t last_punch_look_ns; /* for evicted ones, before a slot that is too large is written */
    uint64_t last_care_ns;       /* for memory that is no longer needed */
    struct mms__keep keep;
};

/* Whether the value of a slot that is retired stays, though no reader covers it. */
static inline bool mms__is_kept(const struct mms__pool *pool, unsigned slot)
{
    const struct mms__slot *own = &pool->slots[slot];

    return own->anchored || (pool->keep.listed > 0 && own->whole && own->generation >= pool->keep.list[0]) ||
           pool->keep.spared == slot + 1;
}

/* Memory to spend on slots beyond the three that any publishing rate needs: each spare slot saves
   a publish its scan. Small values get all of the default 128 slots. */
#define MMS__SPARE_BYTES (UINT64_C(1) << 20)

/* A power of two that leaves half of the places empty, so that searches for missing entries end
   soon. */
static inline uint32_t mms__index_size(uint32_t max_slots)
{
    uint32_t size = 1;

    while (size < 2 * max_slots)
        size *= 2;
    return size;
}

/* The caller has set the fields up to the files, can_membarrier and generation. -ENOMEM without
   detail. */
int mms__pool_init(struct mms__pool *pool);
void mms__pool_free(struct mms__pool *pool);

/* What an update has taken, before it was marked. */
struct mms__taken {
    uint64_t content;    /* mms__slot_content; 0: unknown */
    uint64_t generation; /* the slot's own */
};

/* The generation whose value a slot holds, but for bytes that a record since then names; 0: unknown. */
static inline uint64_t mms__slot_content(const struct mms__pool *pool, unsigned slot)
{
    const struct mms__slot *own = &pool->slots[slot];

    return own->whole ? own->generation : own->content;
}
/* Where the record of that generation is; 0: it has none. */
static inline uint64_t mms__slot_content_at(const struct mms__pool *pool, unsigned slot)
{
    const struct mms__slot *own = &pool->slots[slot];

    return own->whole ? mms__load_relaxed(&pool->control->slots[slot].changes_at) : own->content_at;
}
/* `current`; 0 if it leads to no slot, as something else has stored to it. */
static inline uint64_t mms__pool_current(const struct mms__pool *pool)
{
    uint64_t current = mms__load_relaxed(&pool->control->current);

    return mms__word_pinnable(current) && mms__word_slot(current) >= pool->header.max_slots ? 0 : current;
}
/* The size of the current value; 0: there is none. */
static inline uint64_t mms__pool_current_size(const struct mms__pool *pool)
{
    uint64_t current = mms__pool_current(pool);

    return mms__word_pinnable(current) ? mms__load_relaxed(&pool->control->slots[mms__word_slot(current)].size) : 0;
}
/* Put an unused slot on the free list. */
static inline void mms__pool_put(struct mms__pool *pool, unsigned slot)
{
    pool->slots[slot].state = MMS__SLOT_FREE;
    pool->free_list[pool->free_count++] = (uint16_t)slot;
}
/* It is no longer held or kept. It may have been retired after the last full scan, which counted what is. */
static inline void mms__pool_unhold(struct mms__pool *pool, unsigned slot)
{
    uint64_t backed = pool->slots[slot].backed;

    pool->held -= backed < pool->held ? backed : pool->held;
}
/* Note that a taken slot has become current. */
static inline void mms__pool_publish(struct mms__pool *pool, unsigned slot)
{
    pool->slots[slot].state = MMS__SLOT_LIVE;
    pool->slots[slot].whole = true;
    pool->live_list[pool->live_count++] = (uint16_t)slot;
    if (pool->keep.count > 0)
        mms__keep_note(&pool->keep, pool->slots[slot].generation);
}
/* Whether a generation is left to mark a slot with. */
static inline bool mms__pool_may_mark(const struct mms__pool *pool)
{
    return pool->generation < MMS__GENERATION_MAX;
}
/* Give a slot the next generation; the caller knows that one is left. From here on its old value is gone, and nothing is
   known of its bytes. `plain`: see mms__slot_take_plain. */
static inline void mms__pool_mark(struct mms__pool *pool, unsigned slot, bool plain)
{
    if (pool->keep.count > 0)
        mms__keep_forget(&pool->keep, pool->slots[slot].generation);
    pool->slots[slot].content = 0;
    pool->generation++;
    pool->slots[slot].generation = pool->generation;
    pool->slots[slot].whole = false; /* from here on, even if the write is aborted */
    if (plain)
        mms__slot_take_plain(&pool->control->slots[slot], pool->generation);
    else
        mms__slot_take(&pool->control->slots[slot], pool->generation);
    MMS__STEP(take_fenced);
}
/* Note what the bytes of a marked slot are. */
static inline void mms__slot_hold(struct mms__pool *pool, unsigned slot, uint64_t content, uint64_t at)
{
    pool->slots[slot].content = content;
    pool->slots[slot].content_at = at;
}
/* The same as mms__pool_mark while its bytes stay what they are. */
static inline void mms__pool_mark_again(struct mms__pool *pool, unsigned slot)
{
    uint64_t content = mms__slot_content(pool, slot), at = mms__slot_content_at(pool, slot);

    mms__pool_mark(pool, slot, false);
    mms__slot_hold(pool, slot, content, at);
}
static inline void mms__pool_note_size(struct mms__pool *pool, uint64_t size)
{
    uint64_t decayed = pool->usual_size - pool->usual_size / 16;

    pool->usual_size = size > decayed ? size : decayed;
}
/* mms__pool_take for nearly all small values: the slot freed last has the room, and no memory to
   give back. False if there is more to do; nothing has changed then. */
static inline bool mms__pool_take_ready(struct mms__pool *pool, uint64_t size, bool plain, unsigned *slot)
{
    const struct mms__slot *own;

    if (pool->free_count == 0 || pool->generation >= pool->quick_due)
        return false;
    *slot = pool->free_list[pool->free_count - 1];
    own = &pool->slots[*slot];
    if (own->allocated < size || own->allocated == 0 || own->backed > MMS__SPARE_BYTES || pool->shares_blocks ||
        !mms__pool_may_mark(pool))
        return false;
    pool->free_count--;
    pool->slots[*slot].state = MMS__SLOT_TAKEN;
    mms__pool_mark(pool, *slot, plain);
    mms__pool_note_size(pool, size);
    return true;
}

/* A full fence here and in every reader. False if it did not reach readers in asymmetric mode; if
   it never will, `control` now asks for symmetric ones. (reclaim.c, like those below) */
bool mms__fence_heavy(struct mms__pool *pool);
/* Fence, then scan what readers hold. */
void mms__scan(struct mms__pool *pool);
/* The same, then free every slot that is neither current nor covered. Returns how many. */
unsigned mms__reclaim(struct mms__pool *pool);
/* Whether a line covered a live slot at the last full scan. */
bool mms__slot_is_covered(const struct mms__pool *pool, unsigned slot);
/* List the live slots anew. */
void mms__list_live(struct mms__pool *pool);
/* (quick.c) Free what is seen to be free without a heavy fence. Returns how many; 0 also if that cannot be seen. */
unsigned mms__reclaim_quick(struct mms__pool *pool, uint64_t now_ns);
/* When the next such scan is due: after each scan of either kind, which has read so many lines. */
void mms__plan_quick(struct mms__pool *pool, uint32_t lines);
/* Clear lines of dead readers, of those that the last scan found in the way. Returns how many. */
unsigned mms__reap_holders(struct mms__pool *pool);
/* Free the oldest slot that is held only by readers that allow eviction. Returns 1 or 0. */
unsigned mms__evict(struct mms__pool *pool);
/* Name the holders in a receipt. */
void mms__name_holders(const struct mms__pool *pool, mms_receipt *receipt);

/* Check the pool's own consistency; for tests. NULL, or what is wrong. */
const char *mms__pool_invariant(const struct mms__pool *pool);

#endif
