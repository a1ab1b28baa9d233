/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/source.h"
#include "cli/table/change.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct verb verb = {
    .name = "put",
    .synopsis = "REGION KEY [VALUE [KEY VALUE]...] [OPTION]...",
    .help = "Store each VALUE under its KEY in the table in REGION, which is created if it does not\n"
            "exist; all of them are one generation. A single KEY takes its value from standard\n"
            "input. Prints one line: generation=N entries=N.\n"
            "\n" HELP_OF_JSON HELP_OF_KEYS HELP_OF_VALUES
            "      --expires DURATION  the entries expire after 500ms, 30s, 5m, 12h or 7d\n"
            "\n"
            "Of a new table:\n" HELP_OF_NEW_TABLE "\n"
            "Of a new region:\n" HELP_OF_NEW_REGION "\n"
            "Of this write:\n" HELP_OF_TABLE_WRITE "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { EXPIRES = TABLE_OPTIONS_END };

static const struct option long_options[] = {
    JSON_OPTION,          TABLE_KIND_OPTIONS,   {"expires", required_argument, NULL, EXPIRES},
    TABLE_CREATE_OPTIONS, TABLE_WRITER_OPTIONS, COMMON_OPTIONS,
};

/* The value that all of standard input stands for. Kinds but text may end with line ends. */
static int read_value(const struct table_arguments *arguments, struct bytes *value)
{
    struct bytes text = {.data = NULL};
    struct source source;
    int status = source_open(&source, NULL);

    if (!status)
        status = source_read_all(&source, &text.data, &text.size);
    text.room = text.size;
    source_close(&source);
    if (!status && arguments->values.kind == KIND_TEXT) {
        *value = text;
        return EXIT_OK;
    }
    while (text.size > 0 && text.data[text.size - 1] == '\n')
        text.size--;
    if (!status)
        status = read_value_text(arguments, text.data, text.size, value);
    bytes_free(&text);
    return status;
}

static int put(struct table_change *change, const char *name, const struct bytes *key, const struct bytes *value)
{
    char wrong[NOTATION_WRONG];
    int status = table_change_put(change, key, value, wrong);

    if (status < 0)
        return fail_call(status);
    return *wrong ? fail("the key '%s' or its value is %s", name, wrong) : status;
}

static int take_text(const char *text, struct bytes *out)
{
    out->size = 0;
    return bytes_add(out, text, strlen(text));
}

/* NULL: the value on standard input. */
static int take_pair(const struct table_change *change, const struct table_arguments *arguments, const char *key_text,
                     const char *value_text, struct bytes *key, struct bytes *value)
{
    int status = change->typed ? take_text(key_text, key) : key_argument(arguments, key_text, key);

    if (status || !value_text)
        return status ? status : read_value(arguments, value);
    return change->typed ? take_text(value_text, value)
                         : read_value_text(arguments, value_text, strlen(value_text), value);
}

static int put_pairs(struct table_change *change, const struct table_arguments *arguments, int count, char **operands)
{
    struct bytes key = {.data = NULL}, value = {.data = NULL};
    int status = table_change_prepare_puts(change, &arguments->keys, &arguments->values);

    for (int i = 0; i < count && !status; i += 2) {
        status = take_pair(change, arguments, operands[i], count == 1 ? NULL : operands[i + 1], &key, &value);
        if (!status)
            status = put(change, operands[i], &key, &value);
    }
    bytes_free(&key);
    bytes_free(&value);
    return status;
}

static int put_into(const char *path, struct table_arguments *arguments, int count, char **operands)
{
    struct table_change change;
    int status;

    interrupt_catch();
    status = table_change_begin(&change, path, arguments);
    if (!status)
        status = put_pairs(&change, arguments, count, operands);
    if (!status)
        status = interrupted() ? EXIT_FAILED : table_change_commit(&change, NULL, 0);
    table_change_close(&change);
    return status ? interrupt_finish(status) : status; /* as for `write` */
}

static uint64_t expiry_after(uint64_t ns)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec + ns;
}

int cmd_put(int argc, char **argv)
{
    struct table_arguments arguments;
    int option, operands;

    table_arguments_init(&arguments);
    while ((option = next_option(&verb, argc, argv, "j", long_options)) >= 0) {
        if (option == EXPIRES)
            arguments.table.expires_ns = expiry_after(parse_duration(&verb, "--expires", optarg));
        else
            set_table_option(&verb, &arguments, option);
    }
    operands = count_table_operands(&verb, argc, argv, 2) - 1;
    if (operands > 1 && operands % 2)
        usage_error(&verb, "the key '%s' has no value", argv[argc - 1]);
    return put_into(argv[optind], &arguments, operands, argv + optind + 1);
}
