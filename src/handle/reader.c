/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/reader.h"
#include <string.h>

struct mms_reader *mms__reader_begin(struct mms_region *region, uint32_t index, uintptr_t thread)
{
    struct mms_reader *reader = mms__reader_at(region, index);

    memset(reader, 0, region->backend->reader_size);
    reader->head.state = MMS__READY_SLOW;
    reader->region = region;
    reader->thread = thread;
    reader->index = index;
    reader->open = true;
    region->readers_open++;
    if (region->handles_used <= index)
        region->handles_used = index + 1;
    return reader;
}

int mms__reader_end(struct mms_reader *reader)
{
    const struct mms__backend *backend = reader->region->backend;
    int code = mms__reader_is_held(reader) ? backend->end(reader) : 0;

    /* Before the shared state is given back: a thread of this process that claims that sets up
       this handle again. */
    reader->head.state = MMS__CLOSED;
    reader->thread = 0;
    reader->open = false;
    reader->region->readers_open--;
    MMS__STEP(close_begun);
    backend->reader_closed(reader);
    return code;
}
