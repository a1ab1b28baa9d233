/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/arguments.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/stat.h"
#include "cli/survey.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct verb verb = {
    .name = "ls",
    .synopsis = "[DIRECTORY]... [OPTION]...",
    .help = "List the regions in each DIRECTORY (/dev/shm), and the files of mmap-sync: generation,\n"
            "size and age of the value, live readers, process id of the writer, and memory.\n"
            "\n"
            "  -s, --sort KEY          name, size, age, readers or memory; largest first, except for\n"
            "                          names (name)\n"
            "  -j, --json              print a JSON array of objects with those keys of\n"
            "                          'mmsync stat --json' that need no open region, and `error`\n",
};

static const struct option long_options[] = {
    {"sort", required_argument, NULL, 's'},
    {"json", no_argument, NULL, 'j'},
    COMMON_OPTIONS,
};

typedef int order(const void *a, const void *b);

static int descending(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

static int by_size(const void *a, const void *b)
{
    return descending(((const struct surveyed *)a)->info.size, ((const struct surveyed *)b)->info.size);
}

/* Those without a time come last. */
static int by_age(const void *a, const void *b)
{
    uint64_t left = ((const struct surveyed *)a)->info.publish_time_ns;
    uint64_t right = ((const struct surveyed *)b)->info.publish_time_ns;

    return descending(right - 1, left - 1);
}

static int by_readers(const void *a, const void *b)
{
    return descending(((const struct surveyed *)a)->info.readers, ((const struct surveyed *)b)->info.readers);
}

static int by_memory(const void *a, const void *b)
{
    return descending(((const struct surveyed *)a)->info.bytes_used, ((const struct surveyed *)b)->info.bytes_used);
}

static const struct {
    const char *key;
    order *compare;
} orders[] = {{"size", by_size}, {"age", by_age}, {"readers", by_readers}, {"memory", by_memory}};

/* NULL: as they are. */
static order *parse_order(const char *text)
{
    if (!strcmp(text, "name"))
        return NULL;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (!strcmp(text, orders[i].key))
            return orders[i].compare;
    usage_error(&verb, "--sort %s: not one of name, size, age, readers and memory", text);
}

/* The files of mmap-sync are called by their whole path: elsewhere a bare PREFIX is a region. */
static const char *shown_name(const struct surveyed *found)
{
    return found->is_mmap_sync ? found->path : found->name;
}

static int name_width(const struct survey *survey)
{
    size_t width = strlen("REGION");

    for (size_t i = 0; i < survey->found.count; i++)
        if (strlen(shown_name(&survey->found.all[i])) > width)
            width = strlen(shown_name(&survey->found.all[i]));
    return width < 48 ? (int)width : 48;
}

static void print_padded(const char *name, int width)
{
    print_escaped(name);
    printf("%*s  ", (int)strlen(name) < width ? width - (int)strlen(name) : 0, "");
}

static void print_line(const struct surveyed *found, int width)
{
    const mms_info *info = &found->info;
    char size[TEXT_SIZE], age[TEXT_SIZE], memory[TEXT_SIZE], writer[TEXT_SIZE];

    print_padded(shown_name(found), width);
    if (found->error) {
        fputs("? ", stdout);
        print_escaped(found->error);
        putchar('\n');
        return;
    }
    printf("%10llu  %10s  %8s  %7u  %8s  %10s\n", (unsigned long long)info->generation,
           info->generation ? format_size(size, (double)info->size) : "-",
           info->publish_time_ns ? format_duration(age, stat_age_ns(info)) : "-", info->readers,
           stat_format_writer(writer, info), format_size(memory, (double)info->bytes_used));
}

static void print_plain(const struct survey *survey)
{
    int width = name_width(survey);

    if (survey->found.count == 0)
        return;
    print_padded("REGION", width);
    printf("%10s  %10s  %8s  %7s  %8s  %10s\n", "GENERATION", "SIZE", "AGE", "READERS", "WRITER", "MEMORY");
    for (size_t i = 0; i < survey->found.count; i++)
        print_line(&survey->found.all[i], width);
}

static int print_json(const struct survey *survey)
{
    int status = EXIT_OK;

    putchar('[');
    for (size_t i = 0; i < survey->found.count && !status; i++) {
        const struct surveyed *found = &survey->found.all[i];

        fputs(i ? ",\n" : "\n", stdout);
        status = stat_print_summary(found->path, found->is_mmap_sync, &found->info, found->error);
    }
    puts(survey->found.count ? "\n]" : "]");
    return status;
}

int cmd_ls(int argc, char **argv)
{
    struct survey survey = {.is_repeated = false};
    order *compare = NULL;
    bool json = false;
    int status = EXIT_OK, option;

    while ((option = next_option(&verb, argc, argv, "s:j", long_options)) >= 0) {
        if (option == 's')
            compare = parse_order(optarg);
        else
            json = true;
    }
    if (count_operands(&verb, argc, argv, 0, INT_MAX) == 0)
        status = survey_directory(&survey, "/dev/shm");
    for (int i = optind; i < argc && !status; i++)
        status = survey_directory(&survey, argv[i]);
    if (!status && compare && survey.found.count > 0)
        qsort(survey.found.all, survey.found.count, sizeof *survey.found.all, compare);
    if (!status && json)
        status = print_json(&survey);
    else if (!status)
        print_plain(&survey);
    survey_free(&survey);
    return status;
}
