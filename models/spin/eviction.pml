/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G1 G4 */
/* A writer that never waits: it takes the slots of readers that allow it (EVICTABLE of them). What
   they read is whole, or the call that ends the view says so; a reader that does not allow it
   keeps its slot. */
#ifndef EVICTABLE
#define EVICTABLE 1
#endif
#include "system.pml"
