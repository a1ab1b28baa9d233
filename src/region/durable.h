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

/* What an anchor on the disk names: a slot that there is. Generation 0: nothing. Sequence 0: there is no good anchor. */
struct mms__anchored {
    uint64_t sequence, generation;
    unsigned slot;
};

struct mms__durable {
    bool on;        /* the region is durable */
    bool each;      /* every commit waits for the disk */
    bool opened;    /* the writer's open is over: its caller has a handle */
    unsigned place; /* where the newest anchor is */
    struct mms__anchored named[MMS__ANCHORS];
    uint64_t lost;      /* as in an anchor */
    uint64_t inherited; /* the values of this generation and below are those of other writers */
    int failed;         /* the error of a sync; from then on this writer writes nothing */
    struct mms__file file;
};

/* Once the region's other files are open: open `durable`, find the newest anchor, and get all but the values to the disk.
   MMS_E_CORRUPT. Details are stored, here and below. */
int mms__durable_open(struct mms__native_writer *writer);
/* True if `control` is older than the anchors, as its pages are if they never reached the disk before the file system was
   mounted again. Then what it says counts for as little as after a reboot. */
bool mms__durable_is_behind(const struct mms__native_writer *writer);
/* The last step of an open: what is current is on the disk from here on, if every commit waits for it. */
int mms__durable_start(struct mms__native_writer *writer);
/* The value in a slot is complete and described, and is to become current: get it to the disk, and name it there. Cold, and
   without what the publish has in registers, so that other regions pay for one look at a flag. */
__attribute__((noinline, cold)) int mms__durable_commit(struct mms__native_writer *writer, unsigned slot);
/* The same for what is current already, unless the newest anchor names it. */
int mms__durable_sync(struct mms__native_writer *writer);
/* A host that closes descriptors may have closed those of the files. Nothing is written yet, so a failure is one like any
   other. */
int mms__durable_ensure_files(struct mms__native_writer *writer);
/* Sync the data, and then store an anchor in place of the older one. The caller has described the value in it. */
int mms__durable_store(struct mms__native_writer *writer, struct mms__anchor *anchor);
/* Note in the older anchor, which is spoilt by that, that its value was lost (`durable.lost`): a cut that tears the anchor
   which takes its place must not take that with it. */
int mms__durable_mark_lost(struct mms__native_writer *writer);
/* Once the pool is filled: keep the slots that anchors name as they are. */
void mms__durable_hold(struct mms__native_writer *writer);
/* When a writer opens: believe `control` that a slot is whole only of the current one and those that anchors name. */
void mms__durable_distrust(struct mms__native_writer *writer);
/* Whether the bytes of a value in `data` have its checksum, which must be known. MMS_E_CORRUPT; -errno if they cannot be
   read. No detail is stored. */
int mms__durable_check(const struct mms__native_writer *writer, uint64_t slot, uint64_t size, uint64_t checksum);
/* Refuse a write of a writer whose sync has failed. Returns the error of that. */
int mms__durable_refuse(const struct mms__native_writer *writer);
/* What to do about an error of the disk, for a detail: "see to the disk (dmesg)". */
const char *mms__durable_advice(int code);

/* (recover.c) After a reboot: fill `control` with what the anchors prove, and nothing else. No generation at or below `floor`
   is given out again. If it fails, nothing is lost. */
int mms__durable_recover(struct mms__native_writer *writer, uint64_t floor);

#endif
