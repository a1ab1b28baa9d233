/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a region, and leaves it open if asked to. */
#include <mmsync.h>

int plugin_read(const char *path, bool leave_open);

int plugin_read(const char *path, bool leave_open)
{
    mms_region *region;
    mms_reader *reader;
    mms_view view;
    int code = mms_region_open(path, NULL, &region);

    if (code == 0)
        code = mms_reader_open(region, &reader);
    if (code == 0)
        code = mms_read(reader, &view);
    if (code != 0 || leave_open)
        return code;
    code = mms_reader_close(reader);
    return code == 0 ? mms_region_close(region) : code;
}
