/* SPDX-License-Identifier: Apache-2.0 */
#include "relay/follow.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/relay_verbs.h"
#include "relay/follow_run.h"
#include <mmsync/mmap_sync.h>
#include <string.h>

enum { ONCE = CONNECTION_OPTIONS_END, WAIT, OVERWRITE, SCRUB };

static const struct option long_options[] = {
    {"once", no_argument, NULL, ONCE},
    JSON_OPTION,
    {"wait", no_argument, NULL, WAIT},
    {"overwrite", no_argument, NULL, OVERWRITE},
    {"scrub", required_argument, NULL, SCRUB},
    {"max-size", required_argument, NULL, WRITER_MAX_SIZE},
    {"max-slots", required_argument, NULL, WRITER_MAX_SLOTS},
    {"max-readers", required_argument, NULL, WRITER_MAX_READERS},
    {"mode", required_argument, NULL, WRITER_MODE},
    {"readers-mode", required_argument, NULL, WRITER_READERS_MODE},
    {"group", required_argument, NULL, WRITER_GROUP},
    {"durable", no_argument, NULL, WRITER_DURABLE},
    {"replace", no_argument, NULL, WRITER_REPLACE},
    {"grace", required_argument, NULL, WRITER_GRACE},
    {"evict", no_argument, NULL, WRITER_EVICT},
    {"lock-wait", required_argument, NULL, WRITER_LOCK_WAIT},
    {"fence", required_argument, NULL, WRITER_FENCE},
    {"huge-pages", required_argument, NULL, WRITER_HUGE_PAGES},
    {"force-filesystem", no_argument, NULL, WRITER_FORCE_FILESYSTEM},
    {"trust", required_argument, NULL, WRITER_TRUST},
    CONNECTION_OPTIONS,
    COMMON_OPTIONS,
};

static void set_option(struct follower *follower, int option)
{
    switch (option) {
    case 'j': break; /* wants_json() */
    case ONCE: follower->once = true; break;
    case WAIT: follower->wait = follower->connection_options.patient = true; break;
    case OVERWRITE: follower->overwrite = true; break;
    case SCRUB: follower->scrub_rate = parse_size(&follow_verb, "--scrub", optarg); break;
    default:
        if (option < WRITER_OPTIONS_END)
            set_writer_option(&follow_verb, &follower->writing, option);
        else
            set_connection_option(&follower->connection_options, option);
    }
}

int follow_main(int argc, char **argv)
{
    static struct follower follower; /* large */
    int option;

    follower.scrub_rate = UINT64_C(16) << 20;
    writer_arguments_init(&follower.writing);
    connection_options_init(&follower.connection_options);
    while ((option = next_option(&follow_verb, argc, argv, "j", long_options)) >= 0)
        set_option(&follower, option);
    if (argc - optind < 3)
        usage_error(&follow_verb, "say from where, what and to where: mmsync follow URL NAME REGION");
    count_operands(&follow_verb, argc, argv, 3, 3);
    follower.url = argv[optind];
    follower.name = argv[optind + 1];
    follower.path = argv[optind + 2];
    if (!is_relay_name(follower.name))
        usage_error(&follow_verb, "'%s' is not a NAME: it has 1 to %d letters, digits, _ and -", follower.name,
                    (int)NAME_MOST);
    if (mms_is_mmap_sync(follower.path) || !strncmp(follower.path, "mmap-sync:", strlen("mmap-sync:")))
        usage_error(&follow_verb,
                    "%s has the format of the crate mmap-sync; follow to a region, and beside it run "
                    "'mmsync bridge'",
                    follower.path);
    interrupt_catch();
    return finish_output(follow_run(&follower));
}
