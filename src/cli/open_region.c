/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/open_region.h"
#include "cli/interrupt.h"
#include "cli/message.h"

int open_region(const char *path, const mms_region_options *options, mms_region **region)
{
    mms_region_options looking = *options;
    int code = mms_region_open(path, options, region);

    if (code != MMS_E_FULL)
        return code;
    looking.read_only = true;
    return mms_region_open(path, &looking, region);
}

int write_from_region(const char *path, const mms_region_options *options, const char *file,
                      int (*write)(mms_region *region, struct sink *sink, const void *context), const void *context)
{
    struct sink sink;
    mms_region *region;
    int code = open_region(path, options, &region), status;

    if (code)
        return fail_call(code);
    status = sink_open(&sink, file);
    if (!status)
        status = write(region, &sink, context);
    if (!status)
        status = sink_commit(&sink);
    sink_close(&sink);
    mms_region_close(region);
    return interrupt_finish(status);
}
