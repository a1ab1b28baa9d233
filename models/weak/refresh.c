/* SPDX-License-Identifier: Apache-2.0 */
/* A reader moves its pin along without letting go, then releases. G1, G3, G4: its announcement replaces one that protected
   reads. */
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef PUBLISHES
#define PUBLISHES 3
#endif
#ifndef REFRESHES
#define REFRESHES 2
#endif
#define LINES 1
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

static void *refresh_some(void *reader)
{
    struct sight sights[1 + REFRESHES] = {{0}};

    if (ASYMMETRIC)
        BE_REACHED();
    for (int i = 0; i < 1 + REFRESHES; i++) {
        mms_view view;

        sights[i].code = i == 0 ? mms_read(reader, &view) : mms_refresh(reader, &view);
        if (sights[i].code == 0)
            look_at(&view, &sights[i]);
    }
    sights[REFRESHES].code = mms_release(reader);
    check_sights(sights, 1 + REFRESHES, false);
    return NULL;
}

int main(void)
{
    static void *(*const threads[])(void *) = {write_some, refresh_some};
    struct crew crew;

    lay_out();
    crew_open(&crew, false);
    run_threads(threads, (void *const[]){NULL, crew.readers[0]}, 2);
    return 0;
}
