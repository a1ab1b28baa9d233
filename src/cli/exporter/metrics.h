/* SPDX-License-Identifier: Apache-2.0 */
/* The state of regions in the text format of Prometheus, version 0.0.4. */
#ifndef MMS_CLI_EXPORTER_METRICS_H
#define MMS_CLI_EXPORTER_METRICS_H

#include "cli/survey.h"
#include <stdio.h>

/* Look at the regions in each directory, and write their metrics. A directory that cannot be
   listed has been reported, and counts in a metric. The survey begins as zeros, and is the caller's
   to free; give the same one each time. Returns 0 or an errno. */
int metrics_write(FILE *out, struct survey *survey, char *const *directories, int count);

#endif
