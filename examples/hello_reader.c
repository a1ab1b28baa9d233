/* SPDX-License-Identifier: Apache-2.0 */
/* Show the latest value: hello_reader REGION */
#include <inttypes.h>
#include <mmsync.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    mms_region *region = NULL;
    mms_reader *reader = NULL;
    mms_view view;
    int code;

    if (argc != 2) {
        fprintf(stderr, "usage: hello_reader REGION\n");
        return 2;
    }
    if ((code = mms_region_open(argv[1], NULL, &region)) == 0 && /* once per process */
        (code = mms_reader_open(region, &reader)) == 0 &&        /* once per thread */
        (code = mms_read(reader, &view)) == 0) {                 /* as often as you like */
        printf("generation %" PRIu64 ": ", view.generation);
        fwrite(view.data, 1, view.size, stdout);
        putchar('\n');
        code = mms_release(reader); /* from here on the view's memory may change */
    }
    if (code != 0)
        fprintf(stderr, "hello_reader: %s\n", mms_last_error());
    mms_reader_close(reader);
    mms_region_close(region);
    return code == 0 ? 0 : 1;
}
