/* SPDX-License-Identifier: Apache-2.0 */
/* A writer publishes, and reclaims when it has to; readers read and release. G1, G3, G4. */
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef READER_THREADS
#define READER_THREADS 1
#endif
#ifndef PUBLISHES
#define PUBLISHES 3
#endif
#ifndef READS
#define READS 2
#endif
#define LINES READER_THREADS
#include "scenario.h"

static bool membarrier_is_refused(void)
{
    return !ASYMMETRIC;
}

static void *write_some(void *unused)
{
    struct writer writer;

    (void)unused;
    writer_open(&writer, ASYMMETRIC);
    for (int i = 0; i < PUBLISHES; i++)
        writer_write(&writer);
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
    check_sights(sights, READS, false);
    return NULL;
}

int main(void)
{
    static void *(*const threads[])(void *) = {write_some, read_some, read_some, read_some};
    struct crew crew;
    void *arguments[1 + LINES] = {NULL};

    lay_out();
    crew_open(&crew, false);
    for (int i = 0; i < LINES; i++)
        arguments[1 + i] = crew.readers[i];
    run_threads(threads, arguments, 1 + LINES);
    return 0;
}
