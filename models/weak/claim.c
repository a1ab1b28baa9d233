/* SPDX-License-Identifier: Apache-2.0 */
/* A reader claims a line and reads, while the writer publishes and reclaims: a scan that misses the line must be followed
   by the reader's first look at `current`. With -DRIVALS=2 two claim at once, in the same table, and one of them reads. G3, G4. */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef PUBLISHES
#define PUBLISHES 2
#endif
#ifndef RIVALS
#define RIVALS 1
#endif
#ifndef CLOSES
#define CLOSES 0
#endif
#ifndef REFUSED
#define REFUSED 0 /* membarrier is, to the writer, and readers do not know yet */
#endif
#ifndef WARM
#define WARM 0 /* all slots have been used before the threads start: the first publish has to reclaim */
#endif
#define LINES RIVALS
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
    for (int i = 0; i < PUBLISHES; i++)
        writer_write(&writer);
    return NULL;
}

static void *open_and_read(void *process_of_mine)
{
    struct process *process = process_of_mine;
    struct sight sight = {0};
    mms_reader *reader;
    mms_view view;

    if (ASYMMETRIC)
        BE_REACHED();
    CHECK(mms_reader_open(&process->region.front, &reader) == 0); /* there is a line for everybody */
    sight.code = mms_read(reader, &view);
    if (sight.code == 0) {
        look_at(&view, &sight);
        sight.code = CLOSES ? mms_reader_close(reader) : mms_release(reader);
    }
    check_sights(&sight, 1, false);
    return NULL;
}

static void *open_alone(void *process_of_mine)
{
    struct process *process = process_of_mine;
    mms_reader *reader;

    if (ASYMMETRIC)
        BE_REACHED();
    CHECK(mms_reader_open(&process->region.front, &reader) == 0);
    return NULL;
}

static void warm_up(void)
{
    struct writer writer;

    writer_open(&writer, false);
    for (int i = 1; i < SLOTS; i++)
        writer_write(&writer);
}

int main(void)
{
    static void *(*const threads[])(void *) = {write_some, open_and_read, open_alone};
    struct process processes[2];
    void *arguments[] = {NULL, &processes[0], &processes[1]};

    lay_out();
    if (WARM)
        warm_up();
    for (uint32_t i = 0; i < RIVALS; i++)
        process_open(&processes[i], i + 1, false);
    run_threads(threads, arguments, 1 + RIVALS);
    return 0;
}
