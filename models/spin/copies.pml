/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G1 */
/* A process without the right to announce copies values, while the writer reuses slots and gives memory back: what the check at
   the end accepts is whole. */
#define COPIERS 1
#define PUNCH
#include "system.pml"
