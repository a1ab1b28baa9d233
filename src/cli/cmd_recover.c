/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/json_text.h"
#include "cli/message.h"
#include "cli/recovery.h"
#include "cli/result.h"
#include <inttypes.h>
#include <stdio.h>

static const struct verb verb = {
    .name = "recover",
    .synopsis = "REGION [OPTION]...",
    .help = "After a reboot, bring back the newest value of a durable REGION (see 'mmsync write\n"
            "--durable'), as any writer that opens it does. Prints one line: generation=N size=BYTES\n"
            "slot=N. If the value is already there, this changes nothing. If the disk has lost a part\n"
            "of it, which --checksum reveals, the value before it comes back, and a note says so.\n"
            "\n" HELP_OF_JSON HELP_OF_KEEP "      --lock-wait MS      how long to wait for another writer to end, or\n"
            "                          'forever' (2000)\n"
            "      --force-filesystem  accept a file system that mmsync is not tested on\n",
};

static const struct option long_options[] = {
    JSON_OPTION,
    KEEP_OPTION,
    {"lock-wait", required_argument, NULL, WRITER_LOCK_WAIT},
    {"force-filesystem", no_argument, NULL, WRITER_FORCE_FILESYSTEM},
    COMMON_OPTIONS,
};

/* lost: the generation that this recovery has found damaged, or 0. */
static int print(const char *path, const mms_info *info, bool was_empty, uint64_t lost)
{
    if (lost != 0)
        note("the disk has lost a part of generation %" PRIu64
             " of %s, so this is the value before it; do not trust that "
             "disk further",
             lost, path);
    if (wants_json())
        return result_print(json_pack("{s:o, s:o, s:o, s:i, s:b, s:o}", "region", json_text(path), "generation",
                                      result_number(info->generation), "size", result_number(info->size), "slot",
                                      (int)info->slot, "recovered", was_empty, "lost",
                                      lost ? result_number(lost) : json_null()));
    printf("generation=%" PRIu64 " size=%" PRIu64 " slot=%u\n", info->generation, info->size, info->slot);
    return EXIT_OK;
}

static int recover(const char *path, const struct writer_arguments *arguments)
{
    mms_info info;
    uint64_t lost_before;
    int code = mms_inspect(path, &info);
    bool was_empty = code == 0 && info.generation == 0;

    if (code == 0 && !info.durable)
        return fail("%s is not durable, so nothing in it outlives a reboot; make it so with --durable and --replace",
                    path);
    lost_before = code == 0 ? info.durable_lost : 0;
    if (was_empty)
        code = recover_region(path, arguments);
    if (code == 0)
        code = mms_inspect(path, &info);
    if (code)
        return fail_call(code);
    if (info.generation == 0)
        return fail("%s holds no value: none was published before the reboot", path);
    return print(path, &info, was_empty, info.durable_lost == lost_before ? 0 : info.durable_lost);
}

int cmd_recover(int argc, char **argv)
{
    struct writer_arguments arguments;
    int option;

    writer_arguments_init(&arguments);
    arguments.options.mmap_sync = NULL;
    while ((option = next_option(&verb, argc, argv, "j", long_options)) >= 0)
        if (option != 'j')
            set_writer_option(&verb, &arguments, option);
    count_operands(&verb, argc, argv, 1, 1);
    return recover(argv[optind], &arguments);
}
