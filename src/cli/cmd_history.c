/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/recovery.h"
#include <inttypes.h>
#include <mmsync/history.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct verb verb = {
    .name = "history",
    .synopsis = "REGION [OPTION]...",
    .help = "List the values of REGION that are still whole, newest first: the current one, those\n"
            "that the last writer keeps ('mmsync write --keep'), and others, marked with a '-', whose\n"
            "place the next write may use. 'mmsync rollback' goes back to one.\n"
            "\n"
            "  -j, --json              print a JSON array\n"
            "\n"
            "A bare NAME means /dev/shm/NAME.\n",
};

static const struct option long_options[] = {{"json", no_argument, NULL, 'j'}, COMMON_OPTIONS};

static bool has_type(const mms_past_value *value)
{
    return (value->type_id[0] | value->type_id[1]) != 0;
}

static const char *format_type(char text[33], const mms_past_value *value)
{
    snprintf(text, 33, "%016" PRIx64 "%016" PRIx64, value->type_id[0], value->type_id[1]);
    return has_type(value) ? text : "-";
}

static const char *format_state(const mms_past_value *value)
{
    return value->current ? "current" : value->kept ? "kept" : "-";
}

static void print_plain(const mms_past_value *values, size_t count)
{
    char time[TEXT_SIZE], type[33];

    if (count > 0)
        printf("%12s  %-24s  %14s  %4s  %-7s  %20s  %s\n", "GENERATION", "PUBLISHED", "SIZE", "SLOT", "STATE", "TAG",
               "TYPE ID");
    for (size_t i = 0; i < count; i++)
        printf("%12" PRIu64 "  %-24s  %14" PRIu64 "  %4u  %-7s  %20" PRIu64 "  %s\n", values[i].generation,
               format_time(time, values[i].publish_time_ns), values[i].size, values[i].slot, format_state(&values[i]),
               values[i].tag, format_type(type, &values[i]));
}

static void print_object(const mms_past_value *value, bool last)
{
    char time[TEXT_SIZE], type[33];

    printf("  {\"generation\": %" PRIu64 ", \"size\": %" PRIu64 ", \"published\": \"%s\", \"publish_time_ns\": %" PRIu64
           ", \"slot\": %u, \"current\": %s, \"kept\": %s, \"tag\": %" PRIu64 ", \"type_id\": ",
           value->generation, value->size, format_time(time, value->publish_time_ns), value->publish_time_ns,
           value->slot, value->current ? "true" : "false", value->kept ? "true" : "false", value->tag);
    if (has_type(value))
        printf("\"%s\"", format_type(type, value));
    else
        printf("null");
    if (value->has_checksum)
        printf(", \"checksum\": \"%016" PRIx64 "\"", value->checksum);
    else
        printf(", \"checksum\": null");
    printf("}%s\n", last ? "" : ",");
}

static void print_json(const mms_past_value *values, size_t count)
{
    puts(count > 0 ? "[" : "[]");
    for (size_t i = 0; i < count; i++)
        print_object(&values[i], i + 1 == count);
    if (count > 0)
        puts("]");
}

/* An empty list would say that nothing was ever published. */
static int check_recovered(const char *path)
{
    mms_info info;

    if (mms_inspect(path, &info) != 0 || !recovery_is_due(&info))
        return EXIT_OK;
    return fail_as(MMS_E_EMPTY, RECOVERY_ADVICE, path);
}

/* A region has a fixed number of slots, so two tries are enough, but for one that is replaced. */
static int list(const char *path, mms_past_value **values, size_t *count)
{
    size_t room = 0;
    int code = mms_history(path, NULL, 0, count);

    while (code == 0 && *count > room) {
        free(*values);
        room = *count + 16;
        *values = calloc(room, sizeof **values);
        if (!*values)
            return fail_errno("cannot list the values of %s", path);
        code = mms_history(path, *values, room, count);
    }
    return code ? fail_call(code) : EXIT_OK;
}

int cmd_history(int argc, char **argv)
{
    mms_past_value *values = NULL;
    bool json = false;
    size_t count = 0;
    int status;

    while (next_option(&verb, argc, argv, "j", long_options) >= 0)
        json = true;
    count_operands(&verb, argc, argv, 1, 1);
    status = list(argv[optind], &values, &count);
    if (!status && count == 0)
        status = check_recovered(argv[optind]);
    if (!status)
        (json ? print_json : print_plain)(values, count);
    free(values);
    return status;
}
