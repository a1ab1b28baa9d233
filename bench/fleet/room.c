/* SPDX-License-Identifier: Apache-2.0 */
/* room PATH SIZE SLOTS: makes a region and gets the memory for a value of SIZE bytes, 16 MiB at a time, as `mmsync follow` does
   for a first copy, and writes nothing there. Prints the seconds that it took, and those of a processor. */
#include "cost.h"
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEP = 16 << 20 }; /* RESERVE_STEP of src/relay */

static void expect(int code, const char *what)
{
    if (code == 0)
        return;
    fprintf(stderr, "room: %s: %s\n", what, mms_last_error());
    exit(1);
}

int main(int argc, char **argv)
{
    const size_t size = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    mms_writer_options options = MMS_WRITER_OPTIONS_INIT;
    const double began = cost_seconds();
    mms_writer *writer;
    void *buffer;
    size_t current;

    if (size == 0)
        return 2;
    options.max_size = size;
    options.max_slots = (unsigned)strtoul(argv[3], NULL, 10);
    expect(mms_writer_open(argv[1], &options, &writer), argv[1]);
    expect(mms_write_update(writer, STEP < size ? STEP : size, &buffer, &current, NULL), "an update");
    for (size_t has = STEP; has < size; has += STEP)
        expect(mms_write_grow(writer, has + STEP < size ? has + STEP : size, &buffer), "more room");
    cost_print(began);
    mms_write_abort(writer);
    mms_writer_close(writer);
    return 0;
}
