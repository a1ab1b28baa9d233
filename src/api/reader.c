/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's calls. Reads that are slow come here from mmsync/fast.h. */
#include "handle/reader.h"
#include "api/typed.h"
#include "base/error.h"
#include "handle/checked.h"
#include "os/cancel.h"
#include <errno.h>

/* ---- Opening and closing ---- */

static int check_open(struct mms_region *region, mms_reader *const *out)
{
    if (!region || !out)
        return mms__fail(MMS_E_INVALID, "mms_reader_open: %s is NULL", region ? "out" : "region");
    if (mms__region_is_forked(region))
        return mms__fail(MMS_E_FORKED, "opening a reader of %s: open the region in this process", region->place.path);
    if (region->locks_refused)
        return mms__fail(MMS_E_READ_ONLY,
                         "opening a reader of %s: use mms_read_copy, since this process may not lock %s/readers; a "
                         "security module, a filter, or an emulator refuses fcntl(2) locks",
                         region->place.path, region->place.path);
    if (region->read_only)
        return mms__fail(MMS_E_READ_ONLY,
                         "opening a reader of %s: use mms_read_copy, or get the right to write its file `readers`",
                         region->place.path);
    return mms__region_is_gone(region) ? mms__region_fail_gone(region) : 0;
}

int mms_reader_open(mms_region *region, mms_reader **out)
{
    MMS__HOLD_CANCEL(before);
    uintptr_t thread = 0;
    int code = check_open(region, out);

    if (out)
        *out = NULL;
    if (code != 0)
        return code;
    if (!region->options.detached && (thread = mms__thread_token()) == 0)
        return mms__fail(-ENOMEM, "opening a reader of %s: no memory to notice the end of this thread",
                         region->place.path);
    return region->backend->reader_open(region, thread, out);
}

static int check_handle(const struct mms_reader *reader, const char *call)
{
    if (!reader)
        return mms__fail(MMS_E_INVALID, "%s: the reader is NULL", call);
    if (reader->head.state == MMS__FORKED)
        return mms__fail(MMS_E_FORKED, "%s: the reader belongs to the parent process; open one in this process", call);
    if (reader->head.state == MMS__CLOSED)
        return mms__fail(
            MMS_E_INVALID,
            "%s: the reader is closed, or the thread that opened it has ended; open one in each thread, or set "
            "options.detached",
            call);
    return 0;
}

int mms_reader_close(mms_reader *reader)
{
    MMS__HOLD_CANCEL(before);
    struct mms_region *region;
    int code;

    if (!reader)
        return 0;
    code = check_handle(reader, "mms_reader_close");
    if (code != 0)
        return code;
    region = reader->region;
    pthread_mutex_lock(&region->mutex);
    code = mms__reader_end(reader);
    pthread_mutex_unlock(&region->mutex);
    return code;
}

/* ---- Reading ---- */

static int read_or_refresh(struct mms_reader *reader, mms_view *view, const char *call)
{
    int code = check_handle(reader, call);

    if (code != 0)
        return code;
    if (!view)
        return mms__fail(MMS_E_INVALID, "%s: view is NULL", call);
    return reader->region->backend->read(reader, view);
}

int mms__read_slow(mms_reader *reader, mms_view *out)
{
    return read_or_refresh(reader, out, "mms_read");
}

int mms__refresh_slow(mms_reader *reader, mms_view *view)
{
    return read_or_refresh(reader, view, "mms_refresh");
}

int mms__release_slow(mms_reader *reader)
{
    int code = check_handle(reader, "mms_release");

    if (code != 0)
        return code;
    if (!mms__reader_is_held(reader))
        return mms__fail(MMS_E_NO_VIEW, "mms_release: this reader of %s holds no view", reader->region->place.path);
    return reader->region->backend->end(reader);
}

int mms__reader_verify(struct mms_reader *reader)
{
    return reader->region->backend->verify_view(reader);
}

bool mms__reader_has_types(const struct mms_reader *reader)
{
    return reader->region->backend->has_types;
}

/* Where no type is stored nothing is known of the bytes: a version of mmap-sync's files may come
   back with others. */
static bool shares_checks(const struct mms_region *region)
{
    return region->backend->has_types && !region->options.check_always;
}

bool mms__reader_needs_check(const struct mms_reader *reader, uint32_t token)
{
    const struct mms_region *region = reader->region;

    if (!shares_checks(region))
        return true;
    return !region->backend->view_is_serialized(reader, false) &&
           !mms__region_was_checked(region, reader->head.view.generation, token);
}

bool mms__reader_has_made_table(const struct mms_reader *reader, const uint64_t type_id[2])
{
    const struct mms_region *region = reader->region;
    uint64_t found[2];

    if (!shares_checks(region) || !region->backend->view_is_serialized(reader, true))
        return false;
    region->backend->view_type(reader, found);
    return mms__same_type(found, type_id);
}

void mms__reader_note_checked(struct mms_reader *reader, uint32_t token)
{
    if (shares_checks(reader->region))
        mms__region_note_checked(reader->region, reader->head.view.generation, token);
}

/* ---- About a view ---- */

static int check_view(const struct mms_reader *reader, const void *out, const char *call)
{
    int code = check_handle(reader, call);

    if (code != 0)
        return code;
    if (!out)
        return mms__fail(MMS_E_INVALID, "%s: the output is NULL", call);
    if (!mms__reader_is_held(reader))
        return mms__fail(MMS_E_NO_VIEW, "%s: this reader of %s holds no view", call, reader->region->place.path);
    return 0;
}

int mms_view_describe(mms_reader *reader, mms_view_info *out)
{
    int code = check_view(reader, out, "mms_view_describe");

    if (code != 0)
        return code;
    *out = (mms_view_info){.schema = NULL};
    reader->region->backend->view_describe(reader, out);
    return 0;
}

int mms_view_type(mms_reader *reader, uint64_t type_id[2])
{
    int code = check_view(reader, type_id, "mms_view_type");

    if (code == 0)
        reader->region->backend->view_type(reader, type_id);
    return code;
}

/* ---- Changes since an older view ---- */

static int check_changes(const struct mms_reader *reader, const mms_range *out, size_t capacity, const size_t *count)
{
    int code = check_view(reader, count, "mms_changes");

    if (code != 0 || out || capacity == 0)
        return code;
    return mms__fail(MMS_E_INVALID, "mms_changes: out is NULL and capacity %zu", capacity);
}

int mms_changes(mms_reader *reader, uint64_t since, mms_range *out, size_t capacity, size_t *count)
{
    MMS__HOLD_CANCEL(before);
    int code = check_changes(reader, out, capacity, count);

    if (code != 0)
        return code;
    if (since == reader->head.view.generation) {
        *count = 0;
        return 0;
    }
    if (reader->region->backend->changes)
        return reader->region->backend->changes(reader, since, out, capacity, count);
    return mms__fail(MMS_E_FORGOTTEN,
                     "what has changed in %s is not known, as values are published as a whole in files of mmap-sync; "
                     "look at all of it",
                     reader->region->place.path);
}

/* ---- Waiting ---- */

int mms_wait(mms_reader *reader, uint64_t seen, int timeout_ms)
{
    int code = check_handle(reader, "mms_wait");

    if (code != 0)
        return code;
    if (timeout_ms < MMS_FOREVER)
        return mms__fail(MMS_E_INVALID, "mms_wait: the timeout is below -1");
    if (mms__region_glance(reader->region))
        return mms__region_fail_gone(reader->region);
    return reader->region->backend->wait(reader->region, seen, timeout_ms);
}
