/* SPDX-License-Identifier: Apache-2.0 */
/* The state of regions in the text format of Prometheus, version 0.0.4. */
#ifndef MMS_CLI_EXPORTER_METRICS_H
#define MMS_CLI_EXPORTER_METRICS_H

#include "cli/survey.h"
#include <stddef.h>

/* Begins as zeros; `text` is the caller's to free. */
struct metrics {
    char *text; /* not 0-terminated */
    size_t size, room;
    bool failed; /* out of memory: the text is cut short */
};

/* Look at the regions in each directory, and add their metrics. A directory that cannot be listed has been reported, and
   counts in a metric. The survey begins as zeros, and is the caller's to free; give the same one each time. False: out of
   memory. */
bool metrics_write(struct metrics *out, struct survey *survey, char *const *directories, int count);

#endif
