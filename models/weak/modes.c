/* SPDX-License-Identifier: Apache-2.0 */
/* The writer loses membarrier between two publishes, tells readers to use symmetric fences (`control`, and a nudge so that
   they look), and goes on. G1, G3, G4 through the change, and a writer that finds nothing free at first. */
#define ASYMMETRIC 1
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef PUBLISHES
#define PUBLISHES 2
#endif
#ifndef READS
#define READS 2
#endif
#ifndef REACHES
#define REACHES 0 /* calls of membarrier before it is refused */
#endif
#ifndef BACK
#define BACK 0 /* the reader begins with symmetric fences, and is just being asked for asymmetric ones */
#endif
#ifndef RELEASES
#define RELEASES 0 /* each view; if not, the next read ends it */
#endif
#define LINES 1
#include "scenario.h"

/* Used by this thread only, but static data must go through the model, so that it can be
   restored. */
static uint32_t calls;

static bool membarrier_is_refused(void)
{
    uint32_t before = PLAIN_LOAD(calls);

    PLAIN_STORE(calls, before + 1);
    return before + 1 > REACHES;
}

static void *write_some(void *unused)
{
    struct writer writer;

    (void)unused;
    writer_open(&writer, true);
    for (int i = 0; i < PUBLISHES; i++)
        if (!writer_write(&writer))
            writer_write(&writer); /* the reader may have adopted the mode by now */
    return NULL;
}

static void *read_some(void *reader)
{
    struct sight sights[READS] = {{0}};

    BE_REACHED();
    for (int i = 0; i < READS; i++) {
        mms_view view;

        sights[i].code = mms_read(reader, &view);
        if (sights[i].code != 0)
            continue;
        look_at(&view, &sights[i]);
        if (RELEASES || i + 1 == READS)
            sights[i].code = mms_release(reader);
    }
    check_sights(sights, READS, false);
    /* A reader that has met the nudge has switched: there may be no other change to remind it. */
    if (((mms_reader *)reader)->head.word & MMS__NUDGE)
        CHECK(mms__native_reader_of(reader)->symmetric);
    return NULL;
}

int main(void)
{
    static void *(*const threads[])(void *) = {write_some, read_some};
    struct crew crew;

    lay_out();
    if (BACK)
        mms__store_relaxed(&CONTROL->fence, MMS__SYMMETRIC);
    crew_open(&crew, false);
    mms__store_relaxed(&CONTROL->fence, MMS__ASYMMETRIC);
    run_threads(threads, (void *const[]){NULL, crew.readers[0]}, 2);
    return 0;
}
