/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks of the store that are asked for before they are needed, so that one after the other costs
   no round trip each. */
#ifndef MMS_RELAY_AHEAD_H
#define MMS_RELAY_AHEAD_H

#include "relay/connection.h"
#include <stdbool.h>

/* Of 512 KiB: some milliseconds of a fast network. With 64 of them nats-server 2.9 has cut connections
   off, as of slow consumers. */
enum { AHEAD_MOST = 32 };

/* Start from {0}. What goes wrong here only means that nothing was asked for. */
struct ahead {
    natsSubscription *answers;
    char inbox[64];
    struct {
        uint64_t chunk;
        natsMsg *answer;
    } asked[AHEAD_MOST]; /* the first at `first`, in a ring */
    unsigned first, count;
    bool failed;
};

/* Ask for a chunk, after those that were asked for before. False: not now. */
bool ahead_ask(struct ahead *ahead, const struct connection *connection, uint64_t chunk);
/* The answer for a chunk: of those asked for, the one that is next. Waits ms for it. NULL: there is
   none, or an error; ask in another way. The message is the caller's. */
natsMsg *ahead_take(struct ahead *ahead, uint64_t chunk, int64_t ms);
void ahead_end(struct ahead *ahead);

#endif
