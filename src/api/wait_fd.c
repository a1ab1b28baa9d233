/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors for event loops. */
#include <mmsync/wait_fd.h>

#include "base/error.h"
#include "handle/watch.h"
#include "os/cancel.h"

static int check(const struct mms_region *region, const char *call)
{
    if (!region)
        return mms__fail(MMS_E_INVALID, "%s: the region is NULL", call);
    if (mms__region_is_forked(region))
        return mms__fail(MMS_E_FORKED, "waiting for %s: open the region in this process", region->place.path);
    return 0;
}

int mms_wait_fd(mms_region *region, int *fd)
{
    MMS__HOLD_CANCEL(before);
    int code = check(region, "mms_wait_fd");

    if (code != 0)
        return code;
    if (!fd)
        return mms__fail(MMS_E_INVALID, "mms_wait_fd: fd is NULL");
    return mms__watch_open_fd(region, fd);
}

int mms_wait_fd_ack(mms_region *region, int fd, uint64_t *generation)
{
    MMS__HOLD_CANCEL(before);
    int code = check(region, "mms_wait_fd_ack");

    if (code != 0)
        return code;
    if (!generation)
        return mms__fail(MMS_E_INVALID, "mms_wait_fd_ack: generation is NULL");
    return mms__watch_acknowledge(region, fd, generation);
}

int mms_wait_fd_close(mms_region *region, int fd)
{
    MMS__HOLD_CANCEL(before);
    int code = check(region, "mms_wait_fd_close");

    return code != 0 ? code : mms__watch_close_fd(region, fd);
}
