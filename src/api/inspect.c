/* SPDX-License-Identifier: Apache-2.0 */
/* The calls on a region from outside, by its path. */
#include "api/backend.h"
#include "base/error.h"
#include "os/cancel.h"
#include <errno.h>

int mms_inspect(const char *path, mms_info *out)
{
    MMS__HOLD_CANCEL(before);
    const struct mms__backend *backend;
    struct mms__place place;
    int code;

    if (!out)
        return mms__fail(MMS_E_INVALID, "mms_inspect: out is NULL");
    code = mms__backend_find(path, &place, &backend);
    return code == 0 ? backend->inspect(&place, out) : code;
}

int mms_inspect_readers(const char *path, mms_reader_info *out, size_t capacity, size_t *count)
{
    MMS__HOLD_CANCEL(before);
    const struct mms__backend *backend;
    struct mms__place place;
    int code;

    if (!count || (!out && capacity > 0))
        return mms__fail(MMS_E_INVALID, "mms_inspect_readers: %s is NULL", count ? "out" : "count");
    code = mms__backend_find(path, &place, &backend);
    return code == 0 ? backend->inspect_readers(&place, out, capacity, count) : code;
}

int mms_verify(const char *path, void (*report)(void *context, const char *finding), void *context)
{
    MMS__HOLD_CANCEL(before);
    const struct mms__backend *backend;
    struct mms__place place;
    int code = mms__backend_find(path, &place, &backend);

    if (code == 0)
        return backend->verify(&place, report, context);
    if (report && code != -ENOENT)
        report(context, mms_last_error());
    return code;
}

int mms_remove(const char *path)
{
    MMS__HOLD_CANCEL(before);
    const struct mms__backend *backend;
    struct mms__place place;
    int code = mms__backend_find(path, &place, &backend);

    return code == 0 ? backend->remove(&place) : code;
}
