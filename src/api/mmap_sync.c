/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that only the files of mmap-sync have. */
#include "api/backend.h"
#include "base/error.h"
#include "handle/writer.h"
#include "mmap_sync/backend.h"
#include "os/cancel.h"
#include <mmsync/mmap_sync.h>

bool mms_is_mmap_sync(const char *path)
{
    MMS__HOLD_CANCEL(before);
    const struct mms__backend *backend;
    struct mms__place place;

    return mms__backend_find(path, &place, &backend) == 0 && backend == &mms__mmap_sync;
}

bool mms_mmap_sync_was_reset(const mms_writer *writer)
{
    return writer && writer->backend == &mms__mmap_sync && mms__mmap_sync_was_reset(writer);
}

int mms_mmap_sync_inspect(const char *path, mms_mmap_sync_info *out)
{
    MMS__HOLD_CANCEL(before);
    const struct mms__backend *backend;
    struct mms__place place;
    int code;

    if (!out)
        return mms__fail(MMS_E_INVALID, "mms_mmap_sync_inspect: out is NULL");
    code = mms__backend_find(path, &place, &backend);
    if (code != 0)
        return code;
    if (backend != &mms__mmap_sync)
        return mms__fail(MMS_E_INVALID, "looking at %s: it is not mmap-sync's; use mms_inspect", place.path);
    return mms__mmap_sync_inspect_counts(&place, out);
}

int mms_repair(const char *path, unsigned flags, int longest_view_ms, mms_repair_report *out)
{
    MMS__HOLD_CANCEL(before);
    const struct mms__backend *backend;
    struct mms__place place;
    int code = mms__backend_find(path, &place, &backend);

    if (code != 0)
        return code;
    if (backend != &mms__mmap_sync)
        return mms__fail(MMS_E_INVALID,
                         "repairing %s: it is not a file of mmap-sync; mmsync's own regions need no repair",
                         place.path);
    if ((flags & ~(unsigned)MMS_REPAIR_FORCE) != 0 || longest_view_ms < 0)
        return mms__fail(MMS_E_INVALID, "repairing %s: unknown flags, or a time below 0", place.path);
    return mms__mmap_sync_repair(&place, flags, longest_view_ms, out);
}
