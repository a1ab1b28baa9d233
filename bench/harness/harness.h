/* SPDX-License-Identifier: Apache-2.0 */
/* One run of the harness measures one thing of one contestant, and prints one JSON object. */
#ifndef BENCH_HARNESS_H
#define BENCH_HARNESS_H

#include "contestant.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/types.h>

enum { CPUS_MOST = 64, WORKERS_MOST = 4200, CHANGES_MOST = 8 };

/* A kind of commit: so many places, and parts at each. Its figures begin with its name. */
struct kind {
    char name[16];
    size_t count, length;
};

struct options {
    const char *mode, *plugin, *directory;
    size_t size;       /* of the value */
    unsigned readers;  /* processes (or threads) that are measured */
    unsigned attached; /* further reader handles that have read once, all in one process */
    double rate;       /* publishes per second while readers are measured */
    double seconds;    /* how long to measure, roughly */
    size_t count;      /* of calls, where the mode counts calls */
    size_t walk;       /* bytes of its own that a reader uses between two reads */
    bool checked, typed, spin, in_place, commit, prefault, writes, entries, anywhere, texts;
    struct kind kinds[CHANGES_MOST];
    size_t kind_count;
};

/* ---- Figures ---- */

/* Times of single calls. */
struct samples {
    double *ns;
    size_t count, room;
};
void samples_init(struct samples *samples, size_t room);
void samples_add(struct samples *samples, double ns);
void samples_free(struct samples *samples);
/* Sorts. Fraction 0.5: the median. 0 without samples. */
double samples_quantile(struct samples *samples, double fraction);

struct spread {
    double p50, p99, p999, p9999, max;
    uint64_t count;
};
struct spread samples_spread(struct samples *samples);

/* The JSON object on standard output. */
void figure(const char *name, double value);
void figure_spread(const char *prefix, const struct spread *spread);
void figure_text(const char *name, const char *value);
void figures_end(void);

double directory_bytes(const char *path); /* that its files occupy */

/* ---- Time ---- */

void clock_calibrate(void);
uint64_t clock_ns(void);
uint64_t clock_thread_ns(void);  /* on the processor, by this thread */
void sleep_until(uint64_t when); /* precisely, on that clock */
uint64_t ticks(void);            /* serialized on both sides */
double ticks_ns(uint64_t difference);
double ticks_overhead_ns(void); /* of two readings with nothing in between */

/* ---- Numbers below a count, of which low ones are the more popular ---- */

struct zipf {
    uint64_t count;
    double least, most, sure;
};
void zipf_init(struct zipf *zipf, uint64_t count);
uint64_t zipf_next(const struct zipf *zipf, uint64_t *state);

/* ---- Processors ---- */

unsigned cpu_count(void);
void cpu_pin(unsigned index); /* wraps round; CPU_ANY: where the kernel likes */
#define CPU_ANY (~0u)

/* ---- Sessions: the writer, which is the main thread, and its workers ---- */

struct result {
    double ns; /* per call: the median batch */
    struct spread single;
    double extra[4];
    uint64_t seen_ns;
};

struct session;
struct worker {
    struct session *session;
    unsigned index, cpu;
    void (*work)(struct worker *);
    pid_t pid;
    unsigned long thread;
};

/* Shared between processes. */
struct shared {
    atomic_uint phase; /* enum phase */
    atomic_uint step;  /* within RUN, for modes that have some */
    atomic_uint ready; /* workers that are */
    atomic_uint done;  /* workers that are */
    atomic_uint failed;
    atomic_uint_fast64_t sequence, answer; /* for modes that take turns */
    atomic_uint_fast64_t stamp_ns;
    char detail[400];
    struct result results[WORKERS_MOST];
};
enum phase { PREPARE, OPEN, RUN, STOP, CLOSE };

struct session {
    const struct options *options;
    const struct bench_contestant *contestant;
    struct bench_place place;
    struct shared *shared;
    struct worker workers[WORKERS_MOST];
    unsigned worker_count;
    unsigned char *value; /* options->size bytes with a version; NULL where it has parts or keys */
};

void session_open(struct session *, const struct options *, const struct bench_contestant *);
/* Workers start before anything is opened, and call session_await(OPEN) first. */
void session_worker(struct session *, unsigned cpu, void (*work)(struct worker *));
const struct bench_parts *session_parts(const struct session *); /* those that the options name */
void session_crowd(struct session *);                            /* options->attached reader handles in one worker */
void session_create(struct session *);
void session_publish(struct session *, uint32_t version); /* by write, or write_typed where that is asked for */
void session_phase(struct session *, enum phase phase);
void session_step(struct session *, unsigned step);
void session_await_ready(struct session *, unsigned workers);
bool session_workers_done(const struct session *, unsigned workers);
void session_await_done(struct session *, unsigned workers);
void session_close(struct session *);

/* The worker's side. */
void worker_await(struct worker *, enum phase phase);
void worker_await_step(struct worker *, unsigned step);
void *worker_open_reader(struct worker *);
void worker_ready(struct worker *);
void worker_done(struct worker *);
void worker_nap(void);

_Noreturn void fail(struct session *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void set_version(unsigned char *value, size_t size, uint32_t version);

static inline void keep(uint64_t value)
{
    __asm__ volatile("" : : "r"(value));
}
static inline void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("" : : : "memory");
#endif
}

/* For waits that may be long, because other programs may run on the awaited process's
   processor. */
static inline void pause_politely(unsigned *spins)
{
    if (++*spins % 4096 == 0)
        sched_yield();
    else
        pause_briefly();
}

/* (apart.c) `apart_ns`: what a line takes from processor 1 to processor 0 and back. After a session is closed. */
void figure_apart(void);

/* ---- Modes ---- */

void mode_read(struct session *);
void mode_first(struct session *);
void mode_write(struct session *);
void mode_seen(struct session *);
void mode_table(struct session *);
void mode_memory(struct session *);
void mode_calls(struct session *);
void mode_step(struct session *);
void mode_parts(struct session *);
void mode_beside(struct session *);
void mode_many(struct session *);
void mode_keys(struct session *);

#endif
