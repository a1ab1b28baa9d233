/* SPDX-License-Identifier: Apache-2.0 */
/* What `mmsync follow` says: a line on a terminal that is drawn again and again, else a line of
   JSON for each event; and on standard error what is wrong. */
#ifndef MMS_RELAY_FOLLOW_REPORT_H
#define MMS_RELAY_FOLLOW_REPORT_H

#include "relay/follower.h"

/* So much of a rebuild has come. */
void report_fetched(uint64_t size, uint64_t bytes);
void report_start(const struct follower *follower);
/* follower->at is what is shown now. Printed ten times a second at most; what was held back is
   printed by report_held, when it is due or `now`. */
void report_generation(const struct follower *follower, uint64_t now, uint64_t bytes);
void report_held(const struct follower *follower, bool now);
/* After a rebuild: the chunks that were fetched, the first `listed` of them in `chunks`. */
void report_rebuild(const struct follower *follower, enum rebuild_reason reason, const uint64_t *chunks, size_t listed,
                    uint64_t count, uint64_t bytes);
/* A condition that lasts gets one line on standard error, until report_generation. */
void report_trouble(const char *text);
/* The same: the server does not answer, as stream_problem() says. */
void report_silence(const struct follower *follower);
/* The same: the connection is closed for good. */
void report_closed(const struct follower *follower);
/* Leave the terminal's line. */
void report_end(void);

#endif
