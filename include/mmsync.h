/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync: one large, read-mostly value, shared by one writer process with many reader processes.

   A value lives in a region: a directory, "/dev/shm/NAME" for a bare NAME. The writer publishes
   whole values; each publish has a generation, a number that only grows. A reader pins the newest
   value and gets a view: a pointer into the mapped file, valid and unchanged until it is released.
   Reading never waits, locks or copies. A path may also lead to files of the Rust crate mmap-sync
   (mmsync/mmap_sync.h): "mmsync:PATH" and "mmap-sync:PATH" say which, else what is there decides.

   Results: 0, or a negative code (mmsync/error.h), whose detail is in mms_last_error(). A call that
   fails leaves its outputs alone unless its comment says otherwise, except that calls that open a
   handle store NULL, and a buffer that is copied to may hold anything. Sizes are in bytes, times in
   the unit that the name ends with.
   Threads: an mms_writer and an mms_reader serve one thread at a time, an mms_region all threads.
   Trust: a process that may write a region's file `readers` can hold slots, cause evictions and
   keep others from opening the region, but it cannot change data or make anybody accept damage.
   One that may write any of the files, `readers` included, can truncate it, which kills everyone
   who has it mapped with SIGBUS. Grant that right (mode, readers_mode, gid) only to processes that
   you trust that far, and let the others use mms_read_copy.
   Deletion: mms_remove tells everyone who has the region open; rm -rf, mv and cleaners do not.
   Calls that look at the path notice it, and return MMS_E_GONE from then on: close the handles and
   open them again. Reads of a value that stays current make no system call, so call
   mms_region_check now and then. docs/containers.md says more, also about deletions by systemd.
   fork: a handle belongs to the process that opened it; in a child, calls return MMS_E_FORKED.
   Cancellation: only deferred (the default). mms_wait and mms_region_wait, mms_writer_open while it
   waits for another writer, and writes while they wait for readers are cancellation points. There
   a cancelled call has done nothing: no handle is open, nothing is published, no write is begun,
   and the view stays. Every other call finishes first. Close your handles, except for a reader,
   which ends with its thread.
   Signals: a handler may call mms_read, mms_refresh and mms_release, on a reader of its own of a
   region, and nothing else. No longjmp, C++ exception or pthread_exit may leave a handler or a
   callback across a call. The library installs no handler and leaves the mask as it was.
   Stack: no call needs more than 32 KiB. */
#ifndef MMSYNC_H
#define MMSYNC_H

#include <mmsync/error.h>
#include <mmsync/init.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MMS_VERSION_MAJOR 0
#define MMS_VERSION_MINOR 1
#define MMS_VERSION_PATCH 0
#define MMS_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

typedef struct mms_writer mms_writer;
typedef struct mms_region mms_region;
typedef struct mms_reader mms_reader;
/* Options for the files of the Rust crate mmap-sync (mmsync/mmap_sync.h). */
typedef struct mms_mmap_sync_writer_options mms_mmap_sync_writer_options;
typedef struct mms_mmap_sync_region_options mms_mmap_sync_region_options;

/* How readers and writer order their accesses. AUTO: asymmetric where membarrier(2) is allowed, else symmetric. */
typedef enum mms_fence { MMS_FENCE_AUTO, MMS_FENCE_SYMMETRIC, MMS_FENCE_ASYMMETRIC } mms_fence;

/* Values of 2 MiB and more in huge pages: where the kernel makes them; never; or always, else the write fails. */
typedef enum mms_huge_pages { MMS_HUGE_PAGES_AUTO, MMS_HUGE_PAGES_OFF, MMS_HUGE_PAGES_ON } mms_huge_pages;

/* What a writer does when live readers hold every slot for longer than grace_ms. */
typedef enum mms_on_grace {
    MMS_REFUSE, /* return MMS_E_AGAIN; the receipt names the readers */
    MMS_EVICT   /* take the slots of readers that opened with allow_evict; MMS_E_AGAIN if there are none */
} mms_on_grace;

/* How a writer finds out what an update (mms_write_update) has changed. Touches always count. */
typedef enum mms_track {
    MMS_TRACK_TOUCHES, /* by touches alone */
    MMS_TRACK_PAGES,   /* the kernel notes stores (Linux 6.7); where it refuses, the open fails and says why */
    MMS_TRACK_AUTO     /* the same, or where it refuses, by comparing the whole value at each commit */
} mms_track;

#define MMS_FOREVER (-1) /* for grace_ms, lock_wait_ms and the timeout of mms_wait */
#define MMS_NO_WAIT (-2) /* for grace_ms and lock_wait_ms, where 0 means the default */

/* Start from MMS_WRITER_OPTIONS_INIT. Zero means the default, in brackets. The struct is not needed
   after the open. Geometry is fixed when a region is created; a later open may leave it zero, and gets
   MMS_E_GEOMETRY if it gives another one. */
typedef struct mms_writer_options {
    size_t struct_size;
    const mms_mmap_sync_writer_options *mmap_sync; /* for the files of that crate [NULL] */
    /* A host that calls mlockall(MCL_FUTURE) locks max_size x max_slots of memory: give it a small geometry. */
    uint64_t max_size;     /* geometry: largest value in bytes [4 GiB; 16 MiB on 32 bits]; address space, not memory */
    uint32_t max_slots;    /* geometry: most values kept at a time, 2 to 32767 [128; 8 on 32 bits] */
    uint32_t max_readers;  /* geometry: most readers, and most reader processes, 1 to 65535 [1024] */
    int32_t grace_ms;      /* how long a write waits for readers that hold every slot [1000] */
    mms_on_grace on_grace; /* and what it does then [MMS_REFUSE] */
    int32_t lock_wait_ms;  /* how long an open waits for another writer to end [2000] */
    mms_fence fence;       /* [MMS_FENCE_AUTO] */
    uint32_t mode;         /* creation: of `control` and `data` [0640]; the directory gets x for each r */
    uint32_t readers_mode; /* creation: of `readers`; r and w together; others can only copy [mode, w for each r] */
    gid_t gid;             /* creation: group of all files [the process's own, or the directory's]; 0: has_gid */
    bool has_gid;          /* gid counts even if it is 0, the group of root [gid != 0] */
    bool replace;          /* another geometry: build a new region, carry the value over, remove the old one [false] */
    bool checksum;         /* store an XXH3 of each value, for mms_verify; a commit then takes linear time [false] */
    bool force_filesystem; /* accept a file system outside the list that mmsync is tested on [false] */
    uint64_t type_id[2];   /* stored with each value; readers that ask for a type refuse any other [none] */
    uint64_t tag;          /* stored with each value, for your own use [0] */
    uint64_t changes_size; /* room to note changes, 4 KiB to 1 GiB [grows: 1/64 of the value, 64 KiB to 8 MiB] */
    mms_huge_pages huge_pages; /* tmpfs, Linux 6.1; readers take few page faults [MMS_HUGE_PAGES_AUTO] */
    uid_t trusted_uid;         /* [0] */
    mms_track track;           /* updates: who reports changes [MMS_TRACK_TOUCHES] */
    bool trust_owner;          /* bare names: accept a directory that belongs to trusted_uid as well [false] */
    bool check_touch;          /* updates: refuse a commit if a change was neither touched nor tracked [false] */
    uint8_t keep;              /* retired values that stay, to go back to: mmsync/history.h [0] */
    uint8_t durable;           /* values survive a power cut: mmsync/durable.h [as the region is; a new one is not] */
} mms_writer_options;

/* Start from MMS_REGION_OPTIONS_INIT. */
typedef struct mms_region_options {
    size_t struct_size;
    const mms_mmap_sync_region_options *mmap_sync; /* for the files of that crate [NULL] */
    mms_fence fence;     /* MMS_FENCE_SYMMETRIC: never register with membarrier(2) [MMS_FENCE_AUTO] */
    bool read_only;      /* do not touch `readers`: mms_read_copy only [false; set by itself on EACCES] */
    bool allow_evict;    /* let a writer with MMS_EVICT take slots from this region's readers [false] */
    bool detached;       /* a reader outlives the thread that opened it [false] */
    bool prefault;       /* map all pages of a value into memory before the first view of it [false] */
    uint64_t type_id[2]; /* refuse values of another type with MMS_E_TYPE [accept all] */
    uid_t trusted_uid;   /* as for writers, here and below */
    bool trust_owner, force_filesystem;
    bool check_always;   /* typed: each reader checks each generation, whoever wrote or checked it before [false] */
    uint8_t reserved[1]; /* leave it 0 */
} mms_region_options;

/* The result of a read. `data` is aligned to 64 bytes. */
typedef struct mms_view {
    const void *data;
    size_t size;
    uint64_t generation;
    bool changed; /* differs from this reader's last view */
    uint64_t reserved[2];
} mms_view;

/* Bytes of a value. */
typedef struct mms_range {
    uint64_t offset, length;
} mms_range;

/* What a write had to do. Filled on success and on MMS_E_AGAIN. */
typedef struct mms_receipt {
    uint64_t generation;
    size_t size;
    unsigned slot;
    unsigned reclaimed; /* slots that this write got back from readers */
    unsigned evicted;   /* slots that it took away from readers */
    unsigned blockers;  /* reader lines that kept it waiting, MMS_E_AGAIN only */
    uint64_t waited_ns;
    pid_t blocker_pid[8];   /* the first of them, as they call themselves; 0 past the end */
    uint64_t table_evicted; /* mms_table_commit: entries that went because of max_bytes */
    uint64_t table_expired; /* and entries that were removed after they had expired */
    uint64_t reserved[2];
} mms_receipt;

/* What was published with a value; zeros for what was not given. */
typedef struct mms_view_info {
    uint64_t type_id[2];
    uint64_t tag;
    uint64_t publish_time_ns; /* CLOCK_REALTIME, to within a few milliseconds */
    uint64_t checksum;        /* valid with has_checksum */
    bool has_checksum;
    const char *schema; /* text, not 0-terminated, valid while the view is held; NULL: none */
    size_t schema_size;
    uint64_t reserved[4];
} mms_view_info;

#ifdef __cplusplus
MMS__DEFINE_INIT(mms_writer_options)
MMS__DEFINE_INIT(mms_region_options)
#endif
#define MMS_WRITER_OPTIONS_INIT MMS__INIT(mms_writer_options)
#define MMS_REGION_OPTIONS_INIT MMS__INIT(mms_region_options)

/* ---- Writing: one process at a time, one thread at a time ---- */

/* Open the region for writing, and create it if it does not exist. Waits lock_wait_ms for another
   writer, then fails with MMS_E_BUSY. The generations go on where the last writer stopped, however it ended.
   NULL options: all defaults. mms_writer_set_grace changes grace_ms, from the next write on. */
int mms_writer_open(const char *path, const mms_writer_options *options, mms_writer **out);
int mms_writer_set_grace(mms_writer *writer, int32_t grace_ms);

/* Publish a copy of size bytes. Size 0 is a value; then data may be NULL. receipt may be NULL, here
   and below. MMS_E_TOO_BIG, MMS_E_AGAIN, -ENOSPC, MMS_E_GONE, MMS_E_EXHAUSTED: the last value stays. */
int mms_write(mms_writer *writer, const void *data, size_t size, mms_receipt *receipt);

/* Build a value in place: *buffer has room for capacity bytes, aligned to 64, of undefined content. */
int mms_write_begin(mms_writer *writer, size_t capacity, void **buffer, mms_receipt *receipt);
/* Get more room; keeps what is written. Go on with *buffer, which does not move in this version. */
int mms_write_grow(mms_writer *writer, size_t capacity, void **buffer);
/* Publish the first size bytes. Takes the same time for any size, unless options.checksum is set. */
int mms_write_commit(mms_writer *writer, size_t size, mms_receipt *receipt);
/* Set the type, or the tag, of the write that was begun, instead of the option's. schema, NULL or text
   for tools, is stored after the value if there is room, and must stay valid until the commit. */
int mms_write_set_type(mms_writer *writer, const uint64_t type_id[2], const char *schema, size_t schema_size);
int mms_write_set_tag(mms_writer *writer, uint64_t tag);

/* Change the newest value: as mms_write_begin, but *buffer holds that value already, *size bytes
   of it (0 if there is none), and has room for them and for `capacity`. Only what its slot has
   missed is copied, so an update costs what changes. Type and schema stay, unless you call
   mms_write_set_type. Before the commit, report every byte that you change; an unreported one may
   get its old value back. mms_write_touch reports bytes within the capacity, before or after you
   change them; mms_write_patch copies `length` bytes to an offset, and reports them. Bytes past the
   old size need no touch. mms_changes tells readers. With options.track nothing need be reported:
   any thread, library or read(2) may store to the buffer until the commit. Touch only what bypasses
   the page tables: stores through another mapping, or to memory pinned before (RDMA, io_uring). */
int mms_write_update(mms_writer *writer, size_t capacity, void **buffer, size_t *size, mms_receipt *receipt);
int mms_write_touch(mms_writer *writer, size_t offset, size_t length);
int mms_write_patch(mms_writer *writer, size_t offset, const void *data, size_t length);

/* Give up the write; nothing is published. */
int mms_write_abort(mms_writer *writer);

/* Abort a write that was begun, and release the writer's lock. The value stays for the readers. NULL is allowed. */
int mms_writer_close(mms_writer *writer);

/* ---- Reading ---- */

/* Map a region, once per process. Without write permission for `readers` the region opens for mms_read_copy alone:
   then mms_region_read_only() is true, and mms_last_error() says why. */
int mms_region_open(const char *path, const mms_region_options *options, mms_region **out);
/* Unmap it. MMS_E_BUSY while a reader or a descriptor (mmsync/wait_fd.h) of it is open. NULL is allowed. */
int mms_region_close(mms_region *region);
bool mms_region_read_only(const mms_region *region);
/* Whether the path still leads to this region: 0, or MMS_E_GONE. A few system calls; for any thread. */
int mms_region_check(mms_region *region);

/* A reader for one thread. It gives its line back when the thread that opened it ends, unless `detached`. */
int mms_reader_open(mms_region *region, mms_reader **out);
/* Ends the view, if there is one; MMS_E_EVICTED as mms_release. The handle is freed in any case. NULL is allowed. */
int mms_reader_close(mms_reader *reader);

/* mms_read     pins the newest value. A view that is still held ends first.
   mms_refresh  moves the pin if there is something newer, else leaves the view as it is; without a view, as mms_read.
   mms_release  ends the view; MMS_E_NO_VIEW if there is none.
   Whichever ends a view returns MMS_E_EVICTED if the view had been taken away: discard what you
   read from it. Otherwise MMS_E_EMPTY, MMS_E_GONE, MMS_E_TYPE, MMS_E_CORRUPT. After an error the
   reader holds nothing, and the view is empty: data NULL, size and generation 0. All three are
   wait-free, and inline where the compiler can (mmsync/fast.h). */
#ifdef MMS_NO_INLINE
int mms_read(mms_reader *reader, mms_view *out);
int mms_refresh(mms_reader *reader, mms_view *view);
int mms_release(mms_reader *reader);
#endif

/* Copy the newest value; needs no write permission. *size and *generation (may be NULL) are set on success and on
   MMS_E_TOO_BIG, when capacity is too small. MMS_E_AGAIN: the writer was faster at every try; call again. */
int mms_read_copy(mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *generation);

/* Wait until the newest generation is not `seen`. MMS_E_TIMEOUT, MMS_E_GONE, -EINTR after a signal.
   timeout_ms: MMS_FOREVER, or 0 to check without waiting. The view stays. A cancellation point. */
int mms_wait(mms_reader *reader, uint64_t seen, int timeout_ms);
/* mms_wait for any thread, without a reader. A process whose region is read-only cannot be woken:
   it looks again after pauses that grow from 50 us to 10 ms. For event loops: mmsync/wait_fd.h. */
int mms_region_wait(mms_region *region, uint64_t seen, int timeout_ms);

/* The type id of the value in view. MMS_E_NO_VIEW. */
int mms_view_type(mms_reader *reader, uint64_t type_id[2]);
/* All that was published with that value. Discard it, like the view, if ending the view gives MMS_E_EVICTED. */
int mms_view_describe(mms_reader *reader, mms_view_info *out);

/* What may differ between the view that is held and the value of generation `since`, which is not
   newer: ranges within the view, ascending, with something equal between two of them. *count is
   how many there are; the first `capacity` are stored. What lies outside is equal.
   MMS_E_FORGOTTEN: all of it may differ, because a value since then was published as a whole, or
   it is too long ago. MMS_E_NO_VIEW, MMS_E_INVALID (`since` is newer), MMS_E_CORRUPT. MMS_E_EVICTED ends the view. */
int mms_changes(mms_reader *reader, uint64_t since, mms_range *out, size_t capacity, size_t *count);

/* Copy the newest value's schema text, as mms_read_copy copies the value; *size 0: none. type_id may be NULL, too. */
int mms_read_schema(mms_region *region, char *buffer, size_t capacity, size_t *size, uint64_t type_id[2],
                    uint64_t *generation);

/* The newest generation; 0 if there is none, or region is NULL. */
uint64_t mms_generation(mms_region *region);

/* ---- Removing ---- */

/* Remove a region: takes the writer's lock (MMS_E_BUSY while there is one), tells readers (MMS_E_GONE), unlinks. */
int mms_remove(const char *path);

/* The version of the running library: the MMS_VERSION that it was built with. */
const char *mms_version(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#include <mmsync/inspect.h>

#ifndef MMS_NO_INLINE
#include <mmsync/fast.h>
#endif
#endif
