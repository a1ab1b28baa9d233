/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that a program of its own carries out, in libexec/mmsync, as nothing else needs the
   libraries that it is linked to. The tool knows their help even where they were not built. */
#ifndef MMS_CLI_COMPANION_H
#define MMS_CLI_COMPANION_H

#include "cli/arguments.h"

/* Run libexec/mmsync/NAME in place of this program. Returns only if that fails. */
int companion_run(const struct verb *verb, const char *name, char **argv);
/* For a tool that was built without it: help, and else a line that says what to install
   ("libnats-dev and libzstd-dev") for what ("NATS"). */
int companion_missing(const struct verb *verb, const char *what, const char *packages, char **argv);

#endif
