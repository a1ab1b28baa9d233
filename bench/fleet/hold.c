/* SPDX-License-Identifier: Apache-2.0 */
/* hold PATH: holds the value that the region has now, does nothing else, and prints "ready". So long the writer has one slot
   less to take turns with. */
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void expect(int code, const char *what)
{
    if (code == 0)
        return;
    fprintf(stderr, "hold: %s: %s\n", what, mms_last_error());
    exit(1);
}

int main(int argc, char **argv)
{
    mms_region_options options = MMS_REGION_OPTIONS_INIT;
    mms_region *region;
    mms_reader *reader;
    mms_view view;

    if (argc != 2)
        return 2;
    expect(mms_region_open(argv[1], &options, &region), argv[1]);
    expect(mms_reader_open(region, &reader), "a reader");
    expect(mms_read(reader, &view), "a value");
    puts("ready");
    fflush(stdout);
    pause();
    return 0;
}
