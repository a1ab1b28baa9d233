/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/set/set.h"
#include "cli/source.h"
#include "cli/writer_arguments.h"
#include <errno.h>
#include <inttypes.h>
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct verb verb = {
    .name = "write",
    .synopsis = "REGION [FILE|- | --set PATH=VALUE...] [OPTION]...",
    .help = "Publish FILE, or all of standard input, as the new value of REGION, which is created\n"
            "if it does not exist. Prints one line: generation=N size=BYTES slot=N.\n"
            "Nothing is published unless everything could be read. An empty stream is refused\n"
            "without --allow-empty, because it usually means that the producer failed.\n"
            "\n"
            "Of a new region:\n" HELP_OF_NEW_REGION "\n"
            "Of this write:\n"
            "      --at OFFSET         change the newest value: put what is read over its bytes from\n"
            "                          OFFSET on; its other bytes, its type and schema stay\n"
            "      --set PATH=VALUE    change one place in the newest value, which must have been published\n"
            "                          with its schema; nothing is read then. PATH is as in items[3].level\n"
            "                          or prices{KEY}.amount; VALUE is JSON, in which text that stands\n"
            "                          alone needs no quotes. Several are one generation, or nothing\n"
            "      --changes-size SIZE room to note what --at and --set change; chosen at a region's\n"
            "                          first one\n"
            "      --allow-empty       publish standard input or a pipe even if it is empty\n"
            "      --checksum          store a checksum for 'mmsync verify'\n"
            "      --tag N             store a number of your own with the value\n"
            "      --type-id HEX       store a type id of 32 digits; readers that ask for\n"
            "                          another one refuse the value\n" HELP_OF_WRITE "\n"
            "SIZE: bytes, or with a suffix K, M, G, T (powers of 1024).\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { CHECKSUM = WRITER_OPTIONS_END, ALLOW_EMPTY, AT, CHANGES_SIZE, SET, TAG, TYPE_ID };

static const struct option long_options[] = {
    WRITER_OPTIONS,
    {"checksum", no_argument, NULL, CHECKSUM},
    {"allow-empty", no_argument, NULL, ALLOW_EMPTY},
    {"at", required_argument, NULL, AT},
    {"changes-size", required_argument, NULL, CHANGES_SIZE},
    {"set", required_argument, NULL, SET},
    {"tag", required_argument, NULL, TAG},
    {"type-id", required_argument, NULL, TYPE_ID},
    COMMON_OPTIONS,
};

/* Publish what was written, and say so. */
static int publish(mms_writer *writer, size_t size)
{
    mms_receipt receipt;
    int code = mms_write_commit(writer, size, &receipt);

    if (code)
        return fail_call(code);
    printf("generation=%" PRIu64 " size=%zu slot=%u%s\n", receipt.generation, receipt.size, receipt.slot,
           mms_mmap_sync_was_reset(writer) ? " reset" : "");
    return EXIT_OK;
}

static int read_and_publish(const char *path, struct source *source, mms_writer *writer, bool is_new)
{
    mms_info info;
    size_t size;
    int code = mms_inspect(path, &info), status;

    if (code)
        return fail_call(code);
    status = source_read(source, writer, info.max_size, is_new, &size);
    return status ? status : publish(writer, size);
}

static int write_source(const char *path, const mms_writer_options *options, struct source *source)
{
    mms_writer *writer;
    mms_info info;
    bool is_new = mms_inspect(path, &info) == -ENOENT;
    int code, status;

    if (options->max_size && source->sized && source->size > options->max_size)
        return fail("%s has %" PRIu64 " bytes, more than --max-size; nothing was published", source->name,
                    source->size);
    code = mms_writer_open(path, options, &writer);
    if (code)
        return fail_call(code);
    if (is_new)
        interrupt_catch(); /* a region that has a value needs no tidying up: a killed writer changes nothing */
    status = read_and_publish(path, source, writer, is_new);
    mms_writer_close(writer);
    if (status && is_new)
        remove_if_empty(path);
    return interrupt_finish(status);
}

static int write_changes(const char *path, const mms_writer_options *options, const struct set *set)
{
    mms_writer *writer;
    size_t size;
    int code = mms_writer_open(path, options, &writer), status;

    if (code)
        return fail_call(code);
    status = set_apply(set, writer, &size);
    if (!status)
        status = publish(writer, size);
    mms_writer_close(writer);
    return status;
}

/* As a size, and 0 is one. */
static uint64_t parse_offset(const char *text)
{
    return strcmp(text, "0") == 0 ? 0 : parse_size(&verb, "--at", text);
}

/* What the command line says, beside the writer's options. */
struct request {
    bool allow_empty, patches;
    uint64_t at;
    char **assignments;
    size_t count; /* of them */
};

static void take_option(struct request *request, struct writer_arguments *arguments, int option)
{
    mms_writer_options *options = &arguments->options;

    switch (option) {
    case CHECKSUM: options->checksum = true; break;
    case ALLOW_EMPTY: request->allow_empty = true; break;
    case AT:
        request->patches = true;
        request->at = parse_offset(optarg);
        break;
    case CHANGES_SIZE: options->changes_size = parse_size(&verb, "--changes-size", optarg); break;
    case SET:
        if (!strchr(optarg, '='))
            usage_error(&verb, "--set: '%s' has no '='; it is to be PATH=VALUE", optarg);
        request->assignments[request->count++] = optarg;
        break;
    case TAG: options->tag = parse_number(&verb, "--tag", optarg, 0, UINT64_MAX); break;
    case TYPE_ID: parse_type(&verb, "--type-id", optarg, options->type_id); break;
    default: set_writer_option(&verb, arguments, option);
    }
}

static void check_options(const struct request *request, const mms_writer_options *options, int operands)
{
    const bool typed = (options->type_id[0] | options->type_id[1]) != 0;

    if (request->count && operands == 2)
        usage_error(&verb, "--set changes the newest value, and reads no file");
    if (request->count && (request->patches || request->allow_empty))
        usage_error(&verb, "%s is for bytes that are read; --set reads none",
                    request->patches ? "--at" : "--allow-empty");
    if (typed && (request->count || request->patches))
        usage_error(&verb, "--type-id is for whole values; with %s a value keeps its type",
                    request->count ? "--set" : "--at");
}

static int write_set(const char *path, const mms_writer_options *options, const struct request *request)
{
    struct set set = {.assignments = request->assignments, .count = request->count};
    int status = set_open(&set, path, options);

    if (!status)
        status = write_changes(path, options, &set);
    set_close(&set);
    return status;
}

static int write_bytes(const char *path, const char *file, const mms_writer_options *options,
                       const struct request *request)
{
    struct source source;
    int status = source_open(&source, file);

    source.allow_empty = request->allow_empty;
    source.patches = request->patches;
    source.at = request->at;
    if (!status)
        status = write_source(path, options, &source);
    source_close(&source);
    return status;
}

int cmd_write(int argc, char **argv)
{
    struct request request = {.assignments = calloc((size_t)argc, sizeof(char *))};
    struct writer_arguments arguments;
    const char *path;
    int option, operands, status;

    if (!request.assignments)
        return fail_errno("write");
    writer_arguments_init(&arguments);
    while ((option = next_option(&verb, argc, argv, "", long_options)) >= 0)
        take_option(&request, &arguments, option);
    operands = count_operands(&verb, argc, argv, 1, 2);
    check_options(&request, &arguments.options, operands);
    path = path_in_format(&verb, arguments.format, argv[optind]);
    status = request.count ? write_set(path, &arguments.options, &request)
                           : write_bytes(path, operands == 2 ? argv[optind + 1] : NULL, &arguments.options, &request);
    free(request.assignments);
    return status;
}
