/* SPDX-License-Identifier: Apache-2.0 */
/* What a writer does for a durable region: data to the disk, then an anchor that names it, then `current`. */
#ifndef MMS_REGION_DURABLE_H
#define MMS_REGION_DURABLE_H

#include "os/file.h"
#include "region/layout.h"
#include <stdbool.h>

struct mms__native_writer;

/* After a reboot, words in files may be older than what readers saw. This is more than any
   writer can publish within the kernel's write-back delay. */
#define MMS__REBOOT_STEP (UINT64_C(1) << 32)

/* What an anchor on the disk names. Generation 0: nothing. */
struct mms__anchored {
    uint64_t sequence, generation;
    unsigned slot;
};

struct mms__durable {
    bool on;        /* the region is durable */
    bool each;      /* every commit waits for the disk */
    unsigned place; /* where the newest anchor is */
    struct mms__anchored named[MMS__ANCHORS];
    uint64_t lost; /* as in an anchor */
    int failed;    /* the error of a sync; from then on this writer writes nothing */
    struct mms__file file;
};

/* Once the region's other files are open: open `durable`, and find the newest anchor. MMS_E_CORRUPT. Details are stored, here
   and below. */
int mms__durable_open(struct mms__native_writer *writer);
/* The value in a slot is complete and described, and is to become current: get it to the disk, and name it there. Cold, and
   without what the publish has in registers, so that other regions pay for one look at a flag. */
__attribute__((noinline, cold)) int mms__durable_commit(struct mms__native_writer *writer, unsigned slot);
/* The same for what is current already, unless the newest anchor names it. */
int mms__durable_sync(struct mms__native_writer *writer);
/* Sync the data, and then store an anchor in place of the older one. The caller has described the value in it. */
int mms__durable_store(struct mms__native_writer *writer, struct mms__anchor *anchor);
/* The slots that anchors name stay as they are. After the pool was filled. */
void mms__durable_hold(struct mms__native_writer *writer);
/* What a writer says that has failed. */
int mms__durable_refuse(const struct mms__native_writer *writer);

/* (recover.c) After a reboot, with `current` 0: fill `control` with what the anchors prove, and nothing else. */
int mms__durable_recover(struct mms__native_writer *writer);

#endif
