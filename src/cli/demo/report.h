/* SPDX-License-Identifier: Apache-2.0 */
/* The figures at the end, and the verdict. */
#ifndef MMS_CLI_DEMO_REPORT_H
#define MMS_CLI_DEMO_REPORT_H

#include "cli/demo/conductor.h"

struct figures {
    const struct demo *demo;
    double seconds;
    unsigned cpus;
    uint64_t lookups, found, absent, torn, wrong, backwards, stale, evicted;
    uint64_t verified, met; /* whole tables checked; times that a reader met a new generation */
    uint64_t longest_gap_ns;
    uint64_t published, updates, refused, slots_reclaimed, least_size, greatest_size, bytes;
    uint64_t seen;          /* generations that at least one reader met */
    uint64_t fewest, most;  /* met by one of the readers that were there from the first to the last moment */
    double clock_ns;        /* what reading the clock takes */
    uint64_t resolution_ns; /* of the clock */
    struct histogram latency, first, many, age; /* as in a reader_cell */
    bool good;
};

/* Print the table and the verdict, and write the JSON if it was asked for. 0, or EXIT_FAILED if
   the demo failed. */
int report(struct demo *demo, bool complete);

/* Write the figures as JSON; 0, or EXIT_FAILED after one line on standard error. */
int report_json(const struct figures *figures, struct sink *out);

#endif
