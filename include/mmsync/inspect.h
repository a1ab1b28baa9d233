/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at a region from outside, by its path: no writer need be alive, and the caller needs no
   handle. mmsync.h includes this. */
#ifndef MMSYNC_INSPECT_H
#define MMSYNC_INSPECT_H

#include <mmsync.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

/* What mms_inspect returns. */
typedef struct mms_info {
    uint64_t region_id[2];
    uint64_t max_size; /* geometry, with the next two */
    uint32_t max_slots, max_readers;
    uint64_t generation; /* 0: no value yet */
    uint64_t size;
    uint64_t type_id[2];
    uint64_t tag;
    uint64_t publish_time_ns; /* CLOCK_REALTIME, to within a few milliseconds */
    uint64_t checksum;        /* valid with has_checksum */
    bool has_checksum;
    bool symmetric;      /* fences of new readers */
    int writer_alive;    /* 1 or 0; -1: not known, as this process may not open `lock` */
    pid_t writer_pid;    /* of the last writer, as it calls itself */
    unsigned slot;       /* of the current value */
    unsigned slots_used; /* slots that ever held a value */
    unsigned readers;    /* lines of live processes */
    unsigned readers_dead;
    uint64_t bytes_used; /* memory or disk that the region takes */
    uint64_t bytes_huge; /* what writers have put into huge pages, and not given back */
    uint64_t keep;       /* retired values that the last writer keeps (mmsync/history.h) */
    uint64_t refused;    /* writes that failed because readers held every slot (MMS_E_AGAIN), since the creation */
    uint64_t evicted;    /* slots that writers have taken from readers (MMS_EVICT), since the creation */
    uint64_t durable_generation; /* with `durable`: the newest one that survives a power cut; 0: none yet */
    uint64_t durable_lost; /* with `durable`: the last one that a recovery found damaged; 0: none since the creation */
    bool durable;          /* mmsync/durable.h */
    uint64_t reserved[1];
} mms_info;

/* A line of the reader table. */
typedef struct mms_reader_info {
    pid_t pid, tid; /* as the reader calls itself, in its own PID namespace */
    bool alive;
    bool pinned; /* holds a view */
    bool symmetric, allow_evict;
    unsigned line;
    uint64_t generation; /* with pinned: the generation held, or the lowest one that may be */
    uint64_t reserved[4];
} mms_reader_info;

/* What a region is and holds, how many readers it has, and whether it has a writer. Takes no lock
   and changes nothing, so the counts may be out of date when you see them. */
int mms_inspect(const char *path, mms_info *out);

/* For a program that polls a region: the same answers as mms_inspect for that path, in a
   fraction of the time, because it keeps what cannot have changed: mappings, and up to three
   descriptors, if they are in the lower half of those that RLIMIT_NOFILE allowed at the open. If
   the path leads to another region by now, the answers are about that one. An inspector serves
   one thread at a time; a forked child may use its copy. */
typedef struct mms_inspector mms_inspector;
/* There must be something at the path that mms_inspect can look at. */
int mms_inspector_open(const char *path, mms_inspector **out);
int mms_inspector_look(mms_inspector *inspector, mms_info *out);
/* NULL is allowed. */
void mms_inspector_close(mms_inspector *inspector);

/* The reader lines in use. *count is how many there are; the first `capacity` of them are
   stored. */
int mms_inspect_readers(const char *path, mms_reader_info *out, size_t capacity, size_t *count);
/* Check every structure, and the checksum of the current value if it has one. MMS_E_CORRUPT if
   anything is wrong; MMS_E_AGAIN if all else is sound and the value was replaced too fast to be
   read. report (may be NULL) gets one sentence for each finding; it runs with cancellation off. */
int mms_verify(const char *path, void (*report)(void *context, const char *finding), void *context);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
