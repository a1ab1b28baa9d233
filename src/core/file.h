/* SPDX-License-Identifier: Apache-2.0 */
/* Files and maps. A host program may close our descriptors under us (closefrom) and get the numbers again for files of
   its own, so a descriptor is used only after a look at what stands behind it. Maps stay. */
#ifndef MMS_FILE_H
#define MMS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct mms__file {
    int fd; /* -1: none */
    dev_t device;
    ino_t inode;
};

#define MMS__NO_FILE ((struct mms__file){.fd = -1})

/* Open a regular file (or with O_DIRECTORY a directory) below `directory`; never through a symbolic link, never
   blocking, never on descriptors 0 to 2. -errno, or MMS_E_NOT_REGION for another kind of file; no detail is stored. */
int mms__file_open(int directory, const char *name, int flags, mode_t mode, struct mms__file *file);

/* True if that is what stat(2) says of a file. */
bool mms__file_is(const struct mms__file *file, dev_t device, ino_t inode);

/* 1 and its status if the descriptor still is the file that was opened, 0 if not, -errno if that cannot be seen. */
int mms__file_look(const struct mms__file *file, struct stat *status);
/* True if it is, or cannot be looked at. */
bool mms__file_is_ours(const struct mms__file *file);

/* Get a lost descriptor back by name; MMS_E_GONE if another file has the name by now. */
int mms__file_ensure(struct mms__file *file, const char *directory, const char *name, int flags);

/* Closes it, unless the number belongs to somebody else by now. */
void mms__file_close(struct mms__file *file);

struct mms__map {
    void *base; /* NULL: none */
    size_t size;
};

/* Map the start of a file, shared, left out of core dumps. `private_to_process`: a forked child does not get it.
   -errno; no detail is stored. */
int mms__map_file(int fd, size_t size, int protection, bool private_to_process, struct mms__map *map);
/* Zeroed private memory that a forked child finds zeroed. */
int mms__map_wiped(size_t size, struct mms__map *map);
void mms__unmap(struct mms__map *map);

/* Fault pages in ahead of use; a matter of speed, except that `for_writing` returns -errno where a store would raise
   SIGBUS. Kernels that cannot do it (before 5.14) count as success. */
int mms__populate(void *start, size_t size, bool for_writing);

/* Reserve room on disk or in memory, in pieces so that signals cannot stop it for ever. */
int mms__allocate(int fd, uint64_t offset, uint64_t size);
/* Give room back; the bytes read as zero. */
int mms__punch(int fd, uint64_t offset, uint64_t size);

/* Read all of it, however often it is interrupted; -EIO at an early end. */
int mms__read_at(int fd, void *to, size_t size, uint64_t offset);

/* Make a file this long. */
int mms__set_length(int fd, uint64_t size);

/* Random bytes from the kernel. -errno; no detail is stored. */
int mms__random(void *bytes, size_t size);

size_t mms__page_size(void);
/* To a power of two. */
uint64_t mms__round_up(uint64_t value, uint64_t unit);

#endif
