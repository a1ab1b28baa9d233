/* SPDX-License-Identifier: Apache-2.0 */
/* mmsync: one large, read-mostly value, shared by one writer process with many reader processes on a host.

   A value lives in a region: a directory, "/dev/shm/NAME" for a bare NAME. The writer publishes whole values;
   each publish has a generation, a number that only grows. A reader pins the newest value and gets a view: a pointer
   into the mapped file, which stays valid and unchanged until it is released. Reading never waits, locks or copies.

   Functions return 0, or a negative code (mmsync/error.h); mms_last_error() then has the detail. Those that fail leave the
   outputs alone unless they say otherwise, but for two kinds: those that open store NULL for the handle, and a buffer that is
   copied to may hold anything. Sizes are in bytes, times in the unit that the name ends with.

   Threads: an mms_writer and an mms_reader serve one thread at a time; an mms_region serves all threads.
   Trust: a process that may write a region's file `readers` can hold slots, cause evictions, and keep others from
   opening the region; it cannot change data or make anybody accept damage. A process that may write any of the files,
   `readers` included, can truncate it, and then whoever has it mapped dies of SIGBUS: give that right (mode,
   readers_mode, gid) to those alone whom you trust that far, and mms_read_copy to the others.
   fork: every handle belongs to the process that opened it; in a child, calls on it return MMS_E_FORKED. */
#ifndef MMSYNC_H
#define MMSYNC_H

#include <mmsync/error.h>
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

typedef struct mms_writer mms_writer;
typedef struct mms_region mms_region;
typedef struct mms_reader mms_reader;

/* How readers and writer order their accesses. AUTO: asymmetric where membarrier(2) is allowed, else symmetric. */
typedef enum mms_fence { MMS_FENCE_AUTO, MMS_FENCE_SYMMETRIC, MMS_FENCE_ASYMMETRIC } mms_fence;

/* What a writer does when live readers hold every slot for longer than grace_ms. */
typedef enum mms_on_grace {
    MMS_REFUSE, /* return MMS_E_AGAIN; the receipt names the holders */
    MMS_EVICT,  /* take the slots of readers that opened with allow_evict; MMS_E_AGAIN if that gives none */
    MMS_RESET   /* mmap-sync's files only, and that crate's own way: take the slot from whoever holds it */
} mms_on_grace;

/* Whose files a region is made of. A path may say it too: "mmap-sync:PREFIX", "mmsync:REGION". */
typedef enum mms_format {
    MMS_FORMAT_AUTO,   /* by what is there: a directory is MMSYNC, else PREFIX_state is mmap-sync's; nothing: MMSYNC */
    MMS_FORMAT_MMSYNC, /* a directory */
    MMS_FORMAT_MMAP_SYNC /* PREFIX_state, PREFIX_data_0 and _1 of the Rust crate mmap-sync 2: docs/migrating.md has what
                            is different there */
} mms_format;

#define MMS_FOREVER (-1) /* for grace_ms, lock_wait_ms and the timeout of mms_wait */
#define MMS_NO_WAIT (-2) /* for grace_ms and lock_wait_ms, where 0 means the default */

/* Start from MMS_WRITER_OPTIONS_INIT. Zero means the default, in brackets. Geometry is fixed when a region is created;
   a later open may leave it zero, and gets MMS_E_GEOMETRY if it names another one. */
typedef struct mms_writer_options {
    size_t struct_size;
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
    gid_t gid;             /* creation: group of all files [the process's own] */
    uint64_t type_id[2];   /* stored with each value; readers that ask for a type refuse any other [none] */
    uint64_t tag;          /* stored with each value, for your own use [0] */
    bool checksum;         /* store an XXH3 of each value, for mms_verify; makes a commit linear in the size [false] */
    bool replace;          /* another geometry: build a new region, carry the value over, then remove the old [false] */
    bool force_filesystem; /* accept a file system outside the list that mmsync is tested on [false] */
    bool trust_owner;      /* bare names: accept a directory that belongs to trusted_uid as well [false] */
    uid_t trusted_uid;     /* [0] */
    mms_format format;     /* [MMS_FORMAT_AUTO] */
    bool unlocked;         /* mmap-sync's files only: take no write lock, as that crate does by default [false] */
    uint8_t reserved[3];   /* leave them 0 */
} mms_writer_options;

typedef struct mms_region_options {
    size_t struct_size;
    bool allow_evict;      /* let a writer with MMS_EVICT take slots from this region's readers [false] */
    bool prefault;         /* map all pages of a value into memory before the first view of it [false] */
    mms_fence fence;       /* MMS_FENCE_SYMMETRIC: never register with membarrier(2) [MMS_FENCE_AUTO] */
    bool read_only;        /* do not touch `readers`: mms_read_copy only [false; set by itself on EACCES] */
    uint64_t type_id[2];   /* refuse values of another type with MMS_E_TYPE [accept all] */
    bool force_filesystem; /* as for writers */
    bool detached;         /* a reader outlives the thread that opened it [false] */
    bool trust_owner;      /* as for writers */
    uid_t trusted_uid;
    mms_format format;   /* [MMS_FORMAT_AUTO] */
    bool foreign_hasher; /* mmap-sync's files only: the writer has another hasher than the crate's default, so a copy
                              without the right to count in cannot be compared with its checksum [false] */
    uint8_t reserved[3]; /* leave them 0 */
} mms_region_options;

/* What a read gives. `data` is aligned to 64 bytes. */
typedef struct mms_view {
    const void *data;
    size_t size;
    uint64_t generation;
    bool changed; /* differs from this reader's last view */
    uint64_t reserved[2];
} mms_view;

/* What a write did. Filled on success and on MMS_E_AGAIN. */
typedef struct mms_receipt {
    uint64_t generation;
    size_t size;
    unsigned slot;
    unsigned reclaimed; /* slots that this write got back from readers */
    unsigned evicted;   /* slots that it took away from readers */
    unsigned blockers;  /* reader lines that kept it waiting, MMS_E_AGAIN only */
    uint64_t waited_ns;
    pid_t blocker_pid[8]; /* the first of them, as they call themselves; 0 past the end */
    bool reset;           /* MMS_RESET: readers were counted still, and the count was set to 0 */
    uint8_t reserved_bytes[7];
    uint64_t reserved[3];
} mms_receipt;

typedef struct mms_info {
    uint64_t region_id[2];
    uint64_t max_size;
    uint32_t max_slots;
    uint32_t max_readers;
    uint64_t generation; /* 0: no value yet */
    uint64_t size;
    uint64_t type_id[2];
    uint64_t tag;
    uint64_t publish_time_ns; /* CLOCK_REALTIME, to some milliseconds */
    uint64_t checksum;        /* valid with has_checksum */
    bool has_checksum;
    bool symmetric;      /* fences of new readers */
    int writer_alive;    /* 1 or 0; -1: not known, for want of the right to open `lock` */
    pid_t writer_pid;    /* of the last writer, as it calls itself */
    unsigned slot;       /* of the current value */
    unsigned slots_used; /* slots that ever held a value */
    unsigned readers;    /* lines of live processes */
    unsigned readers_dead;
    uint64_t bytes_used; /* memory or disk that the region takes */
    mms_format format;
    uint32_t counts[2]; /* mmap-sync's files: views counted on PREFIX_data_0 and _1; `readers` is their sum */
    uint32_t reserved_word;
    uint64_t reserved[6];
} mms_info;

typedef struct mms_reader_info {
    pid_t pid, tid; /* as the reader calls itself, in its own PID namespace */
    bool alive;
    bool pinned; /* holds a view */
    bool symmetric, allow_evict;
    unsigned line;
    uint64_t generation; /* with pinned: the generation held, or the lowest one that may be */
    uint64_t reserved[4];
} mms_reader_info;

#ifdef __cplusplus
static inline mms_writer_options mms__writer_options_init(void)
{
    mms_writer_options options = mms_writer_options();
    options.struct_size = sizeof options;
    return options;
}
static inline mms_region_options mms__region_options_init(void)
{
    mms_region_options options = mms_region_options();
    options.struct_size = sizeof options;
    return options;
}
#define MMS_WRITER_OPTIONS_INIT mms__writer_options_init()
#define MMS_REGION_OPTIONS_INIT mms__region_options_init()
#else
/* clang-format off */
#define MMS_WRITER_OPTIONS_INIT { .struct_size = sizeof(mms_writer_options) }
#define MMS_REGION_OPTIONS_INIT { .struct_size = sizeof(mms_region_options) }
/* clang-format on */
#endif

/* ---- Writing: one process at a time, one thread at a time ---- */

/* Open the region for writing, and create it where there is none. Waits lock_wait_ms for another writer, then
   MMS_E_BUSY. The generations go on where the last writer stopped, however it ended. NULL options: all defaults. */
int mms_writer_open(const char *path, const mms_writer_options *options, mms_writer **out);

/* Publish a copy of size bytes. Size 0 is a value; then data may be NULL. receipt may be NULL, here and below.
   Errors, besides misuse: MMS_E_TOO_BIG, MMS_E_AGAIN, -ENOSPC, MMS_E_GONE, MMS_E_EXHAUSTED. The last value
   stays. */
int mms_write(mms_writer *writer, const void *data, size_t size, mms_receipt *receipt);

/* Build a value in place: *buffer has room for capacity bytes, aligned to 64, of undefined content. */
int mms_write_begin(mms_writer *writer, size_t capacity, void **buffer, mms_receipt *receipt);
/* More room; keeps what is written. *buffer does not move in this version, but use the one returned. */
int mms_write_grow(mms_writer *writer, size_t capacity, void **buffer);
/* Publish the first size bytes. Takes the same time for any size, unless a checksum is asked for. */
int mms_write_commit(mms_writer *writer, size_t size, mms_receipt *receipt);
/* Of the write that was begun, and of it alone: its type, in the place of the writer's option. schema is text that says
   what the type is, for tools; it is stored behind the value if there is room, and must stay until the commit. May be
   NULL. The files of mmap-sync have no room for either: there the call succeeds, and nothing is stored. */
int mms_writer_set_type(mms_writer *writer, const uint64_t type_id[2], const char *schema, size_t schema_size);
/* Give the room back; nothing is published. */
int mms_write_abort(mms_writer *writer);

/* Aborts a write that was begun, and gives up the writer's lock. NULL is allowed. The value stays for the readers. */
int mms_writer_close(mms_writer *writer);

/* ---- Reading ---- */

/* Map a region, once per process. Without the right to write `readers` the region opens for mms_read_copy alone:
   mms_region_read_only() tells, and mms_last_error() says why. */
int mms_region_open(const char *path, const mms_region_options *options, mms_region **out);
/* MMS_E_BUSY while a reader of it is open. Views die with it. NULL is allowed. */
int mms_region_close(mms_region *region);
bool mms_region_read_only(const mms_region *region);

/* A reader for one thread. It gives its line back when the thread that opened it ends, unless `detached`. */
int mms_reader_open(mms_region *region, mms_reader **out);
/* Ends the view, if there is one; MMS_E_EVICTED as mms_release. The handle is gone in any case. NULL is allowed. */
int mms_reader_close(mms_reader *reader);

/* mms_read     pins the newest value. A view that is still held ends first.
   mms_refresh  moves the pin if there is something newer, else leaves the view as it is; without a view, mms_read.
   mms_release  ends the view; MMS_E_NO_VIEW if there is none.
   Whichever ends a view returns MMS_E_EVICTED if the view was taken away before that: then what was read from it must
   be thrown away, and the reader holds nothing. Otherwise MMS_E_EMPTY, MMS_E_GONE, MMS_E_TYPE, MMS_E_CORRUPT: the
   reader holds nothing either. After an error the view given is empty: data NULL, size and generation 0. All three are
   wait-free, but at the files of mmap-sync (docs/migrating.md); they are inline where the compiler can (mmsync/fast.h). */
#ifdef MMS_NO_INLINE
int mms_read(mms_reader *reader, mms_view *out);
int mms_refresh(mms_reader *reader, mms_view *view);
int mms_release(mms_reader *reader);
#endif

/* Copy the newest value; needs no right to write. *size and *generation (both may be NULL) are set on success, and on
   MMS_E_TOO_BIG, when capacity is too small. MMS_E_AGAIN: the writer was faster at each of some tries; call again. */
int mms_read_copy(mms_region *region, void *buffer, size_t capacity, size_t *size, uint64_t *generation);

/* Wait until the newest generation is not `seen`. MMS_E_TIMEOUT, -EINTR after a signal, MMS_E_GONE. timeout_ms may be
   MMS_FOREVER, or 0 for a look. Does not touch the view. */
int mms_wait(mms_reader *reader, uint64_t seen, int timeout_ms);

/* The type id of the value that a view is held of; MMS_E_NO_VIEW. */
int mms_view_type(mms_reader *reader, uint64_t type_id[2]);

/* The schema text of the newest value, as mms_read_copy gives the value itself, outputs included: *size is 0 if none was
   stored. type_id and generation may be NULL. */
int mms_read_schema(mms_region *region, char *buffer, size_t capacity, size_t *size, uint64_t type_id[2],
                    uint64_t *generation);

/* The newest generation; 0 if there is none, or region is NULL. */
uint64_t mms_generation(mms_region *region);

/* ---- From outside: no writer need be alive ---- */

int mms_inspect(const char *path, mms_info *out);
/* The reader lines in use. *count is how many there are; the first `capacity` of them are stored. None at the files of
   mmap-sync, where readers are counted and not named: mms_inspect has the counts. */
int mms_inspect_readers(const char *path, mms_reader_info *out, size_t capacity, size_t *count);
/* Check every structure, and the checksum of the current value if it has one. MMS_E_CORRUPT if anything is wrong;
   report (may be NULL) gets one sentence for each finding. */
int mms_verify(const char *path, void (*report)(void *context, const char *finding), void *context);
/* Remove a region: takes the writer's lock (MMS_E_BUSY while there is one), tells readers (MMS_E_GONE), unlinks. */
int mms_remove(const char *path);

/* ---- The files of mmap-sync ---- */

/* What is there, or was asked for: MMS_FORMAT_AUTO only if the path is not one. */
mms_format mms_format_of(const char *path);
mms_format mms_region_format(const mms_region *region);
mms_format mms_reader_format(const mms_reader *reader);

/* A process that dies in a view leaves its count behind, and nothing in mmap-sync's files says whose it was. mms_repair
   takes such counts back
   - if no other process has mapped PREFIX_state: both counts become 0;
   - else if longest_view_ms is given: what is counted on the file that is not current for that long, without a publish,
     is taken off. Views begin on the current file, so it is right if no view lasts longer;
   - else with MMS_REPAIR_FORCE: both counts become 0, whoever is alive.
   Otherwise it changes nothing and returns MMS_E_AGAIN with the processes in `out`, which may be NULL. It cannot see
   processes of another PID namespace: run it where the readers run. */
enum mms_repair_flags { MMS_REPAIR_FORCE = 1 };
typedef struct mms_repair_report {
    uint32_t before[2]; /* the counts; above 0x7fffffff: below 0, as more readers have left than came */
    uint32_t after[2];
    unsigned suspects; /* other processes that have mapped PREFIX_state */
    unsigned unseen;   /* processes of other users, at which this one may not look */
    pid_t suspect_pid[8];
    uint64_t reserved[4];
} mms_repair_report;
int mms_repair(const char *path, unsigned flags, int longest_view_ms, mms_repair_report *out);

/* The version of the library that runs: MMS_VERSION of its header. */
const char *mms_version(void);

#ifdef __cplusplus
}
#endif

#ifndef MMS_NO_INLINE
#include <mmsync/fast.h>
#endif
#endif
