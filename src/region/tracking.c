/* SPDX-License-Identifier: Apache-2.0 */
#include "region/tracking.h"
#include "base/error.h"
#include "base/minmax.h"
#include "os/cancel.h"
#include "region/differences.h"
#include <errno.h>

/* ---- Refusals ---- */

static const char *const refused_calls[] = {
    [MMS__TRACK_USERFAULTFD] = "userfaultfd(2) was refused",
    [MMS__TRACK_FEATURES] = "userfaultfd(2) cannot note stores",
    [MMS__TRACK_REGISTER] = "stores to its file `data` cannot be noted",
    [MMS__TRACK_PAGEMAP] = "/proc/self/pagemap cannot be opened",
    [MMS__TRACK_SCAN] = "PAGEMAP_SCAN was refused",
};

static const char *advise(enum mms__page_track_call call, int code)
{
    if (call == MMS__TRACK_PAGEMAP && code == -ENOENT)
        return "mount /proc, or ";
    if (call == MMS__TRACK_PAGEMAP && (code == -EACCES || code == -EPERM))
        return "is this process not dumpable (PR_SET_DUMPABLE), or confined? Allow it, or ";
    if (code == -EPERM || code == -EACCES)
        return "a filter of system calls (seccomp) or a security module forbids it, as Docker's default profile does: "
               "allow it there, or ";
    if (code == -ENOSYS)
        return "the kernel was built without it (CONFIG_USERFAULTFD), or a sandbox hides it: use another, or ";
    if (code == -EINVAL || code == -ENOTTY)
        return "this takes Linux 6.7 or newer on x86-64 or arm64: use such a kernel, or ";
    return "";
}

static int fail(const struct mms__tracked *tracked, enum mms__page_track_call call, int code)
{
    return mms__fail(code,
                     "tracking the pages of %s: %s; %suse options.track = MMS_TRACK_AUTO, which compares values "
                     "instead, or report changes by mms_write_touch",
                     tracked->path, refused_calls[call], advise(call, code));
}

/* False for a shortage that may be over at the next update. */
static bool is_final(int code)
{
    return code != -ENOMEM && code != -EMFILE && code != -ENFILE;
}

/* ---- Opening ---- */

int mms__tracking_open(struct mms__tracking *tracking, const struct mms__tracked *tracked)
{
    enum mms__page_track_call call;
    int code;

    if (tracked->how == MMS_TRACK_TOUCHES || tracking->refused)
        return 0;
    code = mms__page_track_open(&tracking->pages, tracked->data, &call);
    if (code == 0) {
        mms__forbid_huge_pages(tracked->data); /* a store would count for the whole huge page */
        return 0;
    }
    if (tracked->how == MMS_TRACK_PAGES)
        return fail(tracked, call, code);
    tracking->refused = is_final(code);
    return 0;
}

void mms__tracking_close(struct mms__tracking *tracking)
{
    mms__page_track_close(&tracking->pages);
}

/* ---- An update ---- */

static bool protect(struct mms__tracking *tracking, const unsigned char *slot, uint64_t size)
{
    return mms__page_track_is_open(&tracking->pages) &&
           mms__page_track_protect(&tracking->pages, slot, (size_t)size) == 0;
}

/* Tries again after opening anew, because hosts that close descriptors that are not theirs end the
   tracking. */
int mms__tracking_begin(struct mms__tracking *tracking, const struct mms__tracked *tracked, const unsigned char *slot,
                        uint64_t size)
{
    MMS__HOLD_CANCEL(before);
    int code;

    tracking->noted = protect(tracking, slot, size);
    if (tracking->noted)
        return 0;
    mms__tracking_close(tracking);
    code = mms__tracking_open(tracking, tracked);
    if (code != 0)
        return code;
    tracking->noted = protect(tracking, slot, size);
    return 0;
}

struct comparison {
    struct mms__tracking *tracking;
    const unsigned char *value, *slot;
    uint64_t size;
    struct mms__range_set *changes;
};

/* Only the end may lie past the value, in its last page. */
static void compare(void *context, size_t offset, size_t length)
{
    struct comparison *comparison = context;
    uint64_t end = mms__min((uint64_t)offset + length, comparison->size);

    comparison->tracking->compared += end - offset;
    mms__find_differences(comparison->value, comparison->slot, offset, end, comparison->changes);
}

/* If the kernel gives no answer, as when the host has closed our descriptors meanwhile, compare
   everything. */
void mms__tracking_collect(struct mms__tracking *tracking, const unsigned char *value, const unsigned char *slot,
                           uint64_t size, struct mms__range_set *changes)
{
    struct comparison comparison = {tracking, value, slot, size, changes};

    MMS__HOLD_CANCEL(before);
    tracking->compared = 0;
    if (!tracking->noted || mms__page_track_scan(&tracking->pages, slot, (size_t)size, compare, &comparison) != 0)
        compare(&comparison, 0, (size_t)size);
}
