/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/source.h"
#include "cli/table/change.h"
#include "cli/table/text.h"
#include <inttypes.h>
#include <stdio.h>

static const struct verb verb = {
    .name = "load",
    .synopsis = "REGION [FILE|-] [OPTION]...",
    .help = "Put all entries in FILE, or on standard input, into the table in REGION, which is\n"
            "created if it does not exist. All of them are one generation, and nothing is\n"
            "published unless everything could be read. Prints one line: generation=N entries=N\n"
            "loaded=N.\n"
            "\n"
            "      --as FORM           jsonl, csv, or mdb, which LMDB's mdb_dump writes (as the file\n"
            "                          begins)\n"
            "      --clear             first delete the entries that the table has\n" HELP_OF_JSON HELP_OF_KEYS
                HELP_OF_VALUES "\n"
            "Of a new table:\n" HELP_OF_NEW_TABLE "\n"
            "Of a new region:\n" HELP_OF_NEW_REGION "\n"
            "Of this write:\n" HELP_OF_TABLE_WRITE "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { AS = TABLE_OPTIONS_END, CLEAR };

static const struct option long_options[] = {
    {"as", required_argument, NULL, AS},
    {"clear", no_argument, NULL, CLEAR},
    JSON_OPTION,
    TABLE_KIND_OPTIONS,
    TABLE_CREATE_OPTIONS,
    TABLE_WRITER_OPTIONS,
    COMMON_OPTIONS,
};

struct load {
    struct table_change change;
    struct text_style style;
    struct source source;
    bool clear;
    uint64_t loaded;
};

static int delete_all(struct load *load)
{
    int code = mms_table_clear(load->change.table);

    return code ? fail_call(code) : EXIT_OK;
}

static int put(struct load *load, const struct text_reader *reader, const struct text_entry *entry)
{
    char wrong[NOTATION_WRONG] = "";
    int status = EXIT_OK;

    if (entry->expires_ns != 0 || load->style.expiring)
        status = mms_table_set_expiry(load->change.table, entry->expires_ns);
    if (!status)
        status = table_change_put(&load->change, &entry->key, &entry->value, wrong);
    load->style.expiring = load->style.expiring || entry->expires_ns != 0;
    load->loaded++;
    if (status < 0)
        return fail_as(status, "%s, line %" PRIu64 ": %s; nothing was published", load->source.name, entry->line,
                       last_error());
    return *wrong ? fail_line(reader, entry->line, "the key or the value is %s", wrong) : status;
}

static int load_entries(struct load *load, struct text_reader *reader)
{
    struct text_entry entry = {.expires_ns = 0};
    bool more = true;
    int status = EXIT_OK;

    while (!status && more && !interrupted()) {
        status = text_read_entry(reader, &entry, &more);
        if (!status && more)
            status = put(load, reader, &entry);
    }
    text_entry_free(&entry);
    return status;
}

static int load_source(struct load *load)
{
    struct text_reader reader;
    struct progress progress;
    int status = load->clear ? delete_all(load) : EXIT_OK;

    if (status)
        return status;
    progress_start(&progress, "loading", load->source.size);
    status = text_read_start(&reader, &load->source, &progress, &load->style);
    if (!status)
        status = table_change_prepare_puts(&load->change, &reader.style.keys, &reader.style.values);
    if (!status)
        status = load_entries(load, &reader);
    text_read_end(&reader);
    progress_end(&progress);
    return interrupted() ? EXIT_FAILED : status;
}

static int load_into(const char *path, struct table_arguments *arguments, struct load *load)
{
    int status;

    interrupt_catch();
    status = table_change_begin(&load->change, path, arguments);
    load->style.keys = arguments->keys;
    load->style.values = arguments->values;
    if (!status)
        status = load_source(load);
    if (!status)
        status = table_change_commit(&load->change, "loaded", load->loaded);
    table_change_close(&load->change);
    return status ? interrupt_finish(status) : status; /* as for `write` */
}

int cmd_load(int argc, char **argv)
{
    struct table_arguments arguments;
    struct load load = {.clear = false};
    int option, operands, status;

    table_arguments_init(&arguments);
    while ((option = next_option(&verb, argc, argv, "j", long_options)) >= 0) {
        switch (option) {
        case AS: load.style.form = parse_form(&verb, "--as", optarg); break;
        case CLEAR: load.clear = true; break;
        default: set_table_option(&verb, &arguments, option);
        }
    }
    operands = count_operands(&verb, argc, argv, 1, 2);
    status = source_open(&load.source, operands == 2 ? argv[optind + 1] : NULL);
    if (!status)
        status = load_into(argv[optind], &arguments, &load);
    source_close(&load.source);
    return status;
}
