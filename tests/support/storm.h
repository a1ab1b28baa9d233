/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that a writer does to its slots, in random order, against a model of each value, held view and
   rollback (G1, G4, G6, T2).

   This is for faults where one operation forgets the state in which another has left a slot: an aborted
   table, a commit that failed for want of descriptors, a scan in the middle of an update, a kept value.
   Tests of single operations miss them. A storm sets the clocks of the scans itself, so a scan may come at
   any time.

   A failure names its seed and operation. MMSYNC_SEED=N runs that storm alone, and MMSYNC_TEST_STORMS=N
   runs storms 1 to N of each kind. */
#ifndef STORM_H
#define STORM_H

#include "check.h"

struct storm_kind {
    const char *name;
    int storms;
    bool cache, typed;
    uint8_t durable; /* as the option; 0: not at all */
};

/* Run the storms of a kind in the test's directory. */
void storm_run(void **state, const struct storm_kind *kind);
/* For teardown, in place of scratch_remove: if a storm has failed, say where. */
int storm_remove(void **state);

#endif
