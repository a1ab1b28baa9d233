/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "scene.h"

struct scenario_step {
    scene_step *run;
    const char *name;
    int expected; /* what it returns when no call fails */
};

enum { SCENARIO_STEPS_MAX = 16 };

struct scenario {
    const char *name;
    void (*set_up)(struct scene *scene); /* NULL: there is nothing; calls do not fail in it */
    bool on_disk;
    unsigned long filesystem; /* what fstatfs reports; 0: the truth */
    struct scenario_step steps[SCENARIO_STEPS_MAX];
};

/* The last one has no name. */
extern const struct scenario scenarios[];

#endif
