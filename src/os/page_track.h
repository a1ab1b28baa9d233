/* SPDX-License-Identifier: Apache-2.0 */
/* Which pages of a mapping were stored to, as the kernel tells (Linux 6.7: userfaultfd(2) with
   asynchronous write protection, PAGEMAP_SCAN). It notices stores through this mapping by any
   thread and by system calls such as read(2). It does not notice those through another mapping or
   a descriptor of the file, nor those to pages that it had pinned before, as for io_uring's
   registered buffers and for devices. */
#ifndef MMS_OS_PAGE_TRACK_H
#define MMS_OS_PAGE_TRACK_H

#include "os/file.h"

struct mms__page_track {
    struct mms__file faults; /* userfaultfd: when it is closed, nothing is noticed any more */
    struct mms__file pages;  /* /proc/self/pagemap: of the process that opened it */
};

#define MMS__NO_PAGE_TRACK ((struct mms__page_track){MMS__NO_FILE, MMS__NO_FILE})

/* What may be refused. */
enum mms__page_track_call {
    MMS__TRACK_USERFAULTFD,
    MMS__TRACK_FEATURES, /* UFFDIO_API */
    MMS__TRACK_REGISTER, /* UFFDIO_REGISTER */
    MMS__TRACK_PAGEMAP,  /* opening it */
    MMS__TRACK_SCAN      /* PAGEMAP_SCAN */
};

/* Track all of a mapping of a file; nothing in it is protected yet. -errno, and *call says of
   what; no detail is stored, here and below. */
int mms__page_track_open(struct mms__page_track *track, const struct mms__mapping *mapping,
                         enum mms__page_track_call *call);
static inline bool mms__page_track_is_open(const struct mms__page_track *track)
{
    return track->pages.fd >= 0;
}
void mms__page_track_close(struct mms__page_track *track);

/* Notice the stores to these pages from here on. `start` is the start of a page. -EBADF if a host
   has closed our descriptors, -EPERM if the mapping is no longer tracked: open it again. */
int mms__page_track_protect(const struct mms__page_track *track, const void *start, size_t size);

/* Call `found` for the pages in which there may have been a store since then: all that are not
   seen to be protected still. Offsets ascend, and are from `start`; they may reach to the end of the last page.
   Fails as above; what was found by then may not be all. */
typedef void mms__page_track_found(void *context, size_t offset, size_t length);
int mms__page_track_scan(const struct mms__page_track *track, const void *start, size_t size,
                         mms__page_track_found *found, void *context);

#endif
