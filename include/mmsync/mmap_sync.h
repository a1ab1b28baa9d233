/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the Rust crate mmap-sync 2: PREFIX_state, PREFIX_data_0 and PREFIX_data_1.

   The calls of mmsync.h work on them, next to running processes of the crate. The path
   "mmap-sync:PREFIX" names them, and so does PREFIX alone where they are. They differ from a region
   in this; docs/migrating.md has the rest:
   - A generation is the crate's version word: it changes with each publish, but does not grow.
   - There are two values, and no room for a type, a schema, a tag or a time. Options that ask for
     these are refused, and so is mms_write_set_tag of anything but 0; mms_write_set_type succeeds
     but stores nothing; mms_view_describe and mms_view_type give zeros.
   - mms_write_update copies the value, and the commit copies it again. Touches are checked, and
     then forgotten: mms_changes gives MMS_E_FORGOTTEN.
   - Readers are counted, not named: mms_inspect_readers lists none, MMS_EVICT is refused, and a
     process that dies in a view leaves its count behind (mms_repair).
   - Reads are not wait-free, and a signal handler may not make them. A write waits for readers in
     its commit, which takes time linear in the size and can be repeated after MMS_E_AGAIN. */
#ifndef MMSYNC_MMAP_SYNC_H
#define MMSYNC_MMAP_SYNC_H

#include <mmsync.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* the library hides what no header declares */

/* What mms_writer_options.mmap_sync points to during the open; NULL: all defaults. Start from
   MMS_MMAP_SYNC_WRITER_OPTIONS_INIT. A region refuses whatever is set here. */
typedef struct mms_mmap_sync_writer_options {
    size_t struct_size;
    /* The hasher of the crate's Synchronizer, if it is not the default: hashes a whole value, whose
       version has the lower 24 bits of the hash. Called by each write, in its thread, as long as the
       writer is open; it must return normally. hash_context is passed through [NULL: wyhash] */
    uint64_t (*hash)(void *context, const void *data, size_t size);
    void *hash_context;
    /* Take no write lock, as the crate does by default [false] */
    bool unlocked;
    /* After grace_ms take the value from its readers, as the crate does [false: MMS_E_AGAIN] */
    bool reset;
    uint8_t reserved[6]; /* leave them 0 */
} mms_mmap_sync_writer_options;

/* The same for mms_region_options.mmap_sync; start from MMS_MMAP_SYNC_REGION_OPTIONS_INIT. */
typedef struct mms_mmap_sync_region_options {
    size_t struct_size;
    /* The writer's hasher is not the crate's default, so mms_read_copy of a read-only region cannot
       compare its copy with the checksum, and does without [false] */
    bool other_hasher;
    uint8_t reserved[7]; /* leave them 0 */
} mms_mmap_sync_region_options;

#ifdef __cplusplus
MMS__DEFINE_INIT(mms_mmap_sync_writer_options)
MMS__DEFINE_INIT(mms_mmap_sync_region_options)
#endif
#define MMS_MMAP_SYNC_WRITER_OPTIONS_INIT MMS__INIT(mms_mmap_sync_writer_options)
#define MMS_MMAP_SYNC_REGION_OPTIONS_INIT MMS__INIT(mms_mmap_sync_region_options)

/* Whether a path leads to such files, by its scheme or else by the files that exist. */
bool mms_is_mmap_sync(const char *path);

/* Whether the writer's last write took the value from readers that were still counted (`reset`). */
bool mms_mmap_sync_was_reset(const mms_writer *writer);

/* What mms_inspect has no room for. */
typedef struct mms_mmap_sync_info {
    /* Views counted on PREFIX_data_0 and _1; above 0x7fffffff means below 0, as more readers have
       left than came. mms_info.readers is the sum of those that are not. */
    uint32_t counts[2];
    uint64_t reserved[4];
} mms_mmap_sync_info;
/* MMS_E_INVALID for a region; else as mms_inspect. */
int mms_mmap_sync_inspect(const char *path, mms_mmap_sync_info *out);

/* What mms_repair found and did. */
typedef struct mms_repair_report {
    uint32_t before[2]; /* the counts, as in mms_mmap_sync_info */
    uint32_t after[2];
    unsigned suspects; /* other processes that have mapped PREFIX_state */
    unsigned unseen;   /* processes of other users, which this one may not inspect */
    pid_t suspect_pid[8];
    uint64_t reserved[4];
} mms_repair_report;
enum mms_repair_flags { MMS_REPAIR_FORCE = 1 };
/* A process that dies in a view leaves its count behind, and nothing in the files says whose it
   was. mms_repair takes such counts back
   - if no other process has mapped PREFIX_state: both counts become 0;
   - else if longest_view_ms is given: counts that stay that long on the file that is not current,
     without a publish, are taken off. Views begin on the current file, so this is right if no view
     lasts longer;
   - else with MMS_REPAIR_FORCE: both counts become 0, whoever is alive.
   Otherwise it changes nothing and returns MMS_E_AGAIN, with those processes in `out`, which may be
   NULL. It cannot see processes in another PID namespace: run it where the readers run. A region
   needs no repair: MMS_E_INVALID. */
int mms_repair(const char *path, unsigned flags, int longest_view_ms, mms_repair_report *out);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
