/* SPDX-License-Identifier: Apache-2.0 */
/* The first writer after a boot, beside two threads of a process that opened the region before it:
   `current` from before the boot may be older or newer than the data, and no reader may use it.
   G3, G1. */
#define ATOMIC_DATA
#define SLOTS 2
#define LINES 1
#ifndef PUBLISHES
#define PUBLISHES 1
#endif
#ifndef THREADS
#define THREADS 2
#endif
#include "scenario.h"

enum { BEFORE = 1 }; /* the generation that stands there */

static bool membarrier_is_refused(void)
{
    return true;
}

/* As read_values in writer_open.c. */
static void *start(void *unused)
{
    struct mms__native_writer opened;
    struct writer writer;

    (void)unused;
    memset(&opened, 0, sizeof opened);
    opened.control = CONTROL;
    writer_open(&writer, false);
    writer.pool.generation += 8;
    CHECK(start_new_boot(&opened, writer.pool.generation) == 0);
    for (int i = 0; i < PUBLISHES; i++)
        CHECK(writer_write(&writer));
    return NULL;
}

/* Threads of one process: one that sees the new boot tells the others. They look at the value
   without a pin. */
static void *look_at_current(void *process_of_mine)
{
    struct process *process = process_of_mine;
    struct sight sight = {0};
    uint64_t word = mms__region_current(&process->region);
    unsigned slot = mms__word_slot(word);

    CHECK(mms__word_generation(word) != BEFORE);
    if (word == 0)
        return NULL;
    sight.generation = mms__word_generation(word);
    sight.tag = mms__load_relaxed(&CONTROL->slots[slot].tag);
    for (int i = 0; i < WORDS; i++)
        sight.words[i] = DATA_LOAD(data_file[slot][i]);
    if (mms__still_whole(&CONTROL->current, &CONTROL->slots[slot].generation, word))
        check_whole(&sight);
    return NULL;
}

static void *know_boot(void *unused)
{
    uint64_t id[2], again[2];

    CHECK(mms__boot_id(id) == 0 && mms__boot_id(again) == 0);
    CHECK(id[0] == again[0] && id[1] == again[1] && (id[0] | id[1]) != 0);
    return unused;
}

int main(void)
{
    static void *(*const threads[])(void *) = {start, look_at_current, look_at_current};
    struct process process;

    lay_out();
    process_fill(&process, 1, false);
    process.region.front.place.volatile_memory = false;
    process.region.another_boot = 1;
#ifdef KNOWS_BOOT /* two threads ask for the boot's id at the same time, for the first time */
    run_threads((void *(*const[])(void *)){know_boot, know_boot}, (void *const[]){NULL, NULL}, 2);
#else
    know_boot(NULL);
    run_threads(threads, (void *const[]){NULL, &process, &process}, 1 + THREADS);
#endif
    return 0;
}
