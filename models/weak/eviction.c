/* SPDX-License-Identifier: Apache-2.0 */
/* The writer takes slots from a reader that allows it. The reader may read what is being overwritten, but must be told when
   its view ends. G1. The payload is relaxed atomics: reading it while it is overwritten is the point. */
#define ATOMIC_DATA
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef PUBLISHES
#define PUBLISHES 2
#endif
#ifndef READS
#define READS 1
#endif
#ifndef REFUSED
#define REFUSED 0 /* membarrier is, to the writer, and readers do not know yet */
#endif
#define LINES 1
#include "scenario.h"

static bool membarrier_is_refused(void)
{
    return !ASYMMETRIC || REFUSED;
}

static void *write_some(void *unused)
{
    struct writer writer;

    (void)unused;
    writer_open(&writer, ASYMMETRIC && !REFUSED);
    writer.evicts = true;
    for (int i = 0; i < PUBLISHES; i++)
        CHECK(writer_write(&writer)); /* it never has to wait */
    return NULL;
}

static void *read_some(void *reader)
{
    struct sight sights[READS] = {{0}};

    if (ASYMMETRIC)
        BE_REACHED();
    for (int i = 0; i < READS; i++) {
        mms_view view;

        sights[i].code = mms_read(reader, &view);
        if (sights[i].code != 0)
            continue;
        look_at(&view, &sights[i]);
        sights[i].code = mms_release(reader);
    }
    check_sights(sights, READS, true);
    return NULL;
}

int main(void)
{
    static void *(*const threads[])(void *) = {write_some, read_some};
    struct crew crew;

    lay_out();
    crew_open(&crew, true);
    run_threads(threads, (void *const[]){NULL, crew.readers[0]}, 2);
    return 0;
}
