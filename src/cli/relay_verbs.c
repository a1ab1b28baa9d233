/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/relay_verbs.h"
#include "cli/writer_arguments.h"

/* clang-format off */
#define HELP_OF_CONNECTION \
    "      --user NAME         user (NATS_USER)\n" \
    "      --password TEXT     password; others see it here, so prefer NATS_PASSWORD\n" \
    "      --token TEXT        token (NATS_TOKEN)\n" \
    "      --creds FILE        credentials: a JWT with its seed (NATS_CREDS)\n" \
    "      --nkey FILE         a seed, and its public key on a line of its own (NATS_NKEY)\n" \
    "      --tlscacert FILE    certificates of authorities (NATS_CA); --tlsca, too\n" \
    "      --tlscert FILE      the client's certificate (NATS_CERT)\n" \
    "      --tlskey FILE       and its key (NATS_KEY)\n" \
    "      --domain NAME       JetStream domain\n"

#define HELP_OF_EVENTS \
    "  -j, --json              lines of JSON on a terminal too, and errors as lines of JSON on\n" \
    "                          standard error\n"

#define HELP_OF_FLEET \
    "URL is nats://HOST:PORT, tls://HOST:PORT or HOST:PORT, or several, separated by commas.\n" \
    "On a terminal one line shows the progress; otherwise each event is a line of JSON.\n"
/* clang-format on */

const struct verb push_verb = {
    .name = "push",
    .synopsis = "REGION URL [OPTION]...",
    .help = "Send REGION's value, and then each change to it, to a NATS server with JetStream, from\n"
            "which 'mmsync follow' takes it to any number of hosts. Runs beside the writer until a\n"
            "signal comes, and waits for what is not there yet. Only what changes is sent. Exit\n"
            "status 3: another pusher has taken over.\n"
            "\n"
            "  -n, --name NAME         what followers ask for: letters, digits, _ and - (REGION's\n"
            "                          own, without directories)\n"
            "      --once              end when the newest value is there\n" HELP_OF_EVENTS
            "      --take-over         begin even if another pusher of this name is alive; it ends\n"
            "      --replicas N        copies that the servers keep of a new stream, 1 to 5 (1)\n"
            "      --storage KIND      file or memory, for a new stream (file)\n"
            "      --log SIZE          how long the log of changes may become before the changed parts\n"
            "                          are stored anew (half the value, at least 64M)\n" HELP_OF_CONNECTION
            "      --force-filesystem  accept a file system that mmsync is not tested on\n"
            "      --trust USER        accept a region NAME that belongs to USER\n"
            "\n" HELP_OF_FLEET,
};

const struct verb follow_verb = {
    .name = "follow",
    .synopsis = "URL NAME REGION [OPTION]...",
    .help =
        "Keep REGION in sync with what 'mmsync push --name NAME' sends to the NATS server at URL, as\n"
        "its writer. Runs until a signal comes. Each value is shown whole, with the type, schema\n"
        "and tag that it has at the source, and only after its hash has been compared. REGION is\n"
        "created if it does not exist; where the value comes from is in REGION.source, a region of\n"
        "its own, and in 'mmsync stat'.\n"
        "\n"
        "      --once              end when the newest value is there\n" HELP_OF_EVENTS
        "      --wait              wait for the server, and for the name, if they are not there\n"
        "      --overwrite         use REGION even if its value came from elsewhere\n"
        "      --scrub SIZE        how much of the value to re-read in each idle second, to repair\n"
        "                          what has been damaged; 0: never (16M)\n"
        "\n"
        "Of a new region, which by default is like the source's:\n"
        "      --max-size SIZE     largest value it takes\n"
        "      --max-slots N       most values kept at a time, 2 to 32767\n"
        "      --max-readers N     most readers, 1 to 65535\n"
        "      --mode OCTAL        mode of the files that hold the value (0640)\n"
        "      --readers-mode OCTAL\n"
        "                          mode of the reader table, r and w together; all others\n"
        "                          can only copy (--mode, with w for each r)\n"
        "      --group NAME        group of all files\n"
        "      --durable           on a disk: each value is there after a power cut, too; see\n"
        "                          'mmsync recover'\n"
        "      --replace           if there is one with another geometry: build a new one\n"
        "                          that goes on with its value, and remove the old\n"
        "\n"
        "      --grace MS          how long to wait for readers that hold every slot, or\n"
        "                          'forever' (1000)\n"
        "      --evict             then take slots from readers that allow it\n"
        "      --lock-wait MS      how long to wait for another writer to end, or\n"
        "                          'forever' (2000)\n"
        "      --fence KIND        auto, symmetric or asymmetric (auto)\n"
        "      --huge-pages WHEN   auto, off, or on, which fails where there are none (auto)\n"
        "      --force-filesystem  accept a file system that mmsync is not tested on\n"
        "      --trust USER        accept a region NAME that belongs to USER\n" HELP_OF_CONNECTION "\n" HELP_OF_FLEET,
};
