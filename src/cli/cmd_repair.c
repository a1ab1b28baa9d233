/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/json_text.h"
#include "cli/message.h"
#include "cli/result.h"
#include <mmsync/mmap_sync.h>
#include <stdbool.h>
#include <stdio.h>

static const struct verb verb = {
    .name = "repair",
    .synopsis = "PREFIX [OPTION]...",
    .help = "Take back the counts that readers which died in a view have left in mmap-sync's\n"
            "files, so that writers no longer wait for them. Without options this is done only\n"
            "if no other process has the files mapped, so that no live reader can be counted;\n"
            "otherwise those processes are named, and nothing is changed.\n"
            "\n"
            "  -v, --longest-view MS   no view lasts longer than this: counts that stay that long\n"
            "                          on the file that is not current, without a publish, are\n"
            "                          taken back, whoever is alive\n"
            "  -f, --force             set both counts to 0, whoever is alive; a reader that holds\n"
            "                          a view may then find it overwritten\n" HELP_OF_JSON "\n"
            "It sees the processes of its own PID namespace: run it where the readers run.\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

static const struct option long_options[] = {
    {"longest-view", required_argument, NULL, 'v'},
    {"force", no_argument, NULL, 'f'},
    JSON_OPTION,
    COMMON_OPTIONS,
};

static json_t *pair(const uint32_t counts[2])
{
    return json_pack("[i, i]", (int)counts[0], (int)counts[1]);
}

static int print_plain(const mms_repair_report *report)
{
    bool changed = false;

    for (int i = 0; i < 2; i++) {
        if (report->before[i] == report->after[i])
            continue;
        printf("data file %d: %d readers were counted, now %d\n", i, (int)report->before[i], (int)report->after[i]);
        changed = true;
    }
    if (!changed)
        puts("nothing was left behind");
    return EXIT_OK;
}

int cmd_repair(int argc, char **argv)
{
    mms_repair_report report = {0};
    const char *path;
    unsigned flags = 0;
    int option, code, longest_view_ms = 0;

    while ((option = next_option(&verb, argc, argv, "fv:j", long_options)) >= 0) {
        if (option == 'f')
            flags |= MMS_REPAIR_FORCE;
        else if (option == 'v')
            longest_view_ms = (int)parse_number(&verb, "--longest-view", optarg, 1, INT32_MAX);
    }
    if (flags && longest_view_ms)
        usage_error(&verb, "--force and --longest-view: give one of them");
    count_operands(&verb, argc, argv, 1, 1);
    path = path_in_format(&verb, FORMAT_MMAP_SYNC, argv[optind]);
    code = mms_repair(path, flags, longest_view_ms, &report);
    if (code)
        return fail_call(code);
    if (!wants_json())
        return print_plain(&report);
    return result_print(json_pack("{s:o, s:o, s:o}", "region", json_text(path), "counts_before", pair(report.before),
                                  "counts", pair(report.after)));
}
