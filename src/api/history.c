/* SPDX-License-Identifier: Apache-2.0 */
/* The calls on values that were retired. */
#include "api/backend.h"
#include "api/writer.h"
#include "base/error.h"
#include "os/cancel.h"
#include <mmsync/history.h>

static int refuse(const char *call, const char *path)
{
    return mms__fail(MMS_E_INVALID, "%s: %s has files of mmap-sync, which hold no older values to go back to", call,
                     path);
}

int mms_history(const char *path, mms_past_value *out, size_t capacity, size_t *count)
{
    MMS__HOLD_CANCEL(before);
    const struct mms__backend *backend;
    struct mms__place place;
    int code;

    if (!count || (!out && capacity > 0))
        return mms__fail(MMS_E_INVALID, "mms_history: %s is NULL", count ? "out" : "count");
    code = mms__backend_find(path, &place, &backend);
    if (code != 0)
        return code;
    return backend->history ? backend->history(&place, out, capacity, count) : refuse("mms_history", place.path);
}

int mms_write_rollback(mms_writer *writer, uint64_t generation, mms_receipt *receipt)
{
    int code = mms__writer_check(writer, false, "mms_write_rollback");

    if (code != 0)
        return code;
    return writer->backend->rollback ? writer->backend->rollback(writer, generation, receipt)
                                     : refuse("mms_write_rollback", writer->place.path);
}
