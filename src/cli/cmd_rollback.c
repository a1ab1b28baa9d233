/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/recovery.h"
#include "cli/result.h"
#include <inttypes.h>
#include <mmsync/history.h>
#include <stdio.h>

static const struct verb verb = {
    .name = "rollback",
    .synopsis = "REGION [GENERATION] [OPTION]...",
    .help = "Make an older value of REGION the newest one again, as a new generation: the one\n"
            "before the current one, or that of GENERATION, which 'mmsync history' lists.\n"
            "Its type, schema, tag and checksum stay. Prints one line: generation=N size=BYTES slot=N.\n"
            "\n" HELP_OF_JSON HELP_OF_EXPECT HELP_OF_KEEP
            "      --grace MS          how long to wait for readers that hold every slot, or\n"
            "                          'forever' (1000)\n"
            "      --evict             then take slots from readers that allow it\n"
            "      --lock-wait MS      how long to wait for another writer to end, or\n"
            "                          'forever' (2000)\n"
            "      --force-filesystem  accept a file system that mmsync is not tested on\n"
            "      --trust USER        accept a region NAME that belongs to USER\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

static const struct option long_options[] = {
    JSON_OPTION,
    EXPECT_OPTION,
    KEEP_OPTION,
    {"grace", required_argument, NULL, WRITER_GRACE},
    {"evict", no_argument, NULL, WRITER_EVICT},
    {"lock-wait", required_argument, NULL, WRITER_LOCK_WAIT},
    {"force-filesystem", no_argument, NULL, WRITER_FORCE_FILESYSTEM},
    {"trust", required_argument, NULL, WRITER_TRUST},
    COMMON_OPTIONS,
};

/* The open has just brought the newest value back. */
static int fail_recovered(const char *path, int code)
{
    return fail_as(code,
                   "%s holds only its newest value: the values before the newest did not survive the reboot, and none "
                   "has been published since",
                   path);
}

static int roll_back(const char *path, mms_writer *writer, uint64_t generation, bool was_due)
{
    mms_receipt receipt;
    int code = mms_write_rollback(writer, generation, &receipt);

    if (code == MMS_E_FORGOTTEN && was_due)
        return fail_recovered(path, code);
    if (code)
        return fail_call(code);
    if (wants_json())
        return result_print(result_of(path, &receipt));
    printf("generation=%" PRIu64 " size=%zu slot=%u\n", receipt.generation, receipt.size, receipt.slot);
    return EXIT_OK;
}

/* A region is not made to go back in it. */
static int run(const char *path, struct writer_arguments *arguments, uint64_t generation)
{
    mms_writer *writer;
    mms_info info;
    int code = mms_inspect(path, &info), status;
    const bool was_due = code == 0 && recovery_is_due(&info);

    (void)look_before_open(arguments, path); /* --replace is not for this verb */
    if (code == 0)
        code = mms_writer_open(path, &arguments->options, &writer);
    if (code)
        return fail_call(code);
    status = check_expected(arguments, path);
    if (!status)
        status = roll_back(path, writer, generation, was_due);
    mms_writer_close(writer);
    return status;
}

int cmd_rollback(int argc, char **argv)
{
    struct writer_arguments arguments;
    uint64_t generation = 0;
    int option;

    writer_arguments_init(&arguments);
    arguments.options.mmap_sync = NULL;
    while ((option = next_option(&verb, argc, argv, "j", long_options)) >= 0)
        if (option != 'j')
            set_writer_option(&verb, &arguments, option);
    if (count_operands(&verb, argc, argv, 1, 2) == 2)
        generation = parse_number(&verb, "GENERATION", argv[optind + 1], 1, UINT64_MAX);
    return run(argv[optind], &arguments, generation);
}
