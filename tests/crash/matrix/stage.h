/* SPDX-License-Identifier: Apache-2.0 */
/* One case of the matrix: a victim that is killed or frozen at a point, bystanders that read and wait meanwhile, and the
   conductor, which looks on, writes, and checks afterwards. Each case has processes and a directory of its own. */
#ifndef STAGE_H
#define STAGE_H

#include "check.h"
#include "step.h"
#include <sys/types.h>

enum { STAGE_SLOTS = 8, STAGE_READERS = 12, STAGE_MAX_SIZE = 8 << 20, EVICTED_READERS = STAGE_SLOTS - 1 };

/* What all processes of a case see. */
struct board {
    uint32_t stop;
    uint32_t bystanders_up;
    mms__word watched, woken; /* the newest generation that the watcher has read, that the waiter was told of */
    mms__word reads;
};

struct stage {
    const struct scenario *scenario;
    enum step_action action;
    char directory[512], path[544];
    struct board *board;
    pid_t watcher, waiter, victim;
    int from_victim, to_victim;

    /* The conductor's own handles. */
    mms_region *region;
    mms_reader *reader;
    mms_view held; /* from before the victim's act to after the next writer's first values; data NULL: none */
    mms_writer *writer;
    mms_region *late_region; /* from the time in which the victim was frozen; late.data NULL: no view */
    mms_reader *late_reader;
    mms_view late;
    mms_region *evicted_region;
    mms_reader *evicted_reader[EVICTED_READERS];
    mms_view evicted_view[EVICTED_READERS];

    /* The victim's. */
    mms_region_options reading; /* how it opens the region */
    mms_writer *own_writer;
    mms_region *own_region;
    mms_reader *own_reader;
};

enum {
    WRITES = 1,          /* the victim has the writer's role, or wants it; else the conductor has it */
    MAY_BE_ABSENT = 2,   /* at some points of it there is no region */
    MAY_BE_EMPTY = 4,    /* or one without a value */
    ABSENT_AT_FIRST = 8, /* prepare makes none */
    NEEDS_DISK = 16,     /* volatile memory will not do */
    MAY_BE_FULL = 32,    /* frozen, it may keep others from finding out that lines are free */
    MUST_BE_EMPTY = 64   /* at all points of it there is no value that may be read */
};

struct scenario {
    const char *name;
    unsigned flags;
    void (*prepare)(struct stage *stage); /* in the conductor, with nobody else there */
    void (*set_up)(struct stage *stage);  /* in the victim, not armed yet; may be NULL */
    void (*act)(struct stage *stage);     /* in the victim: passes the points */
};

/* A row of the table, for one action. "" in a cell: it does not apply. */
struct result {
    bool done;
    char seen[32];   /* by readers, right after */
    char others[48]; /* what others could do meanwhile, or next */
    char after[48];  /* at the end */
};

/* (conduct.c) Run the case in this process. */
void conduct(struct stage *stage, enum step step, unsigned nth, struct result *result);
mms_writer_options stage_options(void);
mms_writer *stage_writer(const struct stage *stage);

/* (bystander.c) Parts for start_child. */
void watch_region(void *stage);
void wait_for_changes(void *stage);

/* (scenario_writer.c, scenario_reader.c) */
extern const struct scenario create, take_over, write_small, write_built, extend, reclaim, bury_dead, evict,
    lose_membarrier, trim, take_away, replace, sweep, close_writer, new_boot;
extern const struct scenario join, claim, claim_full, read_first, read_steady, read_symmetric, read_chased, adopt_fence,
    refresh, copy, wait_for_next, close_reader, leave;

/* Shared by them: a region with some values; and with one. */
void prepare_values(struct stage *stage);
void prepare_value(struct stage *stage);

#endif
