/* SPDX-License-Identifier: Apache-2.0 */
/* Files and mappings. A host program may close our descriptors under us (closefrom) and get their
   numbers again for files of its own, so check what a descriptor is before using it. Mappings
   stay. */
#ifndef MMS_OS_FILE_H
#define MMS_OS_FILE_H

#include "base/round.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

struct mms__file {
    int fd; /* -1: none */
    dev_t device;
    ino_t inode;
    off_t mark; /* of a file that holds a lock: see mms__lock_file_keep */
};

#define MMS__NO_FILE ((struct mms__file){.fd = -1})

/* Open a regular file (with O_DIRECTORY: a directory) in `directory`; never through a symbolic
   link, never blocking, never as descriptor 0 to 2. -errno, or MMS_E_NOT_REGION for another
   kind of file; no detail is stored. */
int mms__file_open(int directory, const char *name, int flags, mode_t mode, struct mms__file *file);

/* The same for a descriptor that another call has just opened: it becomes the file's, or is closed
   if this fails. */
int mms__file_adopt(int fd, struct mms__file *file);

/* True if this device and inode, from stat(2), are the file's. */
bool mms__file_is(const struct mms__file *file, dev_t device, ino_t inode);

/* fstat(2) of a file, if its descriptor is still what was opened; -EBADF if it is not, else
   -errno. No detail is stored. */
int mms__file_stat(const struct mms__file *file, struct stat *status);
/* True if it still is, or that cannot be determined. */
bool mms__file_is_ours(const struct mms__file *file);

/* Open the file again by name if its descriptor was lost; MMS_E_GONE if another file has that
   name now. */
int mms__file_ensure(struct mms__file *file, const char *directory, const char *name, int flags);

/* Close it, unless the descriptor belongs to somebody else now. */
void mms__file_close(struct mms__file *file);

struct mms__mapping {
    void *base; /* NULL: none */
    size_t size;
};

/* Map the start of a file, shared, left out of core dumps, so that huge pages of the file can be
   used as such. `private_to_process`: a forked child does not get it. -errno; no detail is
   stored. */
int mms__map_file(int fd, size_t size, int protection, bool private_to_process, struct mms__mapping *mapping);
/* Reserve address space without memory, to find out whether there is enough. -errno; no detail is
   stored. */
int mms__map_reserve(size_t size, struct mms__mapping *mapping);
/* Zeroed private memory, which is zeroed again in a forked child. */
int mms__map_wiped(size_t size, struct mms__mapping *mapping);
void mms__unmap(struct mms__mapping *mapping);
/* Replace a mapping by zeros, atomically for concurrent readers. Without memory for that it stays as it is. */
void mms__map_zeros_over(const struct mms__mapping *mapping);

/* Fault pages in ahead of use. This only saves time, but with `for_writing` it returns -errno
   where a store would raise SIGBUS. 0 on kernels that cannot do it (before 5.14). */
int mms__populate(void *start, size_t size, bool for_writing);

/* The page size of a file on tmpfs if its pages are huge (mount option huge=), else 0. */
size_t mms__huge_page_size(int fd);
/* Use small pages for memory that is first stored to through this mapping. */
void mms__forbid_huge_pages(const struct mms__mapping *mapping);
/* Bring a file's pages into memory one by one, instead of many as one folio, of which the kernel writes all to the disk when
   a byte of it has changed. */
void mms__map_small_pages(const struct mms__mapping *mapping);
/* As mms__populate for writing, but -EOPNOTSUPP where the kernel cannot. It obeys
   mms__forbid_huge_pages; fallocate does not. */
int mms__populate_or_refuse(void *start, size_t size);

/* Reserve room on disk or in memory, in pieces, so that signals cannot hold it up forever. */
int mms__allocate(int fd, uint64_t offset, uint64_t size);
/* Give room back; the bytes then read as zeros. */
int mms__punch(int fd, uint64_t offset, uint64_t size);

/* Read exactly this much, however often a signal interrupts it; -EIO if the file ends before. */
int mms__read_at(int fd, void *to, size_t size, uint64_t offset);

/* Write all of it, however often it is interrupted. */
int mms__write_at(int fd, const void *from, size_t size, uint64_t offset);

/* Get a file's data to the disk; the whole file, or a directory, with all that the file system knows of it. After an error
   the pages may count as written, so never try it again. -errno. */
int mms__sync_data(int fd);
int mms__sync(int fd);

/* Make a file this long. */
int mms__set_length(int fd, uint64_t size);

/* Random bytes from the kernel. -errno; no detail is stored. */
int mms__random(void *bytes, size_t size);

size_t mms__page_size(void);

#endif
