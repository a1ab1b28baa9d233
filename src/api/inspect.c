/* SPDX-License-Identifier: Apache-2.0 */
/* The calls on a region from outside, by its path. */
#include "api/backend.h"
#include "base/error.h"
#include "handle/findings.h"
#include "handle/inspector.h"
#include "os/cancel.h"
#include <errno.h>
#include <stdlib.h>

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

static int look(mms_inspector *inspector, mms_info *out)
{
    const struct mms__backend *backend = inspector->backend;

    return backend->inspect_again ? backend->inspect_again(inspector, out) : backend->inspect(&inspector->place, out);
}

static void forget(mms_inspector *inspector)
{
    if (inspector->kept)
        inspector->backend->inspector_closing(inspector);
}

/* The path may lead to files of the other kind by now. A back end that keeps what it looks at says so by failing. */
static int look_again(mms_inspector *inspector, mms_info *out)
{
    const struct mms__backend *backend;
    int code;

    if (inspector->is_named)
        return look(inspector, out);
    if (inspector->backend->inspect_again && look(inspector, out) == 0)
        return 0;
    code = mms__backend_recognise(&inspector->place, &backend);
    if (code != 0)
        return code;
    if (backend != inspector->backend)
        forget(inspector);
    inspector->backend = backend;
    return look(inspector, out);
}

static void release(mms_inspector *inspector)
{
    forget(inspector);
    free(inspector);
}

int mms_inspector_open(const char *path, mms_inspector **out)
{
    MMS__HOLD_CANCEL(before);
    const struct mms__backend *backend;
    mms_inspector *inspector;
    struct mms__place place;
    mms_info info;
    int code;

    if (!out)
        return mms__fail(MMS_E_INVALID, "mms_inspector_open: out is NULL");
    *out = NULL;
    code = mms__backend_find(path, &place, &backend);
    if (code != 0)
        return code;
    inspector = calloc(1, sizeof *inspector);
    if (!inspector)
        return mms__fail(-ENOMEM, "inspecting %s", place.path);
    inspector->place = place;
    inspector->backend = backend;
    inspector->is_named = mms__backend_is_named(path);
    code = look(inspector, &info);
    if (code == 0)
        *out = inspector;
    else
        release(inspector);
    return code;
}

int mms_inspector_look(mms_inspector *inspector, mms_info *out)
{
    MMS__HOLD_CANCEL(before);

    if (!inspector || !out)
        return mms__fail(MMS_E_INVALID, "mms_inspector_look: %s is NULL", inspector ? "out" : "inspector");
    return look_again(inspector, out);
}

void mms_inspector_close(mms_inspector *inspector)
{
    MMS__HOLD_CANCEL(before);

    if (inspector)
        release(inspector);
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
    struct mms__findings findings = {.report = report, .context = context};
    struct mms__place place;
    int code = mms__backend_find(path, &place, &backend);

    return code == 0 ? backend->verify(&place, report, context) : mms__find_no_files(&findings, code);
}

int mms_remove(const char *path)
{
    MMS__HOLD_CANCEL(before);
    const struct mms__backend *backend;
    struct mms__place place;
    int code = mms__backend_find(path, &place, &backend);

    return code == 0 ? backend->remove(&place) : code;
}
