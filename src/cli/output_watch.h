/* SPDX-License-Identifier: Apache-2.0 */
/* Whether anybody still reads standard output. A process that waits for something else would
   only find out when it writes. */
#ifndef MMS_CLI_OUTPUT_WATCH_H
#define MMS_CLI_OUTPUT_WATCH_H

#include <stdbool.h>

/* From now on output_is_closed() tells, and calls that wait in this thread are interrupted
   (EINTR) when it becomes true. */
void output_watch_start(void);
bool output_is_closed(void);
/* Once, now: a pipe or a socket whose other end is gone, a terminal that has hung up. */
bool output_hung_up(void);

#endif
