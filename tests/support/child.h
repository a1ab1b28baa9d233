/* SPDX-License-Identifier: Apache-2.0 */
/* Helper programs of the tests as child processes: each reads one command a line from standard input and answers with
   one line. Whatever goes wrong here fails the running test. Children die with the test program. */
#ifndef TEST_CHILD_H
#define TEST_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How long a child may stay silent before the test gives up. A guard against hanging, which
   measures nothing. */
#define CHILD_HANG_SECONDS 120

struct child {
    pid_t pid;
    int to, from;
    size_t filled;
    char line[512]; /* the last answer, followed by what came behind */
    char buffer[1024];
};

/* Run $MMSYNC_TEST_BIN_DIR/PROGRAM. */
struct child child_start(const char *program);
/* In new namespaces: clone_flags as for clone(2), CLONE_NEWPID for one. pid is -1 if that is refused here. */
struct child child_start_cloned(const char *program, int clone_flags);
/* Any command, found through PATH; argv ends with NULL. What it starts must be one of our helpers
   (strace does that). */
struct child child_start_command(const char *const argv[]);
/* The path of a helper program; static memory of this thread. */
const char *child_program_path(const char *program);

/* Send a command, without waiting. */
void child_send(struct child *child, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The next line that the child says. Valid until the next call. */
const char *child_receive(struct child *child);
/* Both. */
const char *child_ask(struct child *child, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ask, and fail unless the answer is exactly that, or begins with it and a space. */
const char *child_expect(struct child *child, const char *answer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Ask, expect "OK N...", and return N. */
uint64_t child_number(struct child *child, const char *format, ...) __attribute__((format(printf, 2, 3)));

void child_signal(const struct child *child, int signal);
/* SIGSTOP, and wait until it has stopped. */
void child_stop(const struct child *child);
/* Wait for the end and return waitpid's status. */
int child_wait(struct child *child);
/* SIGKILL, and wait. Does nothing to a child that ended. */
void child_kill(struct child *child);
/* Close its standard input, and check that it ends with status 0. */
void child_end(struct child *child);

#endif
