/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/relay_verbs.h"
#include "cli/writer_arguments.h"

/* clang-format off */
#define HELP_OF_CONNECTION \
    "      --user NAME         user (NATS_USER)\n" \
    "      --password TEXT     password; others see it here, so prefer NATS_PASSWORD\n" \
    "      --token TEXT        token (NATS_TOKEN)\n" \
    "      --creds FILE        credentials: a JWT with its seed (NATS_CREDS)\n" \
    "      --nkey FILE         a seed, and in a line of its own its public key (NATS_NKEY)\n" \
    "      --tlsca FILE        certificates of authorities (NATS_CA)\n" \
    "      --tlscert FILE      the client's certificate (NATS_CERT)\n" \
    "      --tlskey FILE       and its key (NATS_KEY)\n" \
    "      --domain NAME       JetStream domain\n"

#define HELP_OF_FLEET \
    "URL is nats://HOST:PORT, tls://HOST:PORT or HOST:PORT, or several with commas between them.\n" \
    "On a terminal one line shows what goes on, else there is a line of JSON for each event.\n"
/* clang-format on */

const struct verb push_verb = {
    .name = "push",
    .synopsis = "REGION URL [OPTION]...",
    .help = "Send REGION's value, and from then on each change of it, to a NATS server with\n"
            "JetStream, from which 'mmsync follow' takes it to any number of hosts. Runs beside the\n"
            "writer until a signal comes, and waits for what is not there yet. A change costs the\n"
            "network what it changes. Exit status 3: another pusher has taken over.\n"
            "\n"
            "  -n, --name NAME         what followers ask for: letters, digits, _ and - (REGION's\n"
            "                          own, without directories)\n"
            "      --once              end when the newest value is there\n"
            "      --take-over         begin even if another pusher of this name is alive; it ends\n"
            "      --replicas N        copies that the servers keep of a new stream, 1 to 5 (1)\n"
            "      --storage KIND      file or memory, for a new stream (file)\n"
            "      --log SIZE          how long the log of changes may become before what they change\n"
            "                          is stored anew (half the value, from 64M)\n" HELP_OF_CONNECTION
            "      --force-filesystem  accept a file system that mmsync is not tested on\n"
            "      --trust USER        accept a region NAME that belongs to USER\n"
            "\n" HELP_OF_FLEET,
};

const struct verb follow_verb = {
    .name = "follow",
    .synopsis = "URL NAME REGION [OPTION]...",
    .help = "Keep REGION equal to what 'mmsync push --name NAME' sends to the NATS server at URL.\n"
            "\n" HELP_OF_CONNECTION "\n" HELP_OF_FLEET,
};
