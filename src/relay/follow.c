/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/follow.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/relay_verbs.h"
#include "relay/connection.h"

static const struct option long_options[] = {
    CONNECTION_OPTIONS,
    COMMON_OPTIONS,
};

int follow_main(int argc, char **argv)
{
    struct connection_options options;
    int option;

    connection_options_init(&options);
    while ((option = next_option(&follow_verb, argc, argv, "", long_options)) >= 0)
        set_connection_option(&options, option);
    count_operands(&follow_verb, argc, argv, 3, 3);
    return fail("follow: not yet");
}
