/* SPDX-License-Identifier: Apache-2.0 */
/* The stress test: a writer process in a loop, and reader processes that a driver stops and resumes at random moments,
   some tens of microseconds apart, so that they are caught between any two instructions. What a reader sees is checked
   in full. The same driver runs the original's protocol as a control: a schedule that finds nothing there proves
   nothing here. */
#ifndef TEST_JOLT_H
#define TEST_JOLT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { JOLT_READERS_MAX = 64, JOLT_BUCKETS = 24 };

enum jolt_fence {
    JOLT_AUTO,
    JOLT_SYMMETRIC,
    JOLT_ASYMMETRIC,
    JOLT_MIXED /* some readers symmetric, some without membarrier; writers change, some without it */
};

struct jolt_config {
    double seconds;
    unsigned readers;
    unsigned jolt_us; /* longest pause of a reader, and between two jolts; 0: no jolts */
    size_t smallest, largest;
    unsigned max_slots; /* 0: the default */
    bool evict;         /* the writer does not wait, and half of the readers allow eviction */
    bool kill;          /* SIGKILL readers and the writer at random, and start others */
    enum jolt_fence fence;
    uint64_t seed;         /* seed for everything random; 0: from the clock */
    const char *directory; /* for the region; NULL: /dev/shm */
    uint64_t enough_torn;  /* end after this many torn reads were found; 0: do not */
};

/* log2 of a number: 0, 1, 2-3, 4-7, ... */
struct jolt_histogram {
    uint64_t count[JOLT_BUCKETS];
    uint64_t max;
};

/* What one reader has seen, process after process. In shared memory. */
struct jolt_reader {
    uint64_t reads, refreshes, copies, waits;
    uint64_t copy_agains, wait_timeouts, evicted, evicted_torn;
    uint64_t torn, backward, stale, errors;            /* all of these must be 0 */
    struct jolt_histogram age_at_read, age_at_release; /* in generations */
    char first_error[192];
} __attribute__((aligned(128)));

struct jolt_writer {
    uint64_t writes, bytes, aborts, grown, agains, evicted, reclaimed, errors;
    uint64_t longest_wait_ns;
    struct jolt_histogram recovery_us; /* from SIGKILL to the successor's first publish */
    char first_error[192];
} __attribute__((aligned(128)));

/* Shared by all processes. */
struct jolt_board {
    uint64_t stop __attribute__((aligned(128)));
    uint64_t writer_is_to_end;                        /* so that another takes over */
    uint64_t writer_killed_ns;                        /* 0: not since the last publish */
    uint64_t published __attribute__((aligned(128))); /* stored after each commit: readers must see this or newer */
    struct jolt_writer writer;
    struct jolt_reader readers[JOLT_READERS_MAX];
};

struct jolt_run {
    struct jolt_config config;
    struct jolt_board *board;
    char region[256];
    /* The roles of the processes: each runs until board->stop. */
    void (*read)(struct jolt_run *run, unsigned index, uint64_t seed);
    void (*write)(struct jolt_run *run, uint64_t seed);
    /* of the driver */
    uint64_t random;
    pid_t writer_pid, reader_pids[JOLT_READERS_MAX];
    uint64_t jolts, readers_killed, writers_killed, writers_ended;
    double seconds; /* the time it took */
    char first_error[192];
};

/* 10 seconds, 4 readers, 60 us, 1 byte to 4 MiB. */
struct jolt_config jolt_defaults(void);

/* Run readers and a writer. False, with run->first_error, if a process ended by itself. (jolt_driver.c) */
bool jolt_drive(struct jolt_run *run);

/* mmsync's own roles, its final checks, and a report on standard output; what a program returns from main. (jolt.c) */
int jolt_test(const struct jolt_config *config);

void jolt_read_mmsync(struct jolt_run *run, unsigned index, uint64_t seed); /* (jolt_reader.c) */
void jolt_write_mmsync(struct jolt_run *run, uint64_t seed);                /* (jolt_writer.c) */

/* Figures of all readers together. (jolt_report.c) */
struct jolt_reader jolt_sum(const struct jolt_run *run);
/* The number of findings of readers that must not occur. */
uint64_t jolt_failures(const struct jolt_reader *sum);
void jolt_report(const struct jolt_run *run);

uint64_t jolt_now_ns(void);
void jolt_count(struct jolt_histogram *histogram, uint64_t value);
/* Keep the first message. */
void jolt_note(char first_error[192], const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline bool jolt_is_over(const struct jolt_run *run)
{
    return __atomic_load_n(&run->board->stop, __ATOMIC_RELAXED) != 0;
}

#endif
