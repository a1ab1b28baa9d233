/* SPDX-License-Identifier: Apache-2.0 */
/* What a victim does at its point, and how it talks to the process that conducts the case. */
#ifndef STEP_H
#define STEP_H

#include "steps.h"
#include <stdbool.h>

enum step_action { STEP_KILL, STEP_FREEZE };

/* What can be asked of the conductor. */
enum step_request { ASK_PUBLISH = 'p', ASK_SYMMETRIC = 's', TELL_REACHED = '!' };

/* From here on in this process: the n-th time through `step`, tell the conductor through `to`,
   then die or stop. */
void step_arm(enum step step, unsigned nth, enum step_action action);
void step_connect(int to, int from);
/* True once it has happened: for a process that was frozen. */
bool step_happened(void);

/* Ask the conductor for something, and wait until it is done. */
void step_ask(enum step_request request);
/* Ask at each of the next `times` passings of `step`. */
void step_ask_at(enum step step, enum step_request request, unsigned times);

/* "publish.current-stored" for STEP_publish_current_stored; static memory. */
const char *step_name(enum step step);

#endif
