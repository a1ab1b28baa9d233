/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G1 */
/* A writer that never waits, and gives memory back: never under a reader that has been evicted and
   does not know yet, however often and by whichever writer its slot was taken since. */
#ifndef EVICTABLE
#define EVICTABLE 1
#endif
#define PUNCH
#include "system.pml"
