/* SPDX-License-Identifier: Apache-2.0 */
/* The help of `top`, which the tool has even where the program is missing. */
#ifndef MMS_CLI_TOP_VERB_H
#define MMS_CLI_TOP_VERB_H

#include "cli/arguments.h"

extern const struct verb top_verb;

#endif
