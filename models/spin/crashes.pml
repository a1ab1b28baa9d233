/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G1 G3 G4 G5 G6 */
/* Readers and the writer are killed at any step. Readers come back as new processes; the writer's
   successor takes over. The lines of the dead stay as they are until they are reaped. */
#define ATTACH
#ifndef KILLS
#define KILLS 2
#endif
#include "system.pml"
