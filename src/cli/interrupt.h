/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C and its relatives as a flag, for verbs that have to tidy up. */
#ifndef MMS_CLI_INTERRUPT_H
#define MMS_CLI_INTERRUPT_H

#include <stdbool.h>

/* From now on the first SIGINT, SIGTERM or SIGHUP only sets a mark, and interrupts system calls;
   the second one kills. Signals that were ignored when the program started stay ignored. */
void interrupt_catch(void);
bool interrupted(void);
/* While this is on, a signal ends the process at once, even one from before: for calls of the library that may wait for long
   and do not look. Nothing may need tidying up meanwhile. */
void interrupt_kills(bool on);
/* Wait until fd has something to read or an end. False if interrupted before that. */
bool interrupt_wait_readable(int fd);
/* Wait for so many milliseconds, or until interrupted, or until fd can be written to. */
void interrupt_pause(int ms);
void interrupt_pause_writable(int fd, int ms);
/* Wait until interrupted. */
void interrupt_wait(void);
/* After tidying up: if there was a signal, die of it, as the shell expects; otherwise return
   `status`. */
int interrupt_finish(int status);

#endif
