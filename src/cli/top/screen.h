/* SPDX-License-Identifier: Apache-2.0 */
/* What stands on the screen. Each draw_ function fills the window from `line` on; nothing is shown before curses is told
   to refresh, which sends only what differs from what the terminal has. */
#ifndef MMS_CLI_TOP_SCREEN_H
#define MMS_CLI_TOP_SCREEN_H

#include "cli/top/holds.h"
#include "cli/top/rows.h"

struct screen {
    struct rows rows;
    size_t selected, first; /* rows: under the cursor, at the top */
    char *looked_into;      /* the address of one region; NULL: the list */
    struct holds holds;     /* of that one's readers */
    size_t first_reader;    /* at the top */
    bool paused, helping, filtering;
    unsigned interval_ms;
};

/* The row whose address is `address`; NULL: it is gone, or filtered out. */
const struct row *screen_find(const struct screen *screen, const char *address);

void draw_list(struct screen *screen, int line, int lines);
void draw_region(struct screen *screen, const struct row *row, int line, int lines);
void draw_help(int line);

/* Text at a place, cut off at the edge, without control characters whatever it holds. */
void put_text(int line, int column, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
