/* SPDX-License-Identifier: Apache-2.0 */
#include "handle/writer.h"
#include "base/error.h"
#include "os/byte_lock.h"
#include "os/cancel.h"
#include <errno.h>
#include <mmsync/step.h>
#include <stdlib.h>

int mms__writer_make(const struct mms__backend *backend, struct mms_writer **out)
{
    struct mms_writer *writer = backend->writer_new();
    int code;

    if (!writer)
        return -ENOMEM;
    writer->process = mms__process_token();
    writer->backend = backend;
    writer->place.directory = MMS__NO_FILE;
    code = mms__member_join(&writer->member);
    if (code == 0)
        *out = writer;
    else
        free(writer);
    return code;
}

void mms__writer_free(struct mms_writer *writer, bool inherited)
{
    if (!inherited) /* a child is not on the list */
        mms__member_leave(&writer->member);
    writer->backend->writer_free(writer, inherited);
    mms__place_close(&writer->place);
    free(writer->table);
    free(writer);
}

int mms__writer_grow(struct mms_writer *writer, size_t capacity, void **buffer)
{
    int code = writer->backend->grow(writer, capacity, buffer);

    if (code != 0)
        return code;
    MMS__STEP(write_grown);
    if (writer->capacity < capacity)
        writer->capacity = capacity;
    writer->buffer = *buffer;
    return 0;
}

int mms__writer_fail_gone(const struct mms_writer *writer)
{
    return mms__fail(
        MMS_E_GONE,
        "writing %s: its files were deleted, moved or replaced by hand, so nobody would read this; open the "
        "writer again",
        writer->place.path);
}

int mms__writer_look_at_lock(const struct mms_writer *writer, const struct mms__file *lock)
{
    MMS__HOLD_CANCEL(before);

    if (mms__lock_file_is_kept(lock))
        return 0;
    return mms__fail(MMS_E_GONE,
                     "writing %s: this program has closed the descriptor that held the writer's lock, and another may "
                     "have it; open the writer again",
                     writer->place.path);
}
