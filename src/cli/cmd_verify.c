/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/recovery.h"
#include "cli/table/verify.h"
#include "cli/verdict.h"
#include <inttypes.h>
#include <mmsync.h>
#include <stdio.h>

static const struct verb verb = {
    .name = "verify",
    .synopsis = "REGION [OPTION]...",
    .help = "Check every structure of REGION, and of the table that it holds; the checksum of\n"
            "the value if it has one ('mmsync write --checksum'); and the keys and values of a\n"
            "typed table. Prints one line for each finding, or one that says what was checked.\n"
            "Exit status 1 if anything is wrong.\n"
            "\n"
            "  -j, --json              print a JSON object, with the findings in `reasons`\n"
            "      --format FORMAT     mmsync, or mmap-sync: the files of the Rust crate; auto takes\n"
            "                          what is there (auto)\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { FORMAT = LONG_ONLY };

static const struct option long_options[] = {
    {"json", no_argument, NULL, 'j'},
    {"format", required_argument, NULL, FORMAT},
    COMMON_OPTIONS,
};

struct findings {
    struct verdict verdict;
    unsigned count;
};

static void take_finding(void *context, const char *finding)
{
    struct findings *findings = context;

    findings->count++;
    if (findings->verdict.json) {
        verdict_add(&findings->verdict, "%s", finding);
        return;
    }
    print_escaped(finding);
    putchar('\n');
}

static int print_success(struct verdict *verdict)
{
    mms_info info;
    int code = mms_inspect(verdict->path, &info);

    if (code)
        return verdict_end(verdict, NULL, verdict_add(verdict, "%s", last_error()));
    if (verdict->json)
        return verdict_end(verdict, &info, EXIT_OK);
    print_escaped(verdict->path);
    if (info.generation)
        printf(": ok; generation %" PRIu64 ", %" PRIu64 " bytes, %s\n", info.generation, info.size,
               info.has_checksum ? "checksum right" : "no checksum");
    else
        puts(recovery_is_due(&info) ? ": ok; its value is on the disk: start the writer, or run mmsync recover"
                                    : ": ok; no value yet");
    return EXIT_OK;
}

static int report_damage(struct findings *findings)
{
    if (findings->verdict.json)
        return verdict_end(&findings->verdict, NULL, EXIT_FAILED);
    fflush(stdout);
    return fail("%s is damaged: %u finding%s", findings->verdict.path, findings->count,
                findings->count == 1 ? "" : "s");
}

static int verify(const char *path, bool json)
{
    struct findings findings = {.count = 0};
    const char *finding = NULL;
    int code;

    verdict_begin(&findings.verdict, path, json);
    code = mms_verify(path, take_finding, &findings);
    if (!code && verify_table(path, &finding))
        return EXIT_FAILED;
    if (finding)
        take_finding(&findings, finding);
    if (findings.count > 0)
        return report_damage(&findings);
    if (code)
        return verdict_end(&findings.verdict, NULL, verdict_add(&findings.verdict, "%s", last_error()));
    return print_success(&findings.verdict);
}

int cmd_verify(int argc, char **argv)
{
    enum format format = FORMAT_AUTO;
    bool json = false;
    int option;

    while ((option = next_option(&verb, argc, argv, "j", long_options)) >= 0) {
        if (option == 'j')
            json = true;
        else
            format = parse_format(&verb, "--format", optarg);
    }
    count_operands(&verb, argc, argv, 1, 1);
    return verify(path_in_format(&verb, format, argv[optind]), json);
}
