/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bridge.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/output_watch.h"
#include <errno.h>

static const struct verb verb = {
    .name = "bridge",
    .synopsis = "FROM TO [OPTION]...",
    .help = "Keep TO in sync with FROM, of which one is a region and the other the files of the Rust\n"
            "crate mmap-sync: publish in TO what is in FROM, and then each new value, until\n"
            "interrupted. Values that are replaced before the bridge looks are skipped; a value that\n"
            "TO already has is not published again. Both sides may be restarted, or removed and\n"
            "created again, and the bridge may be restarted. Prints one line for each value that it\n"
            "publishes.\n"
            "\n"
            "      --from FORMAT       mmsync or mmap-sync; needed if neither side exists yet\n"
            "      --once              carry one value over, and end\n"
            "  -n, --count N           end after N values\n"
            "  -q, --quiet             print no lines for values\n"
            "  -j, --json              the lines are JSON objects, and errors are objects on standard error\n"
            "      --grace MS          how long a write waits for readers of TO, or 'forever' (1000);\n"
            "                          then the bridge says so, and tries again\n"
            "      --reset             then do as mmap-sync does: take the value from them\n"
            "      --unlocked          do not take the write lock of mmap-sync's files\n"
            "      --lock-wait MS      how long to wait for another writer of TO, or 'forever' (2000)\n"
            "      --max-size SIZE     of a region that is created: the largest value it takes\n"
            "      --schema FILE       values from mmap-sync's files are of a type in this schema,\n"
            "                          which --type names: check them, and publish them with it\n"
            "      --type NAME\n"
            "      --other-hasher      mmap-sync's writer has a hasher of its own, so copies cannot be\n"
            "                          compared with its checksum\n"
            "      --force-filesystem  accept a file system that mmsync is not tested on\n"
            "      --trust USER        accept a region NAME that belongs to USER\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum {
    FROM = LONG_ONLY,
    ONCE,
    GRACE,
    RESET,
    UNLOCKED,
    LOCK_WAIT,
    MAX_SIZE,
    SCHEMA,
    TYPE,
    OTHER_HASHER,
    FORCE_FILESYSTEM,
    TRUST
};

static const struct option long_options[] = {
    {"from", required_argument, NULL, FROM},
    {"once", no_argument, NULL, ONCE},
    {"count", required_argument, NULL, 'n'},
    {"quiet", no_argument, NULL, 'q'},
    JSON_OPTION,
    {"grace", required_argument, NULL, GRACE},
    {"reset", no_argument, NULL, RESET},
    {"unlocked", no_argument, NULL, UNLOCKED},
    {"lock-wait", required_argument, NULL, LOCK_WAIT},
    {"max-size", required_argument, NULL, MAX_SIZE},
    {"schema", required_argument, NULL, SCHEMA},
    {"type", required_argument, NULL, TYPE},
    {"force-filesystem", no_argument, NULL, FORCE_FILESYSTEM},
    {"trust", required_argument, NULL, TRUST},
    {"other-hasher", no_argument, NULL, OTHER_HASHER},
    COMMON_OPTIONS,
};

static enum format other(enum format format)
{
    return format == FORMAT_MMSYNC ? FORMAT_MMAP_SYNC : FORMAT_MMSYNC;
}

/* What is there; AUTO if nothing is. */
static enum format look_at(const char *path)
{
    mms_info info;

    return mms_inspect(path, &info) == -ENOENT ? FORMAT_AUTO
           : mms_is_mmap_sync(path)            ? FORMAT_MMAP_SYNC
                                               : FORMAT_MMSYNC;
}

static void choose_formats(struct bridge *bridge)
{
    enum format from = bridge->from_format != FORMAT_AUTO ? bridge->from_format : look_at(bridge->from_path);
    enum format to = from != FORMAT_AUTO ? other(from) : look_at(bridge->to_path);

    if (from == FORMAT_AUTO && to == FORMAT_AUTO)
        usage_error(&verb, "neither %s nor %s exists: say with --from which format FROM has", bridge->from_path,
                    bridge->to_path);
    bridge->to_format = to;
    bridge->from_format = from != FORMAT_AUTO ? from : other(to);
    bridge->from = path_in_format(&verb, bridge->from_format, bridge->from_path);
    bridge->to = path_in_format(&verb, bridge->to_format, bridge->to_path);
}

static void check_options(struct bridge *bridge, const char *schema, const char *type)
{
    bool to_region = bridge->to_format == FORMAT_MMSYNC;

    if (to_region && (bridge->writing_mmap_sync.reset || bridge->writing_mmap_sync.unlocked))
        usage_error(&verb, "--reset and --unlocked are for files of mmap-sync, and %s is a region", bridge->to_path);
    if (!to_region && bridge->reading_mmap_sync.other_hasher)
        usage_error(&verb, "--other-hasher is for files of mmap-sync, and %s is a region", bridge->from_path);
    if (!schema != !type)
        usage_error(&verb, "--schema and --type go together");
    if (schema && !to_region)
        usage_error(&verb, "--schema: the files of mmap-sync have no room for it");
}

static int run(struct bridge *bridge, const char *schema, const char *type)
{
    int status = EXIT_OK;

    check_options(bridge, schema, type);
    if (schema)
        status = file_type_load(&bridge->type, schema, type);
    if (!status) {
        interrupt_catch();
        if (!bridge->quiet)
            output_watch_start();
        status = bridge_follow(bridge);
    }
    bridge_close(bridge);
    return interrupt_finish(finish_output(status));
}

static void set_option(struct bridge *bridge, int option)
{
    switch (option) {
    case FROM: bridge->from_format = parse_format(&verb, "--from", optarg); break;
    case ONCE: bridge->once = true; break;
    case 'n': bridge->count = parse_number(&verb, "--count", optarg, 1, UINT64_MAX); break;
    case 'q': bridge->quiet = true; break;
    case GRACE: bridge->writing.grace_ms = parse_wait(&verb, "--grace", optarg); break;
    case RESET: bridge->writing_mmap_sync.reset = true; break;
    case UNLOCKED: bridge->writing_mmap_sync.unlocked = true; break;
    case LOCK_WAIT: bridge->writing.lock_wait_ms = parse_wait(&verb, "--lock-wait", optarg); break;
    case MAX_SIZE: bridge->writing.max_size = parse_size(&verb, "--max-size", optarg); break;
    case OTHER_HASHER: bridge->reading_mmap_sync.other_hasher = true; break;
    case FORCE_FILESYSTEM: bridge->reading.force_filesystem = bridge->writing.force_filesystem = true; break;
    case TRUST:
        bridge->reading.trust_owner = bridge->writing.trust_owner = true;
        bridge->reading.trusted_uid = bridge->writing.trusted_uid = parse_user(&verb, "--trust", optarg);
        break;
    }
}

int cmd_bridge(int argc, char **argv)
{
    struct bridge bridge = {
        .reading = MMS_REGION_OPTIONS_INIT,
        .writing = MMS_WRITER_OPTIONS_INIT,
        .reading_mmap_sync = MMS_MMAP_SYNC_REGION_OPTIONS_INIT,
        .writing_mmap_sync = MMS_MMAP_SYNC_WRITER_OPTIONS_INIT,
    };
    const char *schema = NULL, *type = NULL;
    int option;

    bridge.reading.mmap_sync = &bridge.reading_mmap_sync;
    bridge.writing.mmap_sync = &bridge.writing_mmap_sync;
    while ((option = next_option(&verb, argc, argv, "n:qj", long_options)) >= 0) {
        if (option == SCHEMA)
            schema = optarg;
        else if (option == TYPE)
            type = optarg;
        else
            set_option(&bridge, option);
    }
    count_operands(&verb, argc, argv, 2, 2);
    bridge.from_path = argv[optind];
    bridge.to_path = argv[optind + 1];
    choose_formats(&bridge);
    return run(&bridge, schema, type);
}
