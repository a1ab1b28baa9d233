/* SPDX-License-Identifier: Apache-2.0 */
/* The regions that `top` shows: what a survey finds, and what has changed since the one before. */
#ifndef MMS_CLI_TOP_ROWS_H
#define MMS_CLI_TOP_ROWS_H

#include "cli/survey.h"

struct row {
    const struct surveyed *region; /* until the next round */
    double rate;                   /* publishes per second since the round before; below 0: not known */
};

enum row_order { BY_NAME, BY_GENERATION, BY_RATE, BY_AGE, BY_SIZE, BY_READERS, BY_MEMORY, ROW_ORDERS };

struct rows {
    char *const *directories;
    int directory_count;
    enum row_order order;
    bool reversed;
    char filter[64]; /* part of the name; "": all */

    struct survey survey;
    struct row *list; /* those that the filter lets through, in order */
    size_t count;
    uint64_t taken_ns, before_ns; /* this round and the one before, CLOCK_MONOTONIC; 0: there was none */
    uint64_t readers, memory;
};

/* "name", "generation" ... as on the command line and on the screen. */
const char *row_order_name(enum row_order order);
/* The name that a row is known by: files of mmap-sync by their whole path. */
const char *row_name(const struct row *row);
/* Look again. Returns an exit status; a failure has been reported. */
int rows_take(struct rows *rows);
/* Filter and sort anew, after `filter`, `order` or `reversed` has changed. */
int rows_arrange(struct rows *rows);
void rows_free(struct rows *rows);

#endif
