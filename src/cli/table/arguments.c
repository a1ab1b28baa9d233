/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table/arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <string.h>

void table_arguments_init(struct table_arguments *arguments)
{
    *arguments = (struct table_arguments){
        .region = MMS_REGION_OPTIONS_INIT,
        .table = MMS_TABLE_OPTIONS_INIT,
    };
    writer_arguments_init(&arguments->writer);
    arguments->writer.options.mmap_sync = NULL;
}

void set_table_option(const struct verb *verb, struct table_arguments *arguments, int option)
{
    mms_table_options *table = &arguments->table;

    switch (option) {
    case 'j': break; /* wants_json() */
    case TABLE_KEYS: arguments->keys.kind = parse_kind(verb, "--keys", optarg); break;
    case TABLE_VALUES: arguments->values.kind = parse_kind(verb, "--values", optarg); break;
    case TABLE_FORCE_FILESYSTEM: arguments->region.force_filesystem = true; break;
    case TABLE_TRUST:
        arguments->region.trust_owner = true;
        arguments->region.trusted_uid = parse_user(verb, "--trust", optarg);
        break;
    case TABLE_EXPECTED: table->expected = parse_number(verb, "--expected", optarg, 1, UINT64_C(1) << 40); break;
    case TABLE_MAX_BYTES: table->max_bytes = parse_size(verb, "--max-bytes", optarg); break;
    case TABLE_EXPIRING: table->expiring = true; break;
    default: set_writer_option(verb, &arguments->writer, option);
    }
}

void table_arguments_settle(struct table_arguments *arguments, const struct table_types *types)
{
    notation_settle_keys(&arguments->keys, types);
    notation_settle_values(&arguments->values, types);
}

int count_table_operands(const struct verb *verb, int argc, char **argv, int least)
{
    if (argc - optind < least)
        usage_error(verb, "an argument is missing: mmsync %s %s", verb->name, verb->synopsis);
    if (!*argv[optind])
        usage_error(verb, "the region's name is empty");
    return argc - optind;
}

static int read_text(const struct notation *notation, const char *what, const char *text, size_t size,
                     struct bytes *out)
{
    char wrong[NOTATION_WRONG];
    int status;

    out->size = 0;
    status = notation_read(notation, text, size, out, wrong);
    return *wrong ? fail("the %s '%.*s' is %s", what, (int)(size < 80 ? size : 80), size > 0 ? text : "", wrong)
                  : status;
}

int key_argument(const struct table_arguments *arguments, const char *text, struct bytes *key)
{
    return read_text(&arguments->keys, "key", text, strlen(text), key);
}

int read_value_text(const struct table_arguments *arguments, const char *text, size_t size, struct bytes *value)
{
    return read_text(&arguments->values, "value", text, size, value);
}
