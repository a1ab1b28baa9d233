/* SPDX-License-Identifier: Apache-2.0 */
/* What a program writes to the files of one region, and when it syncs them: each page as it was at each named point of the
   library (steps.h), so also what is stored through mappings. fdatasync and fsync of this program end here: they are noted,
   or fail on demand, and never reach the disk. pread and pwrite work as ever, but reads may fail on demand. */
#ifndef POWER_DISK_H
#define POWER_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_file { DISK_CONTROL, DISK_READERS, DISK_DATA, DISK_DURABLE, DISK_CHANGES, DISK_FILES };
enum { DISK_PAGE = 4096, DISK_SECTOR = 512 };

struct disk_event {
    enum disk_kind {
        DISK_WRITE,   /* page `number` of a file has these bytes from here on, in memory */
        DISK_SYNC,    /* and what was written to that file is on the disk */
        DISK_FAILED,  /* a sync of that file fails: what was written to it never gets there, and counts as written */
        DISK_BEGUN,   /* a commit of value `number` may begin from here on */
        DISK_RETURNED /* value `number` is promised from here on */
    } kind;
    enum disk_file file;
    uint64_t number;
    unsigned char *bytes;
};

/* What was on the disk at first, and what came then. */
struct disk_log {
    unsigned char *image[DISK_FILES]; /* NULL: no such file */
    size_t size[DISK_FILES];
    struct disk_event *events;
    size_t count, room;
};

extern const char *const disk_names[DISK_FILES];

/* From here on, of the region at `path`, which must exist. All that is in its files counts as synced. */
void disk_record(const char *path);
/* A commit begins or has returned. */
void disk_note(enum disk_kind kind, uint64_t number);
/* Give away what was recorded; free it with disk_free. */
struct disk_log disk_stop(void);
void disk_free(struct disk_log *log);

/* From here on: sync number `nth` and those after it fail; 0: none. disk_syncs counts them. */
void disk_fail_syncs(unsigned nth, int error);
/* The same for that one alone. */
void disk_fail_sync(unsigned nth, int error);
unsigned disk_syncs(void);
/* From here on: read number `nth` of a file by pread, and no other, fails; 0: none. True if it has. */
void disk_fail_read(unsigned nth, int error);
bool disk_read_failed(void);
/* From here on, or no longer: pages cannot be brought into memory ahead of stores to them. */
void disk_fail_populates(bool fail);
/* Call this before each sync; NULL: nothing. */
void disk_before_syncs(void (*function)(void));
/* True if a file or directory was synced since disk_forget_syncs. */
bool disk_was_synced(const char *path);
void disk_forget_syncs(void);

#endif
