/* SPDX-License-Identifier: Apache-2.0 */
/* mms_sync. */
#include "api/writer.h"
#include "base/error.h"
#include <mmsync/durable.h>

int mms_sync(mms_writer *writer)
{
    int code = mms__writer_check(writer, false, "mms_sync");

    if (code != 0)
        return code;
    if (writer->backend->sync)
        return writer->backend->sync(writer);
    return mms__fail(MMS_E_INVALID, "mms_sync: %s has files of mmap-sync, which are not durable", writer->place.path);
}
