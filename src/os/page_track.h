/* SPDX-License-Identifier: Apache-2.0 */
/* Finding out from the kernel which pages of a mapping were stored to (Linux 6.7: userfaultfd(2)
   with asynchronous write protection, and PAGEMAP_SCAN). The kernel notices stores through this
   mapping, by any thread and by system calls such as read(2). It misses stores through another
   mapping or a descriptor of the file, and those to pages that were pinned before, as for
   io_uring's registered buffers or for devices. */
#ifndef MMS_OS_PAGE_TRACK_H
#define MMS_OS_PAGE_TRACK_H

#include "os/file.h"

struct mms__page_track {
    struct mms__file faults; /* userfaultfd: closing it ends the tracking */
    struct mms__file pages;  /* /proc/self/pagemap of the process that opened it */
};

#define MMS__NO_PAGE_TRACK ((struct mms__page_track){MMS__NO_FILE, MMS__NO_FILE})

/* The calls that may fail. */
enum mms__page_track_call {
    MMS__TRACK_USERFAULTFD,
    MMS__TRACK_FEATURES, /* UFFDIO_API */
    MMS__TRACK_REGISTER, /* UFFDIO_REGISTER */
    MMS__TRACK_PAGEMAP,  /* opening it */
    MMS__TRACK_SCAN      /* PAGEMAP_SCAN */
};

/* Begin to track a mapping of a file; no page of it is protected yet. After -errno, *call says
   which call failed. No detail is stored, here and below. */
int mms__page_track_open(struct mms__page_track *track, const struct mms__mapping *mapping,
                         enum mms__page_track_call *call);
static inline bool mms__page_track_is_open(const struct mms__page_track *track)
{
    return track->pages.fd >= 0;
}
void mms__page_track_close(struct mms__page_track *track);

/* Notice stores to these pages from here on. `start` must be the start of a page. -EBADF: the host
   program has closed our descriptors. -EPERM: the mapping is no longer tracked. Open it again. */
int mms__page_track_protect(const struct mms__page_track *track, const void *start, size_t size);

/* Call `found` for all pages that may have been stored to since then: those that are not seen to
   be still protected. Offsets count from `start` and ascend; the last range may end after `size`,
   at the end of its page. Fails as above; then some pages may not have been found. */
typedef void mms__page_track_found(void *context, size_t offset, size_t length);
int mms__page_track_scan(const struct mms__page_track *track, const void *start, size_t size,
                         mms__page_track_found *found, void *context);

#endif
