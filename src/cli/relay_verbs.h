/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that an executable of its own carries out, libexec/mmsync/relay, as nothing else needs
   the libraries that it is linked to. The tool knows their help even where that was not built. */
#ifndef MMS_CLI_RELAY_VERBS_H
#define MMS_CLI_RELAY_VERBS_H

#include "cli/arguments.h"

extern const struct verb push_verb, follow_verb;

#endif
