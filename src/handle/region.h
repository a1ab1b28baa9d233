/* SPDX-License-Identifier: Apache-2.0 */
/* A region as readers of this process see it, as far as all kinds of files share it. Each has a struct of its own that begins
   with this one. */
#ifndef MMS_HANDLE_REGION_H
#define MMS_HANDLE_REGION_H

#include "handle/backend.h"
#include "os/process.h"
#include <mmsync/atomic.h>
#include <pthread.h>

/* So many types' last checks are remembered. */
enum { MMS__CHECKED_TYPES = 4 };

struct mms_region {
    uint64_t process; /* mms__process_token of the owner */
    const struct mms__backend *backend;
    struct mms__member member;
    struct mms__place place; /* the path; directory closed */
    mms_region_options options;
    bool read_only;
    bool locks_refused;                    /* by a security module: why it is read_only */
    uint32_t max_readers;                  /* for so many there is room in the arena; set by region_open */
    uint32_t gone;                         /* the path was seen to lead elsewhere */
    mms__word looked_ns;                   /* mms__now_coarse_ns of the last look at that */
    pthread_mutex_t mutex;                 /* opening and closing of readers */
    struct mms__mapping arena;             /* the handles, in memory that fork wipes; none if it is read_only */
    uint32_t readers_open, handles_used;   /* the latter: handles at and above it were never used */
    mms__word checked[MMS__CHECKED_TYPES]; /* notes (checked.h) */
    struct mms__watch *watch;              /* its descriptors for event loops (watch.h); NULL until the first */
};

/* A handle that knows no place yet. A member from the start, so that a child forked while it is opened closes what it inherits.
   -errno; no detail is stored. */
int mms__region_make(const struct mms__backend *backend, struct mms_region **out);
/* Once it is open: room for the handles of its readers. Details are stored. */
int mms__region_make_arena(struct mms_region *region);
/* What a process may free of a region whether it owns it or has `inherited` it. */
void mms__region_free(struct mms_region *region, bool inherited);

/* In a forked child: what every kind of region has to do there; in the place of a member.forked of its own. */
void mms__region_forked(struct mms_region *region);

static inline bool mms__region_is_forked(const struct mms_region *region)
{
    return region->process != mms__process_token();
}

/* (gone.c) True if the path leads elsewhere, because the region was deleted, moved or replaced by hand; or because
   mms__region_is_gone was true once. A few system calls. */
bool mms__region_is_gone(struct mms_region *region);
/* The same, with a look at most once a second; no detail is stored. */
bool mms__region_glance(struct mms_region *region);

/* Details for the two states in which there is nothing to read: the region is gone, or holds no value. */
int mms__region_fail_gone(const struct mms_region *region);
int mms__region_fail_empty(const struct mms_region *region);

#endif
