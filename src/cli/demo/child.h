/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes of the demo: this program again, in a role. They end when the conductor does,
   however it ends. */
#ifndef MMS_CLI_DEMO_CHILD_H
#define MMS_CLI_DEMO_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    bool running;
    bool may_end; /* it was told to end, or is being killed */
    int status;   /* as of waitpid, once it does not run */
};

/* `role` is "writer" or "reader". False after one line on standard error. */
bool child_start(struct child *child, const char *role, unsigned number, int board);
/* SIGKILL; from now on it may end. */
void child_kill(struct child *child);
/* Notice whether the child has ended. */
void child_poll(struct child *child);
/* Has SIGSTOP taken effect? */
bool child_is_stopped(const struct child *child);
/* "status 1", "signal 11 (Segmentation fault)". Returns text. */
const char *child_fate(const struct child *child, char *text, size_t size);

#endif
