/* SPDX-License-Identifier: Apache-2.0 */
/* What the demo shows while it runs: on a terminal a block that is redrawn in place five times
   a second, elsewhere a plain line each second. Events are lines of their own, and stay. */
#ifndef MMS_CLI_DEMO_DISPLAY_H
#define MMS_CLI_DEMO_DISPLAY_H

#include "cli/demo/board.h"
#include <stdio.h>

struct demo;

struct display {
    FILE *out;
    bool in_place;
    unsigned lines; /* of the block that is on the screen */
    uint64_t drawn_ns;
    uint64_t lookups[CELLS], all_lookups, published, updates; /* when it was drawn */
};

void display_open(struct display *display, FILE *out);
/* Draw if it is time. */
void display_tick(struct demo *demo);
void display_event(struct demo *demo, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Erase the block. */
void display_clear(struct display *display);

#endif
