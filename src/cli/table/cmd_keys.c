/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/table/arguments.h"
#include "cli/table/held.h"
#include "cli/table/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct verb verb = {
    .name = "keys",
    .synopsis = "REGION [OPTION]...",
    .help = "Print the keys of the table in REGION, one on a line, in no particular order.\n"
            "\n"
            "  -p, --prefix KEY        only those that begin with KEY\n"
            "  -c, --count             print how many there are instead\n"
            "  -z, --null              end each with a null byte, for xargs -0\n"
            "  -j, --json              print each as a line of JSON\n" HELP_OF_KEYS HELP_OF_TABLE_READ "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

static const struct option long_options[] = {
    {"prefix", required_argument, NULL, 'p'},
    {"count", no_argument, NULL, 'c'},
    {"null", no_argument, NULL, 'z'},
    {"json", no_argument, NULL, 'j'},
    {"keys", required_argument, NULL, TABLE_KEYS},
    TABLE_READ_OPTIONS,
    COMMON_OPTIONS,
};

struct wanted {
    const char *prefix; /* as it was given; NULL: all keys */
    bool count, json;
    char end; /* of each line */
};

static bool begins_with(const mms_key *key, const struct bytes *prefix)
{
    return prefix->size == 0 || (key->size >= prefix->size && memcmp(key->data, prefix->data, prefix->size) == 0);
}

static int print_key(const struct table_arguments *arguments, const struct wanted *wanted, const mms_key *key)
{
    const struct text_style style = {.form = FORM_JSONL, .keys = arguments->keys};
    const mms_entry entry = {.key = *key};

    if (wanted->json)
        return text_write_entry(&style, &entry, stdout);
    if (notation_write(&arguments->keys, "a key", key->data, key->size, stdout))
        return EXIT_FAILED;
    putchar(wanted->end);
    return EXIT_OK;
}

static int print_keys(const mms_table_view *view, const struct table_arguments *arguments, const struct wanted *wanted,
                      const struct bytes *prefix)
{
    mms_table_cursor cursor = MMS_TABLE_CURSOR_INIT;
    mms_entry entry;
    uint64_t count = 0;

    while (mms_table_next(view, &cursor, &entry)) {
        if (!begins_with(&entry.key, prefix))
            continue;
        count++;
        if (!wanted->count && print_key(arguments, wanted, &entry.key))
            return EXIT_FAILED;
        if (ferror(stdout))
            return EXIT_FAILED; /* finish_output says why */
    }
    if (wanted->count)
        printf("%" PRIu64 "\n", count);
    return EXIT_OK;
}

static int list_keys(const char *path, struct table_arguments *arguments, const struct wanted *wanted)
{
    struct bytes prefix = {.data = NULL};
    struct held_table held;
    int status = held_table_take(&held, path, &arguments->region), released;

    table_arguments_settle(arguments, &held.types);
    if (!status && wanted->prefix && notation_is_typed(&arguments->keys) &&
        held.types.type->key->kind != MMS_T_STRING && held.types.type->key->kind != MMS_T_BOX_STR)
        status = fail("--prefix is for keys that are text; those of %s are %s", path, held.types.type->key->name);
    if (!status && wanted->prefix)
        status = key_argument(arguments, wanted->prefix, &prefix);
    if (!status)
        status = print_keys(&held.view, arguments, wanted, &prefix);
    released = held_table_release(&held);
    bytes_free(&prefix);
    return status ? status : released;
}

int cmd_keys(int argc, char **argv)
{
    struct table_arguments arguments;
    struct wanted wanted = {.end = '\n'};
    int option;

    table_arguments_init(&arguments);
    while ((option = next_option(&verb, argc, argv, "p:czj", long_options)) >= 0) {
        switch (option) {
        case 'p': wanted.prefix = optarg; break;
        case 'c': wanted.count = true; break;
        case 'z': wanted.end = '\0'; break;
        case 'j': wanted.json = true; break;
        default: set_table_option(&verb, &arguments, option);
        }
    }
    if (wanted.prefix && kind_is_number(arguments.keys.kind))
        usage_error(&verb, "--prefix is for keys of the kinds text and hex");
    count_operands(&verb, argc, argv, 1, 1);
    return list_keys(argv[optind], &arguments, &wanted);
}
