/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/publication.h"
#include "cli/recovery.h"
#include "cli/set/document.h"
#include "cli/set/set.h"
#include "cli/source.h"
#include "cli/writer_arguments.h"
#include <inttypes.h>
#include <mmsync.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct verb verb = {
    .name = "write",
    .synopsis = "REGION [FILE|- | --set PATH=VALUE... | --json FILE] [OPTION]... [-- COMMAND [ARG]...]",
    .help = "Publish FILE, or all of standard input, as the new value of REGION, which is created\n"
            "if it does not exist. Prints one line: generation=N size=BYTES slot=N.\n"
            "Nothing is published unless everything could be read. An empty stream is refused\n"
            "without --allow-empty, because it usually means that the producer failed.\n"
            "With COMMAND, publish what it prints, if it ends with status 0.\n"
            "\n"
            "  -j, --result-json       print a JSON object instead of the line, and errors as objects on\n"
            "                          standard error; in other verbs this is --json\n"
            "\n"
            "Of a new region:\n" HELP_OF_NEW_REGION "\n"
            "Of this write:\n"
            "      --at OFFSET         change the newest value: put what is read over its bytes from\n"
            "                          OFFSET on; its other bytes, its type and schema stay\n"
            "      --set PATH=VALUE    change one place in the newest value, which must have been published\n"
            "                          with its schema; no input is read. PATH is like items[3].level or\n"
            "                          prices{KEY}.amount; VALUE is JSON, in which text on its own needs no\n"
            "                          quotes. Several are one generation, all or nothing\n"
            "      --json FILE         publish a typed value from FILE, '-' for standard input, in JSON as\n"
            "                          'mmsync read --json' prints it; needs the next two options\n"
            "      --schema FILE       the schema that defines its type, as for mmsc; it is stored\n"
            "                          with the value\n"
            "      --type NAME         the name of that type\n"
            "      --changes-size SIZE room to note what --at and --set change; set when a region is\n"
            "                          first changed in that way\n"
            "      --allow-empty       publish standard input, a pipe or what COMMAND prints even if it is\n"
            "                          empty\n"
            "      --validate COMMAND  publish only if COMMAND, a line for /bin/sh that gets the value on its\n"
            "                          standard input, ends with status 0. MMSYNC_SIZE, MMSYNC_REGION and\n"
            "                          MMSYNC_GENERATION, the newest one, are in its environment\n" HELP_OF_EXPECT
                HELP_OF_KEEP "      --checksum          store a checksum for 'mmsync verify'\n"
            "      --tag N             store a number of your own with the value\n"
            "      --type-id HEX       store a type id of 32 hexadecimal digits; readers that\n"
            "                          ask for another one refuse the value\n" HELP_OF_WRITE "\n"
            "SIZE: bytes, or with a suffix K, M, G, T (powers of 1024).\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

enum { CHECKSUM = WRITER_OPTIONS_END, ALLOW_EMPTY, VALIDATE, AT, CHANGES_SIZE, SET, JSON, SCHEMA, TYPE, TAG, TYPE_ID };

static const struct option long_options[] = {
    WRITER_OPTIONS,
    {"result-json", no_argument, NULL, 'j'},
    {"checksum", no_argument, NULL, CHECKSUM},
    EXPECT_OPTION,
    KEEP_OPTION,
    {"allow-empty", no_argument, NULL, ALLOW_EMPTY},
    {"validate", required_argument, NULL, VALIDATE},
    {"at", required_argument, NULL, AT},
    {"changes-size", required_argument, NULL, CHANGES_SIZE},
    {"set", required_argument, NULL, SET},
    {"json", required_argument, NULL, JSON},
    {"schema", required_argument, NULL, SCHEMA},
    {"type", required_argument, NULL, TYPE},
    {"tag", required_argument, NULL, TAG},
    {"type-id", required_argument, NULL, TYPE_ID},
    COMMON_OPTIONS,
};

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
    size_t count;                     /* of them */
    const char *json, *schema, *type; /* files, and the name of a type; NULL: none is given */
    const char *validate;             /* a line for the shell */
    char **command;                   /* and its arguments; NULL: none */
};

static void take_option(struct request *request, struct writer_arguments *arguments, int option)
{
    mms_writer_options *options = &arguments->options;

    switch (option) {
    case 'j': break;
    case CHECKSUM: options->checksum = true; break;
    case ALLOW_EMPTY: request->allow_empty = true; break;
    case VALIDATE: request->validate = optarg; break;
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
    case JSON: request->json = optarg; break;
    case SCHEMA: request->schema = optarg; break;
    case TYPE: request->type = optarg; break;
    case TAG: options->tag = parse_number(&verb, "--tag", optarg, 0, UINT64_MAX); break;
    case TYPE_ID: parse_type(&verb, "--type-id", optarg, options->type_id); break;
    default: set_writer_option(&verb, arguments, option);
    }
}

/* How many operands stood before the "--" that ended the options; -1: there was none. `given`: the arguments as they were. */
static int count_before_dashes(int argc, char **argv, char *const *given)
{
    const char *dashes = argv[optind - 1];
    int at = 1;

    if (strcmp(dashes, "--") != 0)
        return -1;
    while (given[at] != dashes)
        at++;
    return argc - optind - (argc - at - 1);
}

/* REGION -- COMMAND...: "--" behind the region begins a command. In front of it, it ends the options as elsewhere, and a
   second one begins a command. Returns how many operands there are without it. */
static int take_command(struct request *request, int argc, char **argv, char *const *given)
{
    int before = count_before_dashes(argc, argv, given), end = argc;

    if (before == 0 && argc - optind > 1 && strcmp(argv[optind + 1], "--") == 0) {
        end = optind + 1;
        request->command = argv + end + 1;
    } else if (before > 0) {
        end = optind + before;
        request->command = argv + end;
    }
    if (request->command && !*request->command)
        usage_error(&verb, "'--' is to be followed by the command whose output is published");
    return count_operands(&verb, end, argv, 1, 2);
}

/* Of --json and what belongs to it. */
static void check_document(const struct request *request, const mms_writer_options *options, int operands)
{
    if (!request->json && (request->schema || request->type))
        usage_error(&verb, "%s is for --json", request->schema ? "--schema" : "--type");
    if (!request->json)
        return;
    if (!request->schema || !request->type)
        usage_error(&verb, "--json needs --schema FILE and --type NAME; to change some places of a value, give --set");
    if (operands == 2)
        usage_error(&verb, "--json names the only file that is read");
    if (request->count || request->patches || request->allow_empty)
        usage_error(&verb, "%s does not go with --json, which publishes a whole value",
                    request->count     ? "--set"
                    : request->patches ? "--at"
                                       : "--allow-empty");
    if (options->type_id[0] | options->type_id[1])
        usage_error(&verb, "--type-id: with --json the schema decides which type it is");
}

static void check_options(const struct request *request, const mms_writer_options *options, int operands)
{
    const bool typed = (options->type_id[0] | options->type_id[1]) != 0;

    check_document(request, options, operands);
    if (request->command && (operands == 2 || request->count || request->json))
        usage_error(&verb, "a command makes the whole value: give either it or %s",
                    operands == 2   ? "a FILE"
                    : request->json ? "--json"
                                    : "--set");
    if (request->count && operands == 2)
        usage_error(&verb, "--set changes the newest value, and reads no file");
    if (request->count && (request->patches || request->allow_empty))
        usage_error(&verb, "%s is for bytes that are read; --set reads none",
                    request->patches ? "--at" : "--allow-empty");
    if (typed && (request->count || request->patches))
        usage_error(&verb, "--type-id is for whole values; with %s a value keeps its type",
                    request->count ? "--set" : "--at");
}

/* ---- What is published ---- */

static int build_set(const struct publication *publication, mms_writer *writer, struct candidate *candidate)
{
    return set_apply(publication->context, writer, candidate);
}

/* These take the publication by value: its context ends with them. */
static int write_set(struct publication publication, const struct request *request)
{
    struct set set = {.assignments = request->assignments, .count = request->count};
    int code = recover_region(publication.path, publication.arguments), status;

    if (code)
        return fail_call(code);
    status = set_open(&set, publication.path, &publication.arguments->options);
    publication.build = build_set;
    publication.context = &set;
    if (!status)
        status = publication_run(&publication);
    set_close(&set);
    return status;
}

static int build_bytes(const struct publication *publication, mms_writer *writer, struct candidate *candidate)
{
    mms_info info;
    int code = mms_inspect(publication->path, &info);

    return code ? fail_call(code)
                : source_read(publication->context, writer, info.max_size, publication->is_new, candidate);
}

static int write_bytes(struct publication publication, const struct request *request, const char *file)
{
    const uint64_t max_size = publication.arguments->options.max_size;
    struct command command = {.argv = request->command, .name = request->command ? request->command[0] : NULL};
    struct source source;
    int status = EXIT_OK;

    if (request->command)
        source_of_command(&source, &command);
    else
        status = source_open(&source, file);
    publication.has_command = request->command != NULL;
    source.allow_empty = request->allow_empty;
    source.patches = request->patches;
    source.at = request->at;
    publication.build = build_bytes;
    publication.context = &source;
    if (!status && max_size && source.sized && source.size > max_size)
        status = fail_as(MMS_E_TOO_BIG, "%s has %" PRIu64 " bytes, more than --max-size; nothing was published",
                         source.name, source.size);
    if (!status)
        status = publication_run(&publication);
    source_close(&source);
    return status;
}

/* Nothing is built in the region before the commit: a value that is serialized as it is published needs no check by
   readers. */
static int build_document(const struct publication *publication, mms_writer *writer, struct candidate *candidate)
{
    mms_info info;
    int code = mms_inspect(publication->path, &info), status = EXIT_OK;

    (void)writer;
    if (code)
        return fail_call(code);
    if (!mms_is_mmap_sync(publication->path))
        status = document_check(publication->context, info.max_size);
    return status || !publication->validate ? status : document_serialize(publication->context, candidate);
}

static int commit_document(const struct publication *publication, mms_writer *writer, mms_receipt *receipt)
{
    return document_publish(publication->context, writer, receipt);
}

static int write_document(struct publication publication, const struct request *request)
{
    struct document document;
    int status = document_open(&document, request->schema, request->type, request->json);

    publication.build = build_document;
    publication.commit = commit_document;
    publication.context = &document;
    if (!status)
        status = publication_run(&publication);
    document_close(&document);
    return status;
}

int cmd_write(int argc, char **argv)
{
    char **words = calloc(2 * (size_t)argc, sizeof *words), **given;
    struct request request = {.assignments = words};
    struct writer_arguments arguments;
    struct publication publication = {.arguments = &arguments};
    int option, operands, status;

    if (!words)
        return fail_errno("write");
    given = words + argc;
    memcpy(given, argv, (size_t)argc * sizeof *argv); /* getopt moves them */
    writer_arguments_init(&arguments);
    while ((option = next_option(&verb, argc, argv, "j", long_options)) >= 0)
        take_option(&request, &arguments, option);
    operands = take_command(&request, argc, argv, given);
    publication.validate = request.validate;
    check_options(&request, &arguments.options, operands);
    publication.path = path_in_format(&verb, arguments.format, argv[optind]);
    if (request.json)
        status = write_document(publication, &request);
    else if (request.count)
        status = write_set(publication, &request);
    else
        status = write_bytes(publication, &request, operands == 2 ? argv[optind + 1] : NULL);
    free(words);
    return status ? interrupt_finish(status) : status; /* a signal after the publish came too late */
}
