/* SPDX-License-Identifier: Apache-2.0 */
/* A region as readers of this process see it, and the reader's handle. */
#ifndef MMS_REGION_H
#define MMS_REGION_H

#include "core/foreign.h"
#include "core/header.h"
#include "core/place.h"
#include "core/process.h"
#include "core/table.h"
#include <mmsync.h>
#include <mmsync/fast.h>
#include <pthread.h>

struct mms_reader {
    struct mms__reader_head head;
    struct mms_region *region;
    struct mms__line *line;
    uintptr_t thread; /* that opened it; 0: no thread's end closes it */
    uint32_t index;
    bool symmetric;
    bool open; /* under the region's mutex: of the handles of other threads this and `thread` alone may be looked at */
} __attribute__((aligned(128)));

_Static_assert(sizeof(struct mms__view_head) == offsetof(mms_view, reserved) &&
                   offsetof(struct mms__view_head, changed) == offsetof(mms_view, changed),
               "the fields of a view, in its order");
_Static_assert(sizeof(struct mms__reader_head) <= 64, "the head is one cache line");
_Static_assert(offsetof(struct mms_reader, head) == 0, "the inline functions see the head alone");

struct mms_region {
    uint64_t process; /* mms__process_token of the owner */
    const struct mms__foreign
        *foreign; /* NULL: our own files. Else these are set: what comes before `control`, with the
                                           state in control_map; control_file, read_only, mutex, arena and what is open
                                           in it; and of `header` max_readers */
    void *foreign_data;
    struct mms__member member;
    struct mms__place place; /* the path; directory closed */
    struct mms__header header;
    mms_region_options options;
    struct mms__map control_map, readers_map, data_map;
    const struct mms__control *control;
    const unsigned char *data;
    struct mms__table table;       /* shared is NULL if read_only */
    struct mms__file data_file;    /* for copies */
    struct mms__file control_file; /* to notice that it was unlinked */
    struct mms__file lock_file;    /* open only where a map does not keep the lock */
    uint32_t owner;
    bool read_only;
    bool can_pin_asymmetric;             /* registered with membarrier */
    uint32_t another_boot;               /* `current` is older than this boot, until a writer comes */
    pthread_mutex_t mutex;               /* opening and closing of readers */
    struct mms__map arena;               /* the handles, in memory that fork wipes */
    uint32_t readers_open, handles_used; /* the latter: handles at and above it were never used */
};

static inline bool mms__region_is_forked(const struct mms_region *region)
{
    return region->process != mms__process_token();
}

/* `current`, or 0 as long as it may be older than this boot. */
uint64_t mms__region_current(struct mms_region *region);

/* True if the files were unlinked, or the name leads elsewhere. A system call or two. */
bool mms__region_was_unlinked(struct mms_region *region);

/* With the mutex held: end the reader's view, if there is one, and give its line back. */
int mms__reader_end(struct mms_reader *reader);

/* Details for the two states in which there is nothing to read. */
int mms__fail_unpinnable(const struct mms_region *region, uint64_t word);

static inline const struct mms__descriptor *mms__region_slot(const struct mms_region *region, unsigned slot)
{
    return &region->control->slots[slot];
}

#endif
