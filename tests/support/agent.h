/* SPDX-License-Identifier: Apache-2.0 */
/* What the helper programs share: a loop that takes commands from standard input and answers, and the commands that
   both a reader and a writer know. An answer is "OK ..." or the name of the error. */
#ifndef TEST_AGENT_H
#define TEST_AGENT_H

#include <stdbool.h>
#include <stdint.h>

struct agent_command {
    const char *name;
    void (*run)(char *arguments);
};

/* Serve until standard input ends; then 0. commands ends with an empty one. Besides them:
     pid               OK PID
     become UID GID    give up all rights
     refuse ERRNO      membarrier fails from here on
     fork              a child that does nothing but live: OK PID
     closefrom N       close every descriptor from N on
     maps              the shared writable maps of files: OK NAME...
   An unknown command ends the program. */
int agent_serve(const struct agent_command *commands);

void agent_answer(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "OK" or the error's name; the detail goes to standard error if $MMSYNC_TEST_VERBOSE is set. */
void agent_answer_code(int code);

/* True once another command has come, or standard input has ended. */
bool agent_is_called(void);

/* Cut the next word off; "" at the end. */
char *agent_word(char **arguments);
uint64_t agent_number(char **arguments);

#endif
