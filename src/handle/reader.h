/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's handle, as far as all kinds of files share it. Each has a struct of its own that begins with this one, in an
   arena of its region. */
#ifndef MMS_HANDLE_READER_H
#define MMS_HANDLE_READER_H

#include "handle/region.h"
#include <mmsync/fast.h>

struct mms_reader {
    struct mms__reader_head head;
    struct mms_region *region;
    uintptr_t thread; /* that opened it; 0: no thread's end closes it */
    uint32_t index;
    bool open; /* under the region's mutex: of the handles of other threads this and `thread` alone may be looked at */
};

/* How far the structs that begin with it are aligned: two cache lines, for processors that fetch pairs. */
#define MMS__READER_ALIGNMENT 128

_Static_assert(sizeof(struct mms__view_head) == offsetof(mms_view, reserved) &&
                   offsetof(struct mms__view_head, changed) == offsetof(mms_view, changed),
               "the fields of a view, in its order");
_Static_assert(sizeof(struct mms__reader_head) <= 64, "the head is one cache line");
_Static_assert(offsetof(struct mms_reader, head) == 0, "the inline functions see the head alone");

static inline struct mms_reader *mms__reader_at(const struct mms_region *region, uint32_t index)
{
    return (struct mms_reader *)(void *)((char *)region->arena.base + index * region->backend->reader_size);
}

static inline bool mms__reader_is_held(const struct mms_reader *reader)
{
    return reader->head.state == MMS__HELD || reader->head.state == MMS__HELD_SLOW;
}

/* With the region's mutex held: a handle that is not open, as one without a view whose calls are all slow. */
struct mms_reader *mms__reader_begin(struct mms_region *region, uint32_t index, uintptr_t thread);
/* With the region's mutex held: end the reader's view, if there is one, and close it. MMS_E_EVICTED. */
int mms__reader_end(struct mms_reader *reader);

#endif
