/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G1 G3 G4 */
/* As views.pml, with readers + 2 slots: a scan after which nothing is free has met a live reader
   inside the FROM window, between its announcement and the load after it. So a writer waits for
   nothing else. */
#define WAITS_FOR_FROM_ALONE
#ifdef MUTATE_one_slot_less
#define SLOTS (READERS + 1)
#else
#define SLOTS (READERS + 2)
#endif
#include "system.pml"
