/* SPDX-License-Identifier: Apache-2.0 */
/* A region that is deleted, moved or replaced by hand under a reader, and every call that must notice.
   Each function fails the test if it fails. */
#ifndef GONE_H
#define GONE_H

#include "check.h"

/* Where the region is, and where something else may be. */
extern struct gone_places {
    const char *region, *aside, *other;
} places;

void set_places(void **state);
void clear_places(void);

/* What is done by hand. */
struct harm {
    const char *name;
    void (*happens)(void);
};

/* Whose value is "value". */
struct watcher {
    mms_region *region;
    mms_reader *reader; /* with a view that was read inline before */
    mms_view view;
};

void open_watcher(struct watcher *watcher);
void close_watcher(struct watcher *watcher);
/* Every call says so. The held view stays; nothing new is given out. */
void check_all_gone(struct watcher *watcher);

/* Do each harm once for every call: that call is the first to notice, and then all others do. `make` makes the region before,
   and `clear` removes what is left. */
void check_each_call_notices(const struct harm *harms, int count, void (*make)(void), void (*clear)(void));

/* Write in a tight loop until that fails, a thousand times at most: it may go on for a while. `stop_clock` is called before
   each write, so that the writer finds that no time has passed, however slow this machine is. */
int write_on(mms_writer *writer, void (*stop_clock)(mms_writer *writer));

#endif
