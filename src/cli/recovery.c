/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/recovery.h"
#include "cli/interrupt.h"
#include "cli/lock_wait.h"

enum { LOOK_MS = 100 };

/* Without a value: a writer finds out whether there is one. */
static bool needs_writer(const mms_info *info)
{
    return info->durable && info->generation == 0;
}

bool recovery_is_due(const mms_info *info)
{
    return needs_writer(info) && info->durable_generation != 0;
}

/* Opening it does it. */
static int open_and_close(const char *path, const mms_writer_options *options)
{
    mms_writer *writer;
    int code = open_writer(path, options, &writer);

    return code ? code : mms_writer_close(writer);
}

/* A writer that started at the same time has the lock, perhaps for good, and has brought the value back. */
static int open_unless_done(const char *path, mms_writer_options options)
{
    const bool forever = options.lock_wait_ms == MMS_FOREVER;
    mms_info info;
    int code;

    if (forever)
        options.lock_wait_ms = LOOK_MS;
    do {
        code = open_and_close(path, &options);
        if (code == MMS_E_BUSY && mms_inspect(path, &info) == 0 && !needs_writer(&info))
            return 0;
    } while (forever && code == MMS_E_BUSY && !interrupted());
    return code;
}

int recover_region(const char *path, const struct writer_arguments *arguments)
{
    struct writer_arguments own = *arguments;
    mms_info info;

    if (mms_inspect(path, &info) != 0 || !needs_writer(&info))
        return 0;
    own.expects = false; /* that is for what comes after this */
    (void)look_before_open(&own, path);
    own.options.max_size = 0; /* as it is */
    own.options.max_slots = own.options.max_readers = own.options.durable = 0;
    own.options.replace = false;
    return open_unless_done(path, own.options);
}
