/* SPDX-License-Identifier: Apache-2.0 */
/* Huge pages: what one entry of a second-level page table covers, 2 MiB on most machines. On tmpfs
   the kernel makes them out of a file's pages when it is asked to (Linux 6.1), which takes no
   rights and no mount option. A mapping can use them as such only if its address and its offset in
   the file are equal modulo the size of a huge page. */
#ifndef MMS_OS_HUGE_PAGES_H
#define MMS_OS_HUGE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes in a huge page; 0 on 32 bits, which have too little address space to align mappings. */
size_t mms__huge_page(void);

/* An address at a multiple of a huge page where there was room for `size` bytes a moment ago.
   NULL: none was found, or `size` is less than a huge page. */
void *mms__find_aligned(size_t size);

/* Whether the kernel knows MADV_COLLAPSE. It may still refuse it for a file. Not to be called on
   32 bits, nor is mms__collapse. */
bool mms__can_collapse(void);

/* Put `size` bytes from `offset` of a file on tmpfs into huge pages; both are multiples of one.
   Content stays; holes become zeros that take memory. Stores in *made how many bytes are in huge
   pages now. If that is not all of them, returns -errno: -ENOMEM for want of contiguous memory,
   -EBUSY if the cgroup may have no more, -EAGAIN if something keeps a page from moving, -EINVAL if
   the kernel refuses or the file system is full. No detail is stored. */
int mms__collapse(int fd, uint64_t offset, uint64_t size, uint64_t *made);

#endif
