/* SPDX-License-Identifier: Apache-2.0 */
/* A second process that reads a region on command. */
#ifndef MMS_CLI_BENCH_PEER_H
#define MMS_CLI_BENCH_PEER_H

#include <stdint.h>

struct peer;

/* Forks; to be called while no region is open. NULL with errno. */
struct peer *peer_start(const char *path);
/* Ends the process, whatever it is doing. NULL is allowed. */
void peer_stop(struct peer *peer);

/* Each returns when the peer has done it: 0, or its code, with peer_detail() for
   mms_last_error(). -EINTR if the user interrupts, -EPIPE if the peer is gone. After a failure
   only peer_stop may be called. */
int peer_attach(struct peer *peer); /* open the region and a reader */
int peer_detach(struct peer *peer);
int peer_spin(struct peer *peer); /* mms_read and mms_release in a loop from now on */
int peer_spin_end(struct peer *peer);
int peer_wait(struct peer *peer, uint64_t seen);          /* about to call mms_wait with this generation */
int peer_wait_end(struct peer *peer, uint64_t *awake_ns); /* mms_wait returned; when, on the monotonic clock */

const char *peer_detail(const struct peer *peer);

#endif
