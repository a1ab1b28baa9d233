/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G1 G3 G4 G7 */
/* Readers read, refresh and release while a writer publishes, and gives up a value now and then: no view is torn, nothing
   goes back, and no slot is taken that a reader has pinned. */
#define ABORT
#include "system.pml"
