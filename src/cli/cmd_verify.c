/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/table/verify.h"
#include <inttypes.h>
#include <mmsync.h>
#include <stdio.h>

static const struct verb verb = {
    .name = "verify",
    .synopsis = "REGION [OPTION]...",
    .help = "Check every structure of REGION, the checksum of the value if it has one\n"
            "('mmsync write --checksum'), and the keys and values of a table of types. Prints\n"
            "one line for each finding, or one that says what was checked. Exit status 1 if\n"
            "anything is wrong.\n"
            "\n"
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { FORMAT = LONG_ONLY };

static const struct option long_options[] = {
    {"format", required_argument, NULL, FORMAT},
    COMMON_OPTIONS,
};

static void print_finding(void *context, const char *finding)
{
    unsigned *findings = context;

    print_escaped(finding);
    putchar('\n');
    ++*findings;
}

static int print_success(const char *path)
{
    mms_info info;
    int code = mms_inspect(path, &info);

    if (code)
        return fail_call(code);
    print_escaped(path);
    if (info.generation)
        printf(": ok; generation %" PRIu64 ", %" PRIu64 " bytes, %s\n", info.generation, info.size,
               info.has_checksum ? "checksum right" : "no checksum");
    else
        puts(": ok; no value yet");
    return EXIT_OK;
}

int cmd_verify(int argc, char **argv)
{
    enum format format = FORMAT_AUTO;
    unsigned findings = 0;
    const char *path, *finding = NULL;
    int code;

    while (next_option(&verb, argc, argv, "", long_options) >= 0)
        format = parse_format(&verb, "--format", optarg);
    count_operands(&verb, argc, argv, 1, 1);
    path = path_in_format(&verb, format, argv[optind]);
    code = mms_verify(path, print_finding, &findings);
    if (!code && verify_table(path, &finding))
        return EXIT_FAILED;
    if (finding)
        print_finding(&findings, finding);
    if (!code && !findings)
        return print_success(path);
    if (!findings)
        return fail_call(code);
    fflush(stdout);
    return fail("%s is damaged: %u finding%s", path, findings, findings == 1 ? "" : "s");
}
