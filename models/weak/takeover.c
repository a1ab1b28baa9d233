/* SPDX-License-Identifier: Apache-2.0 */
/* The writer is killed anywhere; the next one goes on from what it finds, while a reader reads. G6, G3, G1. */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef PUBLISHES
#define PUBLISHES 1
#endif
#ifndef READS
#define READS 1
#endif
#ifndef REFUSED
#define REFUSED 0 /* membarrier is, to the second writer */
#endif
#define LINES 1
#include "scenario.h"

static pthread_mutex_t writer_lock = PTHREAD_MUTEX_INITIALIZER;

static bool membarrier_is_refused(void)
{
    return !ASYMMETRIC || REFUSED;
}

static void *write_and_die(void *unused)
{
    struct writer writer;

    (void)unused;
    pthread_mutex_lock(&writer_lock);
    MAY_DIE();
    writer_open(&writer, ASYMMETRIC);
    for (int i = 0; i < PUBLISHES; i++)
        writer_write(&writer);
    pthread_mutex_unlock(&writer_lock);
    return NULL;
}

static void *take_over(void *unused)
{
    struct writer writer;
    uint64_t before;

    (void)unused;
    pthread_mutex_lock(&writer_lock);
    writer_open(&writer, ASYMMETRIC && !REFUSED);
    writer_set_fence(&writer);
    before = highest_generation(CONTROL, SLOTS);
    for (int i = 0; i < PUBLISHES; i++)
        if (writer_write(&writer))
            CHECK(writer.pool.generation > before); /* G3: no number is given out twice */
    pthread_mutex_unlock(&writer_lock);
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
    static void *(*const threads[])(void *) = {write_and_die, take_over, read_some};
    struct crew crew;

    lay_out();
    crew_open(&crew, false);
    NAME(writer_lock);
    run_threads(threads, (void *const[]){NULL, NULL, crew.readers[0]}, 3);
    return 0;
}
