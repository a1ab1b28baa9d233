/* SPDX-License-Identifier: Apache-2.0 */
/* What a writer of mmap-sync's files keeps. */
#ifndef MMS_MMAP_SYNC_WRITER_H
#define MMS_MMAP_SYNC_WRITER_H

#include "handle/writer.h"
#include "mmap_sync/files.h"
#include <mmsync/mmap_sync.h>

struct mms__target {
    struct mms__file file;
    struct mms__mapping map;
    uint64_t allocated; /* from the start: room that this writer has got, or checked */
    bool looked;        /* since the writer's last look: it has its name, and that room */
};

struct mms__mmap_sync_writer {
    struct mms_writer front;
    mms_mmap_sync_writer_options options;
    bool was_reset;                /* by the last write */
    struct mms__mapping state_map; /* keeps the lock, where a map does */
    struct mms__file state_file;   /* closed: which file it is */
    struct mms__file lock_file;    /* open only where a mapping does not keep the lock */
    struct mms__mmap_sync_state *state;
    uint32_t *waiting;  /* behind it */
    uint64_t looked_ns; /* mms__now_coarse_ns of the last look at the files */
    unsigned unlooked;  /* writes since then */
    dev_t directory;    /* the device that `place` tells of */
    struct mms__target targets[2];
    struct mms__mapping buffer; /* where values are built; a file is only written once its value is complete */
};

static inline struct mms__mmap_sync_writer *mms__mmap_sync_writer_of(struct mms_writer *front)
{
    return (struct mms__mmap_sync_writer *)front;
}

/* (target.c) A data file with room for `size` bytes, mapped. A failure leaves its length as it
   was. */
int mms__target_prepare(struct mms__mmap_sync_writer *writer, unsigned index, uint64_t size);
/* Open or create a file with the mode that the crate gives it (less what the umask takes away), or the one asked for.
   The path is absolute. -errno or MMS_E_NOT_REGION; no detail is stored. */
int mms__target_open(const struct mms__mmap_sync_writer *writer, const char *name, uint32_t usual, uint32_t asked,
                     struct mms__file *file);

#endif
