/* SPDX-License-Identifier: Apache-2.0 */
/* Promptness, which no other proof needs: once a writer that is refused membarrier has said that it wants symmetric fences, at its
   opening or (-DAT_SCAN=1) in a scan, a read that begins after that leaves its reader symmetric, however its thread has
   heard that it is after: by a relaxed word here. */
#define ASYMMETRIC 1
#define SLOTS 2
#define LINES 1
#ifndef AT_SCAN
#define AT_SCAN 0
#endif
#include "scenario.h"

static uint32_t told;

static bool membarrier_is_refused(void)
{
    return true;
}

static void *tell(void *unused)
{
    struct writer writer;

    writer_open(&writer, AT_SCAN);
    if (AT_SCAN)
        (void)mms__fence_heavy(&writer.pool);
    else
        writer_set_fence(&writer);
    mms__store_relaxed(&told, 1);
    return unused;
}

static void *read_after(void *reader)
{
    uint32_t is_after;
    mms_view view;

    BE_REACHED();
    is_after = mms__load_relaxed(&told);
    mms__fence_acquire();
    CHECK(mms_read(reader, &view) == 0);
    CHECK(!is_after || mms__native_reader_of(reader)->symmetric);
    CHECK(mms_release(reader) == 0);
    return NULL;
}

int main(void)
{
    static void *(*const threads[])(void *) = {tell, read_after};
    struct crew crew;

    lay_out();
    NAME(told);
    crew_open(&crew, false);
    run_threads(threads, (void *const[]){NULL, crew.readers[0]}, 2);
    return 0;
}
