/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G1 G3 G4 */
/* The writer loses membarrier(2) at any scan, or a successor never had it: it treats asymmetric lines as covering everything, and
   nudges the readers, who adopt symmetric fences. */
#define SWITCH
#include "system.pml"
