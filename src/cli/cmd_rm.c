/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <errno.h>
#include <limits.h>
#include <mmsync.h>
#include <stdbool.h>

static const struct verb verb = {
    .name = "rm",
    .synopsis = "REGION... [OPTION]...",
    .help = "Remove regions, except those that a writer has open. Readers keep the views that\n"
            "they hold, and are told that the region is gone.\n"
            "\n"
            "  -f, --force             ignore regions that do not exist\n"
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { FORMAT = LONG_ONLY };

static const struct option long_options[] = {
    {"force", no_argument, NULL, 'f'},
    {"format", required_argument, NULL, FORMAT},
    COMMON_OPTIONS,
};

int cmd_rm(int argc, char **argv)
{
    enum format format = FORMAT_AUTO;
    bool force = false;
    int status = EXIT_OK, option;

    while ((option = next_option(&verb, argc, argv, "f", long_options)) >= 0) {
        if (option == FORMAT)
            format = parse_format(&verb, "--format", optarg);
        else
            force = true;
    }
    count_operands(&verb, argc, argv, 1, INT_MAX);
    for (int i = optind; i < argc; i++) {
        int code = mms_remove(path_in_format(&verb, format, argv[i]));

        if (code && !(force && code == -ENOENT))
            status = fail_call(code);
    }
    return status;
}
