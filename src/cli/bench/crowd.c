/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/gauge.h"

static int open_one(struct crowd *crowd, mms_reader **reader)
{
    mms_view view;
    int code = mms_reader_open(crowd->region, reader);

    if (!code)
        code = mms_read(*reader, &view);
    return code ? code : mms_release(*reader);
}

int crowd_open(struct crowd *crowd, const char *path)
{
    int code;

    *crowd = (struct crowd){0};
    code = mms_region_open(path, NULL, &crowd->region);
    for (int i = 0; i < CROWD && !code; i++)
        code = open_one(crowd, &crowd->readers[i]);
    return code;
}

void crowd_close(struct crowd *crowd)
{
    for (int i = 0; i < CROWD; i++)
        mms_reader_close(crowd->readers[i]);
    mms_region_close(crowd->region);
}
