/* SPDX-License-Identifier: Apache-2.0 */
/* The help of `push` and `follow`, which the tool has even where the program is missing. */
#ifndef MMS_CLI_RELAY_VERBS_H
#define MMS_CLI_RELAY_VERBS_H

#include "cli/arguments.h"

extern const struct verb push_verb, follow_verb;

#endif
