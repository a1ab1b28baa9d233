/* SPDX-License-Identifier: Apache-2.0 */
/* The process that the user starts: it runs the others, makes things happen to them, and
   watches. */
#ifndef MMS_CLI_DEMO_CONDUCTOR_H
#define MMS_CLI_DEMO_CONDUCTOR_H

#include "cli/demo/board.h"
#include "cli/demo/child.h"
#include "cli/demo/display.h"
#include "cli/demo/query.h"
#include "cli/sink.h"
#include <stdio.h>

struct demo_options {
    unsigned seconds, readers;
    enum data_kind kind;
    enum form_kind form;
    const char *file;      /* NULL: where Debian has it */
    const char *json;      /* where the figures go; NULL: nowhere; "-": standard output */
    const char *directory; /* where the region is made */
};

/* What became of the three events. Times are 0 until they are known. */
struct kill_reader_figures {
    uint64_t killed_ns, generation, reclaimed_ns;
    bool seen_dead; /* mms_inspect_readers said so before the line was gone */
};
struct stop_reader_figures {
    uint64_t stopped_ns, generation, newer;
    bool whole;
};
struct kill_writer_figures {
    uint64_t killed_ns, generation, next_generation;
    uint64_t recovery_ns;      /* from the kill to the first reader with a new generation */
    uint64_t last_recovery_ns; /* to the last one */
    uint64_t start_ns;         /* the part of it in which the new writer was started and read the data */
    uint64_t lookups;          /* while nothing new was published */
};

/* The last progress that a watchdog saw. */
struct watch {
    uint64_t value, since_ns;
};

enum failure { FAILURE_LOST, FAILURE_STUCK };
enum { FAILURES_KEPT = 8 };

struct demo {
    const struct demo_options *options;
    struct data_set data;
    struct query_set queries;
    struct board *board;
    int board_descriptor;
    struct child writer, readers[CELLS];
    unsigned writer_number, cells; /* in use */
    struct display display;
    struct sink json; /* with options->json */
    /* Time. active_ns stands still while this process is stopped: watchdogs use it. */
    uint64_t start_ns, end_ns, active_ns, last_ns;
    struct watch reader_watch[CELLS], writer_watch;
    /* What was found. */
    struct kill_reader_figures kill_reader;
    struct stop_reader_figures stop_reader;
    struct kill_writer_figures kill_writer;
    uint64_t lookups_before; /* look-ups made before start_ns */
    uint64_t lookups;        /* between start_ns and end_ns */
    unsigned slots_used;
    uint64_t bytes_used;
    unsigned lost, stuck;
    char failures[FAILURES_KEPT][256];
};

/* Returns the exit status of the program. */
int conduct(const struct demo_options *options);

/* ---- For the conductor's own files ---- */

void demo_fail(struct demo *demo, enum failure kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* watch.c */
/* Wait a moment. False if the demo cannot go on: a child ended, something is stuck, a signal
   came. */
bool demo_pump(struct demo *demo);
/* Pump until `done` is true for that number. False if it never is, which has then been
   recorded. */
bool demo_await(struct demo *demo, bool (*done)(const struct demo *, unsigned), unsigned number, const char *what);

/* start.c */
bool start_writer(struct demo *demo);
bool start_reader(struct demo *demo);
bool reader_is_working(const struct demo *demo, unsigned cell);
bool reader_is_gone(const struct demo *demo, unsigned cell);
bool writer_is_gone(const struct demo *demo, unsigned unused);
uint64_t all_lookups(const struct demo *demo);

/* events.c: false if the demo cannot go on. */
bool event_kill_reader(struct demo *demo);
bool event_stop_reader(struct demo *demo);
bool event_kill_writer(struct demo *demo);

#endif
