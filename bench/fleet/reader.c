/* SPDX-License-Identifier: Apache-2.0 */
/* reader PATH: a reader of script/bench-fleet. For each value that the region shows it prints "TIME DELAY": the time in its first
   8 bytes, which tells values apart, and the nanoseconds since then. Until it is killed. */
#include <inttypes.h>
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void expect(int code, const char *what)
{
    if (code == 0)
        return;
    fprintf(stderr, "reader: %s: %s\n", what, mms_last_error());
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
    mms_region *region;
    mms_reader *reader;
    uint64_t seen = 0;

    if (argc != 2)
        return 2;
    expect(mms_region_open(argv[1], NULL, &region), argv[1]);
    expect(mms_reader_open(region, &reader), "a reader");
    for (;;) {
        uint64_t now, published;
        mms_view view;

        expect(mms_wait(reader, seen, MMS_FOREVER), "waiting");
        expect(mms_read(reader, &view), "a read");
        now = now_ns();
        seen = view.generation;
        memcpy(&published, view.data, sizeof published);
        expect(mms_release(reader), "the end of a view");
        printf("%" PRIu64 " %" PRIu64 "\n", published, now - published);
        fflush(stdout);
    }
}
