/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/table/arguments.h"
#include "cli/table/held.h"
#include "cli/table/text.h"
#include <stdio.h>

static const struct verb verb = {
    .name = "get",
    .synopsis = "REGION KEY... [OPTION]...",
    .help =
        "Print the value of each KEY in the table in REGION, and a line end after each. All are\n"
        "of one generation. Ends with status 1 if the table lacks one of them.\n"
        "\n"
        "  -r, --raw               no line ends: with one KEY, the bytes as they are\n"
        "  -j, --json              print each entry as a line of JSON\n" HELP_OF_KEYS HELP_OF_VALUES HELP_OF_TABLE_READ
        "\n"
        "A bare NAME means /dev/shm/NAME.\n",
};

static const struct option long_options[] = {
    {"raw", no_argument, NULL, 'r'},
    {"json", no_argument, NULL, 'j'},
    TABLE_KIND_OPTIONS,
    TABLE_READ_OPTIONS,
    COMMON_OPTIONS,
};

enum form { FORM_LINES, FORM_RAW, FORM_JSON };

static int print_entry(const struct table_arguments *arguments, enum form form, const mms_entry *entry)
{
    const struct text_style style = {.form = FORM_JSONL, .keys = arguments->keys, .values = arguments->values};

    if (form == FORM_JSON)
        return text_write_entry(&style, entry, stdout);
    if (form == FORM_RAW && notation_is_typed(&arguments->values)) {
        fwrite(entry->value.data, 1, entry->value.size, stdout);
        return EXIT_OK;
    }
    if (notation_write(&arguments->values, "the value", entry->value.data, entry->value.size, stdout))
        return EXIT_FAILED;
    if (form == FORM_LINES)
        putchar('\n');
    return EXIT_OK;
}

/* *missing: whether the table lacks it. */
static int get_one(const struct held_table *held, const struct table_arguments *arguments, enum form form,
                   const char *argument, bool *missing)
{
    struct bytes key = {.data = NULL};
    mms_entry entry = {.key.data = NULL};
    int status = key_argument(arguments, argument, &key);

    if (!status) {
        entry.key = (mms_key){key.data, key.size};
        entry.value.data = mms_table_get(&held->view, key.data, key.size, &entry.value.size);
        *missing = !entry.value.data;
        if (entry.value.data)
            status = print_entry(arguments, form, &entry);
        else
            fail_as(MMS_E_NOT_FOUND, "the table has no key %s", argument);
    }
    bytes_free(&key);
    return status;
}

static int get_from(const char *path, struct table_arguments *arguments, enum form form, int count, char **operands)
{
    struct held_table held;
    bool missing = false, lacks = false;
    int status = held_table_take(&held, path, &arguments->region), released;

    table_arguments_settle(arguments, &held.types);
    for (int i = 0; i < count && !status; i++) {
        status = get_one(&held, arguments, form, operands[i], &missing);
        lacks = lacks || missing;
    }
    released = held_table_release(&held);
    return status || lacks || released ? EXIT_FAILED : EXIT_OK;
}

int cmd_get(int argc, char **argv)
{
    struct table_arguments arguments;
    enum form form = FORM_LINES;
    int option, operands;

    table_arguments_init(&arguments);
    while ((option = next_option(&verb, argc, argv, "rj", long_options)) >= 0) {
        switch (option) {
        case 'r': form = FORM_RAW; break;
        case 'j': form = FORM_JSON; break;
        default: set_table_option(&verb, &arguments, option);
        }
    }
    operands = count_table_operands(&verb, argc, argv, 2) - 1;
    return get_from(argv[optind], &arguments, form, operands, argv + optind + 1);
}
