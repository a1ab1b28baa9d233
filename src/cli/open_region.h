/* SPDX-License-Identifier: Apache-2.0 */
/* A region that is read once, or looked at. */
#ifndef MMS_CLI_OPEN_REGION_H
#define MMS_CLI_OPEN_REGION_H

#include "cli/sink.h"
#include <mmsync.h>

/* As mms_region_open, but a full reader table is no reason to fail: values are copied then, as
   they are without the right to write that table. */
int open_region(const char *path, const mms_region_options *options, mms_region **region);

/* Open a region, and write something of it to a file (sink_open), which gets its name only if that
   succeeds. Returns an exit status, as `write` does. */
int write_from_region(const char *path, const mms_region_options *options, const char *file,
                      int (*write)(mms_region *region, struct sink *sink, const void *context), const void *context);

#endif
