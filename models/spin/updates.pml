/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G1 G4 G6 G7 G11 */
/* A writer publishes changes and whole values, aborts updates, gives memory back and dies: every
   value that it publishes is the one before, with what was touched; and readers see it whole. */
#include "update.pml"
