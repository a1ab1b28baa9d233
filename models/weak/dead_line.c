/* SPDX-License-Identifier: Apache-2.0 */
/* A reader's process is killed anywhere. The writer finds its lock byte free and clears its line;
   so may a newcomer that needs a line, at the same time, and claims it. The slot comes back (G5),
   and no announcement is wiped out (G4). */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef PUBLISHES
#define PUBLISHES 2
#endif
#ifndef NEWCOMERS
#define NEWCOMERS 0
#endif
#define LINES 2 /* the second one only makes owner 2 possible */
#include "scenario.h"

static bool membarrier_is_refused(void)
{
    return !ASYMMETRIC;
}

/* As in pool_take.c: check the holders in the way, then scan again. */
static void *write_and_reap(void *unused)
{
    struct writer writer;

    (void)unused;
    writer_open(&writer, ASYMMETRIC);
    for (int i = 0; i < PUBLISHES; i++)
        if (!writer_write(&writer) && mms__reap_holders(&writer.pool) > 0 && NEWCOMERS == 0)
            CHECK(writer_write(&writer));
    return NULL;
}

static void *read_and_die(void *process_of_mine)
{
    struct process *process = process_of_mine;
    struct sight sight = {0};
    mms_view view;

    if (ASYMMETRIC)
        BE_REACHED();
    process_lock(process); /* its lock byte: free as soon as it is dead */
    MAY_DIE();
    sight.code = mms_read(&process->handles->front, &view);
    if (sight.code == 0) {
        look_at(&view, &sight);
        sight.code = mms_release(&process->handles->front);
    }
    check_sights(&sight, 1, false);
    return NULL;
}

/* Gets the line if it comes free. */
static void *come_and_read(void *process_of_mine)
{
    struct process *process = process_of_mine;
    struct sight sight = {0};
    uint32_t dead_owner = 1;
    struct mms__native_reader *reader;
    mms_view view;

    if (ASYMMETRIC)
        BE_REACHED();
    (void)mms__table_reap(&process->region.table, 0, &dead_owner, 1);
    reader = open_one(&process->region, 1);
    if (!reader)
        return NULL;
    sight.code = mms_read(&reader->front, &view);
    if (sight.code == 0) {
        look_at(&view, &sight);
        sight.code = mms_release(&reader->front);
    }
    check_sights(&sight, 1, false);
    return NULL;
}

/* Dead from the start, with its announcement in the line: what matters is who comes after it. */
static void leave_dead_line(struct process *process)
{
    mms_view view;

    CHECK(mms_read(&process->handles->front, &view) == 0);
}

int main(void)
{
    static void *(*const threads[])(void *) = {write_and_reap, NEWCOMERS ? come_and_read : read_and_die};
    struct process processes[2];
    mms_reader *reader;

    lay_out();
    process_fill(&processes[0], 1, false);
    process_open(&processes[1], 2, false);
    processes[1].region.table.max_readers = 1;
    CHECK(mms_reader_open(&processes[0].region.front, &reader) == 0);
    if (NEWCOMERS)
        leave_dead_line(&processes[0]);
    run_threads(threads, (void *const[]){NULL, &processes[NEWCOMERS]}, 2);
    return 0;
}
