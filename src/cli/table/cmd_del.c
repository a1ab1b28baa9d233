/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/table/change.h"
#include <stdio.h>

static const struct verb verb = {
    .name = "del",
    .synopsis = "REGION KEY... [OPTION]...",
    .help = "Delete each KEY from the table in REGION; all of that is one generation. Prints one\n"
            "line: generation=N entries=N deleted=N. Ends with status 1 if the table lacks one of\n"
            "them; the others are deleted all the same.\n"
            "\n" HELP_OF_JSON HELP_OF_KEYS HELP_OF_TABLE_WRITE "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

static const struct option long_options[] = {
    JSON_OPTION,
    {"keys", required_argument, NULL, TABLE_KEYS},
    {"grace", required_argument, NULL, WRITER_GRACE},
    {"evict", no_argument, NULL, WRITER_EVICT},
    {"lock-wait", required_argument, NULL, WRITER_LOCK_WAIT},
    {"force-filesystem", no_argument, NULL, WRITER_FORCE_FILESYSTEM},
    {"trust", required_argument, NULL, WRITER_TRUST},
    EXPECT_OPTION,
    KEEP_OPTION,
    COMMON_OPTIONS,
};

/* Counts the key in *deleted if the table has it. */
static int delete_one(struct table_change *change, const struct table_arguments *arguments, const char *argument,
                      int *deleted)
{
    struct bytes key = {.data = NULL};
    int status = key_argument(arguments, argument, &key), code;

    if (!status) {
        code = mms_table_delete(change->table, key.data, key.size);
        if (code == 0)
            ++*deleted;
        else if (code == MMS_E_NOT_FOUND)
            fail_as(code, "the table has no key %s", argument);
        else
            status = fail_call(code);
    }
    bytes_free(&key);
    return status;
}

static int delete_all(struct table_change *change, const struct table_arguments *arguments, int count, char **operands)
{
    int deleted = 0, status = EXIT_OK;

    for (int i = 0; i < count && !status; i++)
        status = delete_one(change, arguments, operands[i], &deleted);
    if (status || deleted == 0)
        return EXIT_FAILED;
    if (table_change_commit(change, "deleted", (uint64_t)deleted))
        return EXIT_FAILED;
    return deleted == count ? EXIT_OK : EXIT_FAILED;
}

static int delete_from(const char *path, struct table_arguments *arguments, int count, char **operands)
{
    struct table_change change;
    mms_info info;
    int code = mms_inspect(path, &info), status;

    if (code)
        return fail_call(code); /* a region is not made to delete from it */
    status = table_change_begin(&change, path, arguments);
    if (!status)
        status = delete_all(&change, arguments, count, operands);
    table_change_close(&change);
    return status;
}

int cmd_del(int argc, char **argv)
{
    struct table_arguments arguments;
    int option, operands;

    table_arguments_init(&arguments);
    while ((option = next_option(&verb, argc, argv, "j", long_options)) >= 0)
        set_table_option(&verb, &arguments, option);
    operands = count_table_operands(&verb, argc, argv, 2) - 1;
    return delete_from(argv[optind], &arguments, operands, argv + optind + 1);
}
