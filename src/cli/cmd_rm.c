/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/json_text.h"
#include "cli/message.h"
#include "cli/result.h"
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
            "  -f, --force             ignore regions that do not exist\n" HELP_OF_JSON
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { FORMAT = LONG_ONLY };

static const struct option long_options[] = {
    {"force", no_argument, NULL, 'f'},
    JSON_OPTION,
    {"format", required_argument, NULL, FORMAT},
    COMMON_OPTIONS,
};

struct outcome {
    json_t *removed, *missing; /* paths */
};

/* An exit status; a failure has been reported. */
static int remove_one(const char *path, bool force, struct outcome *outcome)
{
    int code = mms_remove(path);

    if (code && !(force && code == -ENOENT))
        return fail_call(code);
    json_array_append_new(code ? outcome->missing : outcome->removed, json_text(path));
    return EXIT_OK;
}

static int print(const struct outcome *outcome)
{
    return result_print(json_pack("{s:O, s:O}", "removed", outcome->removed, "missing", outcome->missing));
}

int cmd_rm(int argc, char **argv)
{
    struct outcome outcome = {json_array(), json_array()};
    enum format format = FORMAT_AUTO;
    bool force = false;
    int status = EXIT_OK, option;

    while ((option = next_option(&verb, argc, argv, "fj", long_options)) >= 0) {
        if (option == FORMAT)
            format = parse_format(&verb, "--format", optarg);
        else if (option == 'f')
            force = true;
    }
    count_operands(&verb, argc, argv, 1, INT_MAX);
    for (int i = optind; i < argc; i++)
        if (remove_one(path_in_format(&verb, format, argv[i]), force, &outcome))
            status = EXIT_FAILED;
    if (wants_json() && print(&outcome))
        status = EXIT_FAILED;
    json_decref(outcome.removed);
    json_decref(outcome.missing);
    return status;
}
