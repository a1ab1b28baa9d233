/* SPDX-License-Identifier: Apache-2.0 */
/* Like sample.h, for the files of mmap-sync. */
#ifndef MMAP_SYNC_SAMPLE_H
#define MMAP_SYNC_SAMPLE_H

#include "check.h"
#include "mmap_sync/protocol.h"
#include <mmsync/mmap_sync.h>
#include <stdio.h>

mms_writer *mmap_sync_writer(const char *path, int grace_ms, bool reset);

/* Until the next write must look at the files, by the clock that it reads: its step is up to 10 ms. */
void mmap_sync_await_look(void);

/* The state as another process has it mapped. */
struct mms__mmap_sync_state *mmap_sync_map(const char *path);
void mmap_sync_unmap(struct mms__mmap_sync_state *state);

/* The path that names these files whether they exist or not; valid until the fourth call after it
   in this thread and source file. */
static inline const char *crate_path(const char *prefix)
{
    static _Thread_local char paths[4][700];
    static _Thread_local unsigned next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof *paths, "mmap-sync:%s", prefix);
    return path;
}

static inline uint32_t crate_count(const char *path, unsigned index)
{
    mms_mmap_sync_info info;

    check_ok(mms_mmap_sync_inspect(path, &info));
    return info.counts[index];
}

#endif
