/* SPDX-License-Identifier: Apache-2.0 */
/* flip PATH OFFSET: change a bit of the value that a region shows, behind everybody's back. */
#include "region/layout.h"
#include <fcntl.h>
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int open_part(const char *path, const char *name)
{
    char file[4096];

    snprintf(file, sizeof file, "%s/%s", path, name);
    return open(file, O_RDWR | O_CLOEXEC);
}

int main(int argc, char **argv)
{
    struct mms__header header;
    unsigned char byte;
    mms_info info;
    off_t at;
    int control, data;

    if (argc != 3 || mms_inspect(argv[1], &info) != 0)
        return 2;
    control = open_part(argv[1], "control");
    data = open_part(argv[1], "data");
    if (pread(control, &header, sizeof header, 0) != sizeof header)
        return 1;
    at = (off_t)(info.slot * header.stride + strtoull(argv[2], NULL, 10));
    if (pread(data, &byte, 1, at) != 1)
        return 1;
    byte ^= 4;
    return pwrite(data, &byte, 1, at) == 1 ? 0 : 1;
}
