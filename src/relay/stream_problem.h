/* SPDX-License-Identifier: Apache-2.0 */
/* For what stream_problem() says. */
#ifndef MMS_RELAY_STREAM_PROBLEM_H
#define MMS_RELAY_STREAM_PROBLEM_H

#include <nats/nats.h>

/* Keep what libnats has to say about a call of this thread that failed with this status. */
void stream_note_problem(natsStatus status);

#endif
