/* SPDX-License-Identifier: Apache-2.0 */
/* A reader closes, and another claims its line at once: what the first one withdraws must not wipe out what the second
   one announces. G4. */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef PUBLISHES
#define PUBLISHES 1
#endif
/* The first reader uses symmetric fences, the second one asymmetric ones, since it has not heard that membarrier is refused to
   the writer. */
#ifndef REFUSED
#define REFUSED 0
#endif
#ifndef READS
#define READS 1 /* of the second one: the first is out of line, and has a fence of its own */
#endif
#define LINES 2 /* the second one only makes owner 2 possible */
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
    for (int i = 0; i < 1 + PUBLISHES; i++)
        writer_write(&writer);
    return NULL;
}

static void *close_it(void *process_of_mine)
{
    struct process *process = process_of_mine;

    if (ASYMMETRIC)
        BE_REACHED();
    if (REFUSED && !open_one(&process->region, 1))
        return NULL; /* too late */
    CHECK(mms_reader_close(&process->handles->front) == 0);
    return NULL;
}

static void *open_and_read(void *process_of_mine)
{
    struct process *process = process_of_mine;
    struct sight sights[READS] = {{0}};
    struct mms__native_reader *reader;
    mms_view view;

    if (ASYMMETRIC)
        BE_REACHED();
    reader = open_one(&process->region, 1);
    if (!reader)
        return NULL; /* too early */
    for (int i = 0; i < READS; i++) {
        sights[i].code = mms_read(&reader->front, &view);
        if (sights[i].code != 0)
            continue;
        look_at(&view, &sights[i]);
        sights[i].code = mms_release(&reader->front);
    }
    check_sights(sights, READS, false);
    return NULL;
}

/* Before the threads start: what matters is what comes after. */
static void open_and_hold(struct process *process)
{
    mms_reader *reader;
    mms_view view;

    CHECK(mms_reader_open(&process->region.front, &reader) == 0);
    CHECK(mms_read(reader, &view) == 0);
}

int main(void)
{
    static void *(*const threads[])(void *) = {write_some, close_it, open_and_read};
    struct process processes[2];

    lay_out();
    for (uint32_t i = 0; i < 2; i++) {
        process_open(&processes[i], i + 1, false);
        processes[i].region.table.max_readers = 1;
    }
    processes[0].region.can_pin_asymmetric = ASYMMETRIC && !REFUSED;
    if (!REFUSED)
        open_and_hold(&processes[0]);
    run_threads(threads, (void *const[]){NULL, &processes[0], &processes[1]}, 3);
    return 0;
}
