/* SPDX-License-Identifier: Apache-2.0 */
/* A progress bar on standard error, for what takes a while: 64 MiB and more, and only on a
   terminal. */
#ifndef MMS_CLI_PROGRESS_H
#define MMS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *label;
    uint64_t total; /* 0: not known */
    uint64_t done;
    uint64_t started_ns, drawn_ns;
    bool wanted;
};

void progress_start(struct progress *progress, const char *label, uint64_t total);
/* "TEXT 3 GiB" instead of the bar: preparations may take a while too. */
void progress_say(struct progress *progress, const char *text);
/* `bytes` more are done. Cheap; draws ten times a second at most. */
void progress_add(struct progress *progress, uint64_t bytes);
void progress_end(struct progress *progress);
/* Wipe the bar, if there is one, before something else is printed. */
void progress_hide(void);

#endif
