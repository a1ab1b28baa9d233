/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bench/results.h"
#include "cli/bench/gauge.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

struct summary {
    double median, lowest, highest;
};

static struct summary summarize(const struct result *result)
{
    double sorted[ROUNDS_MOST];
    struct summary summary = {0};

    if (!result->count)
        return summary;
    memcpy(sorted, result->figures, result->count * sizeof *sorted);
    summary.median = median(sorted, result->count);
    summary.lowest = sorted[0];
    summary.highest = sorted[result->count - 1];
    return summary;
}

/* The median of the rounds' own ratios: the two were measured shortly after each other. */
static double ratio(const struct results *all, enum result_index a, enum result_index b)
{
    double ratios[ROUNDS_MOST];

    for (unsigned i = 0; i < all->rounds; i++)
        ratios[i] = all->results[a].figures[i] / all->results[b].figures[i];
    return median(ratios, all->rounds);
}

/* "" if it cannot be found. */
static void find_processor(char *name, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");

    *name = '\0';
    while (file && !*name && fgets(line, sizeof line, file))
        if (!strncmp(line, "model name", 10) && strchr(line, ':'))
            snprintf(name, size, "%.*s", (int)strcspn(strchr(line, ':') + 2, "\n"), strchr(line, ':') + 2);
    if (file)
        fclose(file);
}

static int digits(double figure)
{
    return figure < 10 ? 2 : figure < 100 ? 1 : 0;
}

static void print_row(const struct result *result)
{
    struct summary summary = summarize(result);

    if (result->skipped)
        printf("  %-46s   not measured: not enough memory (about 400 MiB)\n", result->name.label);
    else
        printf("  %-46s %10.*f %10.*f %10.*f  %s\n", result->name.label, digits(summary.median), summary.median,
               digits(summary.lowest), summary.lowest, digits(summary.highest), summary.highest, result->name.unit);
}

int results_print_table(const struct results *all)
{
    struct utsname system;
    char processor[128];

    find_processor(processor, sizeof processor);
    uname(&system);
    printf("mmsync %s, %s%s%ld processors, %s %s, %s fences\n", mms_version(), processor, *processor ? ", " : "",
           sysconf(_SC_NPROCESSORS_ONLN), system.sysname, system.release, all->symmetric ? "symmetric" : "asymmetric");
    printf("%u rounds in %.3g s\n\n  %-46s %10s %10s %10s\n", all->rounds, all->seconds, "", "median", "lowest",
           "highest");
    for (int i = 0; i < RESULTS; i++)
        print_row(&all->results[i]);
    printf("\n  read / call: %.2f inline, %.2f exported\n", ratio(all, READ_INLINE, POINTER),
           ratio(all, READ_EXPORTED, POINTER));
    return EXIT_OK;
}

static json_t *describe_result(const struct result *result)
{
    struct summary summary = summarize(result);

    if (result->skipped)
        return json_pack("{s:s, s:s, s:n}", "name", result->name.key, "unit", result->name.unit, "median");
    return json_pack("{s:s, s:s, s:f, s:f, s:f}", "name", result->name.key, "unit", result->name.unit, "median",
                     summary.median, "lowest", summary.lowest, "highest", summary.highest);
}

static json_t *describe_machine(void)
{
    struct utsname system;
    char processor[128];

    find_processor(processor, sizeof processor);
    uname(&system);
    return json_pack("{s:s, s:I, s:s, s:s}", "processor", processor, "processors",
                     (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "system", system.sysname, "release", system.release);
}

int results_print_json(const struct results *all)
{
    json_t *list = json_array(), *object;
    int failed;

    for (int i = 0; i < RESULTS; i++)
        json_array_append_new(list, describe_result(&all->results[i]));
    object = json_pack("{s:s, s:o, s:s, s:i, s:f, s:o, s:{s:f, s:f}}", "version", mms_version(), "machine",
                       describe_machine(), "fences", all->symmetric ? "symmetric" : "asymmetric", "rounds",
                       (int)all->rounds, "seconds", all->seconds, "results", list, "read_per_call", "inline",
                       ratio(all, READ_INLINE, POINTER), "exported", ratio(all, READ_EXPORTED, POINTER));
    failed = !object || json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(object);
    if (failed)
        return fail("cannot write JSON");
    putchar('\n');
    return EXIT_OK;
}
