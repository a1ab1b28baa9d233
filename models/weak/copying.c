/* SPDX-License-Identifier: Apache-2.0 */
/* mms_read_copy alongside a writer that does not know of it: nothing is announced, so the copied
   bytes may be overwritten meanwhile, and must then not be accepted. G1. copy.c is compiled as it
   is; pread(2) is word by word here, relaxed. */
#define ATOMIC_DATA
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef PUBLISHES
#define PUBLISHES 3
#endif
#ifndef COPIES
#define COPIES 2
#endif
#define LINES 1
#include "scenario.h"

int mms__read_at(int fd, void *to, size_t size, uint64_t offset)
{
    uint64_t *from = &data_file[0][0] + (size_t)offset / sizeof *from;

    (void)fd;
    for (size_t i = 0; i < size / sizeof *from; i++)
        ((uint64_t *)to)[i] = mms__load_relaxed(&from[i]);
    return 0;
}

#include "region/copy.c"

static bool membarrier_is_refused(void)
{
    return true;
}

static void *write_some(void *unused)
{
    struct writer writer;

    (void)unused;
    writer_open(&writer, false);
    for (int i = 0; i < PUBLISHES; i++)
        CHECK(writer_write(&writer)); /* nobody is in its way */
    return NULL;
}

/* One try each: more tries would only repeat it. */
static void *copy_some(void *unused)
{
    struct sight sights[COPIES] = {{0}};
    struct process process;
    uint64_t last = 0;

    (void)unused;
    process_fill(&process, 1, false);
    for (int i = 0; i < COPIES; i++) {
        uint64_t word = mms__region_current(&process.region);
        struct mms__copied copied;

        sights[i].generation = mms__word_generation(word);
        if (try_copy(&process.region, word, sights[i].words, sizeof sights[i].words, &copied) != 0)
            sights[i].code = MMS_E_EVICTED;
        sights[i].tag = sights[i].generation; /* not copied */
    }
    for (int i = 0; i < COPIES; i++) {
        check_whole(&sights[i]);
        CHECK(sights[i].generation >= last); /* G3 */
        last = sights[i].generation;
    }
    return NULL;
}

int main(void)
{
    static void *(*const threads[])(void *) = {write_some, copy_some};

    lay_out();
    run_threads(threads, (void *const[]){NULL, NULL}, 2);
    return 0;
}
