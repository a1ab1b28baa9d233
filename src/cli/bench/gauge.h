/* SPDX-License-Identifier: Apache-2.0 */
/* What `bench` measures. Each gauge takes one slice of time and gives one figure; `bench` runs
   them in turn, several times, so that whatever disturbs the machine disturbs them all. */
#ifndef MMS_CLI_BENCH_GAUGE_H
#define MMS_CLI_BENCH_GAUGE_H

#include "cli/now.h"
#include <mmsync.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SMALL_VALUE = 36, LARGE_VALUE = 64 << 20 };

struct peer;

struct bench {
    char *small, *large;      /* paths of two regions */
    mms_writer *small_writer; /* the writer of the first, open all the time */
    mms_writer *large_writer; /* NULL until the first gauge that needs it */
    struct peer *peer;        /* the other process */
    uint64_t slice_ns;
    double clock_ns;       /* what a pair of clock readings costs; taken off single calls */
    void *source, *target; /* LARGE_VALUE bytes each; NULL until needed */
};

/* 0 and a figure in ns, or in bytes/s or page faults where the table says so; or a negative code
   of the library. */
typedef int gauge(struct bench *bench, double *figure);

gauge gauge_pointer, gauge_read_inline, gauge_read_crowded, gauge_read_exported, gauge_refresh, gauge_first_read;
gauge gauge_write_alone, gauge_write_idle_reader, gauge_write_crowded, gauge_write_spinning_reader;
gauge gauge_commit_1k, gauge_commit_1m, gauge_commit_64m;
gauge gauge_copy_large, gauge_memcpy_large, gauge_update_large;
gauge gauge_faults, gauge_faults_small, gauge_loads, gauge_loads_small; /* pages.c */
gauge gauge_wake;

/* Readers of a region that have read once and then do nothing. */
enum { CROWD = 999 };
struct crowd {
    mms_region *region;
    mms_reader *readers[CROWD];
};
int crowd_open(struct crowd *crowd, const char *path);
void crowd_close(struct crowd *crowd);

/* The library's own functions, as bindings call them: no inlining. */
extern int (*const exported_read)(mms_reader *, mms_view *);
extern int (*const exported_refresh)(mms_reader *, mms_view *);
extern int (*const exported_release)(mms_reader *);

/* Make the compiler believe that the value is used. */
static inline void keep(uint64_t value)
{
    __asm__ volatile("" : : "r"(value));
}

double median(double *figures, size_t count); /* sorts them */

/* Times of single calls, which cannot be repeated in a loop. */
enum { SAMPLES_MOST = 20000, SAMPLES_LEAST = 3 };
struct samples {
    double ns[SAMPLES_MOST];
    size_t count;
    uint64_t end_ns;
};
/* NULL without memory; to be freed. */
struct samples *samples_start(const struct bench *bench);
bool samples_wanted(const struct samples *samples);
void samples_add(struct samples *samples, const struct bench *bench, uint64_t from_ns, uint64_t to_ns);
/* The median; frees the samples. `code` is passed through, and then there is no figure. */
int samples_finish(struct samples *samples, int code, double *figure);

#endif
