/* SPDX-License-Identifier: Apache-2.0 */
/* REGION.source, for the one who writes it (cli/followed.h reads it). It comes after the value
   that it describes, so it may be older than that, and says then nothing wrong: the root tells.
   Before the first value it says whose that will be. */
#ifndef MMS_RELAY_FOLLOW_STATE_H
#define MMS_RELAY_FOLLOW_STATE_H

#include "relay/connection.h"
#include "relay/tree.h"
#include <limits.h>
#include <mmsync.h>

struct follow_state {
    mms_writer *writer;
    char path[PATH_MAX];
};

enum { PAST_EPOCHS = 16 };

/* What is in it. */
struct followed {
    char name[NAME_MOST + 1]; /* "": nothing */
    uint64_t generation;      /* of the region */
    uint64_t epoch, source_generation, sequence, size, base_generation;
    uint64_t past[PAST_EPOCHS]; /* the epochs before, the newest first; 0: none */
    struct hash root;
    uint64_t region_id[2]; /* of the source; with host and path from where it was opened */
    const char *url, *host, *path;
    uint64_t published_ns, applied_ns; /* CLOCK_REALTIME, at the source and here */
};

/* What `mmsync follow` has left beside the region; a name of "" if it has not. */
void follow_state_read(const char *region, struct followed *out);

/* A code of the library. It is durable if the options say so, and stays so. */
int follow_state_open(struct follow_state *state, const char *region, const mms_writer_options *options);
int follow_state_publish(struct follow_state *state, const struct followed *followed);
void follow_state_close(struct follow_state *state);

#endif
