/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that the processes of one demo share: their orders and their reports. An anonymous
   file whose descriptor the children inherit, so nothing is left behind, and the counts of a
   killed process stay. Each counter is written by one process. It is not part of the
   demonstration: values go through mmsync alone. */
#ifndef MMS_CLI_DEMO_BOARD_H
#define MMS_CLI_DEMO_BOARD_H

#include "cli/demo/form.h"
#include "cli/demo/histogram.h"
#include <limits.h>
#include <sys/types.h>

enum { READERS_LEAST = 2, READERS_MOST = 64, CELLS = READERS_MOST + 1, WRITERS = 2, GENERATIONS_NOTED = 1 << 23 };

/* Orders, from the conductor. HOLD: pin a view and keep it. HALT: stop in the middle of a write
   and stay there. END: tidy up and exit. */
enum order { ORDER_WORK, ORDER_HOLD, ORDER_HALT, ORDER_END };
/* STARTING is also the state of a process that was never started. */
enum state { STATE_STARTING, STATE_WORKING, STATE_HOLDING, STATE_HALTED };
enum held_result { HELD_UNKNOWN, HELD_WHOLE, HELD_BROKEN };

struct reader_cell {
    _Alignas(128) _Atomic uint32_t order; /* enum order */
    _Atomic uint32_t state;               /* enum state */
    _Atomic uint64_t lookups, found, absent;
    _Atomic uint64_t generations; /* how often it met a new one */
    _Atomic uint64_t generation;  /* the last one it met */
    _Atomic uint64_t verified;    /* whole tables whose structure and checksum it checked */
    _Atomic uint64_t torn, wrong, backwards, stale, evicted;
    _Atomic uint64_t longest_gap_ns;
    _Atomic uint32_t sample;          /* suffix << 16 | number of a query that was answered */
    _Atomic uint64_t held_generation; /* of the view that ORDER_HOLD made it pin */
    _Atomic uint64_t held_newer;      /* generations that were given out while it held the view */
    _Atomic uint32_t held_result;     /* enum held_result */
    _Atomic uint64_t resumed_ns;      /* when it met the first generation past board->outage */
    _Atomic uint64_t resumed_lookups; /* and its look-ups at that time */
    _Atomic uint32_t has_finding;     /* after `finding` */
    char finding[200];                /* the first thing that was wrong */
    struct histogram latency;         /* of one look-up in LOOKUPS_PER_TIMED */
    struct histogram first;           /* of the first look-up in each new generation, with the check of its archive */
    struct histogram many;            /* tables: of the look-ups of several keys at once */
    struct histogram age;             /* tables: of a commit when this reader first looked into it */
    _Atomic uint64_t commit;          /* tables: the last one it met */
};

struct writer_cell {
    _Alignas(128) _Atomic uint32_t order;
    _Atomic uint32_t state;
    _Atomic uint64_t published, refused, reclaimed;
    _Atomic uint64_t updates; /* tables: keys put and deleted */
    _Atomic uint64_t first_generation;
    _Atomic uint64_t generation, size, records; /* of the last value */
    _Atomic uint64_t least_size, greatest_size;
    _Atomic uint64_t bytes;
    _Atomic uint64_t started_ns, loaded_ns, opened_ns, published_ns; /* milestones of its start */
};

struct board {
    uint64_t magic;
    /* Written before the first child is started. */
    pid_t conductor;
    uint32_t kind; /* enum data_kind */
    uint32_t form; /* enum form_kind */
    uint32_t readers;
    uint32_t max_slots;
    uint32_t queries;
    uint64_t max_size;
    uint64_t digest;
    char region[PATH_MAX];
    char data[PATH_MAX];
    /* Later. */
    _Atomic uint64_t outage; /* the last generation of the writer that was killed; before that, the highest number */
    struct writer_cell writers[WRITERS];
    struct reader_cell cells[CELLS];
    _Atomic uint8_t seen[GENERATIONS_NOTED]; /* 1: some reader met the generation of that number */
};

enum { LOOKUPS_PER_TIMED = 16 };

/* For counters that one process writes: no locked instruction. */
static inline uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline void put(_Atomic uint64_t *counter, uint64_t value)
{
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

static inline void add(_Atomic uint64_t *counter, uint64_t by)
{
    put(counter, get(counter) + by);
}

/* A new, empty board and its descriptor, which is closed on exec. NULL after one line on
   standard error. */
struct board *board_create(int *descriptor);
/* In a child: the board behind an inherited descriptor. NULL after one line on standard error. */
struct board *board_open(int descriptor);

/* The roles, in writer.c and reader.c; they return the exit status of the process. */
int run_writer(struct board *board, unsigned number);
int run_reader(struct board *board, unsigned number);
/* The data set that the conductor has; 0, or EXIT_FAILED after one line on standard error. */
int board_data(const struct board *board, struct data_set *set);

#endif
