/* SPDX-License-Identifier: Apache-2.0 */
/* One case of the matrix: a victim that is killed or frozen at a point; bystanders that read and
   wait meanwhile; and the conductor, which watches, writes, and checks afterwards. Each case has
   its own processes and its own directory. */
#ifndef STAGE_H
#define STAGE_H

#include "check.h"
#include "step.h"
#include <sys/types.h>

enum { STAGE_SLOTS = 8, STAGE_READERS = 12, STAGE_MAX_SIZE = 8 << 20, EVICTED_READERS = STAGE_SLOTS - 1 };

/* What all processes of a case see. */
struct board {
    uint32_t stop;
    /* The number of the last value begun: at the files of mmap-sync, where generations have no
       order, values are numbered, and the number stands for the generation. And what it was when
       the victim began its act. */
    mms__word written;
    uint64_t before;
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
    mms_view held; /* held until after the next writer's first values; data NULL: none */
    mms_writer *writer;
    mms_region *late_region; /* from when the victim was frozen; late.data NULL: no view */
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
    NEEDS_DISK = 16,     /* needs a disk */
    MAY_BE_FULL = 32,    /* frozen, it may hide from others that lines are free */
    MUST_BE_EMPTY = 64,  /* at no point of it there is a value that may be read */
    UPSTREAM = 128,      /* the files are mmap-sync's */
    RESETS = 256,        /* and its writer does not wait for a view that is held */
    REPAIRS = 512        /* the victim takes back counts left by dead processes */
};

struct scenario {
    const char *name;
    unsigned flags;
    void (*prepare)(struct stage *stage); /* in the conductor, with nobody else present */
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

/* (conduct.c, conduct_mmap_sync.c) Run the case in this process. */
void conduct(struct stage *stage, enum step step, unsigned nth, struct result *result);
void conduct_mmap_sync(struct stage *stage, enum step step, unsigned nth, struct result *result);

/* (conduct.c) Parts of it. */
int patience_ms(void);
void start_victim(struct stage *stage, enum step step, unsigned nth);
void await_point(struct stage *stage); /* until it has died or stopped */
void resume(struct stage *stage);      /* until it has ended without a complaint */
void start_bystanders(struct stage *stage);
void wait_until(const mms__word *word, uint64_t least, const char *what);
void check_nothing_is_left(const struct stage *stage);
mms_writer_options stage_options(void);
mms_writer *stage_writer(const struct stage *stage);

/* (bystander.c) Parts for start_child. */
void watch_region(void *stage);
void wait_for_changes(void *stage);
/* (bystander_mmap_sync.c) */
void watch_values(void *stage);
void wait_for_values(void *stage);
/* The number of a value that must be whole. */
uint64_t check_value(const void *data, size_t size);

/* (scenario_mmap_sync.c) Publish the next number. */
int try_next(struct stage *stage, mms_writer *writer, size_t size, mms_receipt *receipt);
uint64_t publish_next(struct stage *stage, mms_writer *writer, size_t size);
mms_writer_options mmap_sync_options(void);
mms_writer *stage_mmap_sync_writer(const struct stage *stage);

/* (scenario_writer.c, scenario_reader.c) */
extern const struct scenario create, take_over, write_small, write_many, write_built, extend, reclaim, reap_dead, evict,
    lose_membarrier, trim, take_away, replace, sweep, close_writer, new_boot;
/* (scenario_update.c) */
extern const struct scenario update_first, update_next, update_prepared, update_longer;
/* (scenario_history.c) */
extern const struct scenario go_back, go_back_by_copy, keep_all;
/* (scenario_durable.c) */
extern const struct scenario durable_write, durable_boot;
/* (scenario_table.c) */
extern const struct scenario change_keys;
extern const struct scenario abort_keys;
/* A value that may be this generation's, and mixes nothing. */
bool is_whole(const void *data, size_t size, uint64_t generation);
/* What the next writer updates is right, and what readers are told of it. */
void check_updates(const struct stage *stage, mms_writer *writer);

extern const struct scenario join, claim, claim_full, read_first, read_steady, read_symmetric, read_chased, adopt_fence,
    refresh, copy, verify_region, wait_for_next, wait_in_relay, close_reader, leave;
extern const struct scenario up_create, up_take_over, up_write, up_build, up_reset, up_close, up_remove, up_join,
    up_read, up_read_again, up_read_chased, up_refresh, up_copy, up_copy_uncounted, up_wait, up_close_reader, up_leave,
    up_repair, up_repair_by_time;

/* Shared by them: a region with some values, and one with a single value. */
void prepare_values(struct stage *stage);
void prepare_value(struct stage *stage);

#endif
