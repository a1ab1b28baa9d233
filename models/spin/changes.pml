/* SPDX-License-Identifier: Apache-2.0 */
/* Guarantees: G6 G12 */
/* A reader with a copy of an older value asks what has changed since, while the writer goes on, or
   dies: what the answer leaves out is equal in both values. */
#ifndef ASKERS
#define ASKERS 1
#endif
#include "update.pml"
