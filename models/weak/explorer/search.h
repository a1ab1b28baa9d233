/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the search: snapshot.c, seen.c, branch.c, step.c, and search.c, which uses them. */
#ifndef EXPLORE_SEARCH_H
#define EXPLORE_SEARCH_H

#include "world.h"

enum { MAX_BRANCHES = 64 };

/* What a branch may choose besides a message by its position. */
enum { WAIT = 255, PUT_OFF = 254, DIE = 253 };

struct branch {
    uint8_t thread, choice;
};

struct branches {
    struct branch list[MAX_BRANCHES];
    unsigned count;
};

/* snapshot.c: copies of the world; the last one goes first. */
void snapshots_reset(void);
/* Where the copy is. */
size_t save_world(void);
void restore_world(size_t saved_at);
void drop_world(size_t saved_at);

/* seen.c */
void seen_reset(void);
/* False if the world has been in this state before. */
bool is_new_state(void);

/* branch.c: what can be done next. Nothing, if none of the threads can go on. */
void find_branches(struct branches *branches);

/* step.c: do that, and run the thread to its next operation. */
void do_step(struct branch branch);

#endif
