/* SPDX-License-Identifier: Apache-2.0 */
/* What the setters of typed values need from the writer. */
#include "api/typed.h"
#include "api/writer.h"
#include "base/error.h"
#include <string.h>

void mms__write_updated(const mms_writer *writer, struct mms__updated *out)
{
    *out = (struct mms__updated){.path = writer->place.path};
    out->has_types = writer->backend->updated != NULL;
    if (out->has_types)
        out->generation = writer->backend->updated(writer, out->type_id, &out->serialized);
    else
        out->generation = writer->updated > 0; /* in mmap-sync's files an empty value is none */
}

void mms__write_allow_setters(mms_writer *writer)
{
    writer->setting = true;
    writer->vouched = writer->options.track == MMS_TRACK_TOUCHES; /* else anybody may store to its bytes */
}

int mms__write_check_setters(const mms_writer *writer)
{
    int code = mms__writer_check(writer, true, "setting a part of a value");

    if (code != 0 || writer->setting)
        return code;
    return mms__fail(MMS_E_INVALID,
                     "setting a part of a value: the write to %s was not begun by the update function of a type; "
                     "begin it with that, or change the bytes with mms_write_patch",
                     writer->place.path);
}

bool mms__write_holds(const mms_writer *writer, const void *at, size_t size)
{
    uintptr_t offset = (uintptr_t)at - (uintptr_t)writer->buffer; /* wraps for a place before it */

    return offset <= writer->updated && size <= writer->updated - offset;
}

void mms__write_set(mms_writer *writer, const void *at, const void *data, size_t size)
{
    size_t offset = (uintptr_t)at - (uintptr_t)writer->buffer;

    mms__writer_touch(writer, offset, size);
    memmove((char *)writer->buffer + offset, data, size); /* data may lie in the same buffer */
}
