/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lock_wait.h"
#include "cli/interrupt.h"

enum { LOOK_MS = 100 };

int open_writer(const char *path, const mms_writer_options *options, mms_writer **writer)
{
    const bool forever = options->lock_wait_ms == MMS_FOREVER;
    mms_writer_options part = *options; /* 0, the default, and MMS_NO_WAIT are short as they are */
    int left = options->lock_wait_ms, code;

    do {
        part.lock_wait_ms = forever || left > LOOK_MS ? LOOK_MS : left;
        code = mms_writer_open(path, &part, writer);
        left -= forever ? 0 : part.lock_wait_ms;
    } while (code == MMS_E_BUSY && !interrupted() && (forever || left > 0));
    return code;
}
