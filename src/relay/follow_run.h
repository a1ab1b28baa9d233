/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MMS_RELAY_FOLLOW_RUN_H
#define MMS_RELAY_FOLLOW_RUN_H

#include "relay/follower.h"

/* With the options set; the rest is zeros. Returns an exit status, when a signal has come or it
   cannot go on, or with `once` when the newest generation is shown. */
int follow_run(struct follower *follower);

#endif
