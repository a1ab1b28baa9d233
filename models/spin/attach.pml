/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G1 G3 G4 G5 */
/* Readers come and go: they take an owner's byte and claim a line, and give both back, or are killed and leave both, at any
   step. Lines and bytes change hands. */
#define ATTACH
#define LEAVE
#ifndef KILLS
#define KILLS 1
#endif
#ifndef LAST_VICTIM
#define LAST_VICTIM (READERS - 1)
#endif
#include "system.pml"
