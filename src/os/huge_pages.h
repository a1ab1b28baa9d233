/* SPDX-License-Identifier: Apache-2.0 */
/* Huge pages: what one entry of a page table of the second level covers, 2 MiB on most machines.
   On tmpfs the kernel makes them of the pages of a file when it is asked to (Linux 6.1), without
   rights and without mount options. Only maps that agree with the file modulo a huge page can use
   them as such. */
#ifndef MMS_OS_HUGE_PAGES_H
#define MMS_OS_HUGE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes in a huge page. 0 on 32 bits: there is too little address space to align in. */
size_t mms__huge_page(void);

/* An address for a map of `size` bytes that is a multiple of a huge page and was free a moment
   ago; NULL: none was found, or the size does not call for one. */
void *mms__find_aligned(size_t size);

/* Whether the kernel knows the request for huge pages. It may still refuse it for a file. Not for
   32 bits, here and below. */
bool mms__can_collapse(void);

/* Put what lies from `offset` to `offset + size` of a file on tmpfs into huge pages; both are
   multiples of one. Content stays; holes become zeros that take memory. *made: how many bytes are
   in huge pages now. -errno if that is not all of them: -ENOMEM there is no memory in one piece;
   -EBUSY the group of this process (cgroup) may have no more; -EAGAIN somebody keeps a page from
   moving; -EINVAL refused, or the file system is full. No detail is stored. */
int mms__collapse(int fd, uint64_t offset, uint64_t size, uint64_t *made);

#endif
