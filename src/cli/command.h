/* SPDX-License-Identifier: Apache-2.0 */
/* A program that runs for one publish: it makes the value, or judges it. */
#ifndef MMS_CLI_COMMAND_H
#define MMS_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct command {
    char *const *argv; /* ends with NULL */
    const char *name;  /* for messages */
    pid_t pid;
    bool running;
    int status; /* as of waitpid, once it has ended */
};

/* Start it, found as the shell finds programs, with these two as its standard input and output; -1: our own. It gets
   no other descriptor of ours, and signals as they were given to us. An exit status; anything but EXIT_OK has been
   reported, here and below. */
int command_start(struct command *command, int input, int output);

/* Write all of this to its standard input, as far as it wants to read, and close that. */
void command_feed(struct command *command, int fd, const void *data, size_t size);

/* Wait for its end: EXIT_OK if its own exit status is 0. It is ended if the user interrupts us (interrupted()). */
int command_wait(struct command *command);

/* End it, if it runs: by SIGTERM, and by SIGKILL if it does not obey. */
void command_end(struct command *command);

#endif
