/* SPDX-License-Identifier: Apache-2.0 */
/* The figures of `bench`, and two ways to print them. */
#ifndef MMS_CLI_BENCH_RESULTS_H
#define MMS_CLI_BENCH_RESULTS_H

#include <stdbool.h>

enum result_index {
    POINTER,
    READ_INLINE,
    READ_CROWDED,
    READ_EXPORTED,
    REFRESH,
    FIRST_READ,
    WRITE_ALONE,
    WRITE_IDLE,
    WRITE_CROWDED,
    WRITE_SPINNING,
    COMMIT_1K,
    COMMIT_1M,
    COMMIT_64M,
    COPY_64M,
    MEMCPY_64M,
    UPDATE_64M,
    FAULTS_64M,
    FAULTS_64M_SMALL,
    LOADS_64M,
    LOADS_64M_SMALL,
    WAKE,
    RESULTS
};
enum { ROUNDS_MOST = 101 };

struct result_name {
    const char *key, *label, *unit; /* unit: "ns", "GiB/s" or "faults" */
};

struct result {
    struct result_name name;
    double figures[ROUNDS_MOST]; /* of each round; the same index was measured at about the same time */
    unsigned count;
    bool skipped; /* no room for it */
};

struct results {
    struct result results[RESULTS];
    unsigned rounds;
    double seconds;
    bool symmetric;
};

/* Each returns an exit status. */
int results_print_table(const struct results *all);
int results_print_json(const struct results *all);

#endif
