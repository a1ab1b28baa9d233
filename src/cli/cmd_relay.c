/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/companion.h"
#include "cli/relay_verbs.h"

static int run_relay(const struct verb *verb, char **argv)
{
#ifdef MMS_HAVE_RELAY
    return companion_run(verb, "relay", argv);
#else
    return companion_missing(verb, "NATS", "libnats-dev and libzstd-dev", argv);
#endif
}

int cmd_push(int argc, char **argv)
{
    (void)argc;
    return run_relay(&push_verb, argv);
}

int cmd_follow(int argc, char **argv)
{
    (void)argc;
    return run_relay(&follow_verb, argv);
}
