/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G3 */
/* As views.pml, and a read that begins after a publish has returned sees that value or a newer one. */
#define FRESH
#include "system.pml"
