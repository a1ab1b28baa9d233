/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top/rows.h"
#include "cli/cmd.h"
#include "cli/message.h"
#include "cli/now.h"
#include "cli/stat.h"
#include <stdlib.h>
#include <string.h>

const char *row_order_name(enum row_order order)
{
    static const char *const names[ROW_ORDERS] = {
        [BY_NAME] = "name", [BY_GENERATION] = "generation", [BY_RATE] = "rate",     [BY_AGE] = "age",
        [BY_SIZE] = "size", [BY_READERS] = "readers",       [BY_MEMORY] = "memory",
    };

    return names[order];
}

const char *row_name(const struct row *row)
{
    return row->region->is_mmap_sync ? row->region->path : row->region->name;
}

/* ---- What has changed ---- */

static double publishes_per_second(const struct surveyed *now, const struct surveyed *before, uint64_t ns)
{
    if (!before || before->error || now->error || now->is_mmap_sync)
        return -1;
    return stat_rate(&before->info, &now->info, ns);
}

/* ---- Order ---- */

static int ascending(double a, double b)
{
    return (a > b) - (a < b);
}

static int by_name(const struct row *a, const struct row *b)
{
    return strcmp(row_name(a), row_name(b));
}

/* Largest first, but for names; regions without a value, or without a time, come last. */
static int compare_rows(const struct row *a, const struct row *b, enum row_order order)
{
    const mms_info *left = &a->region->info, *right = &b->region->info;

    switch (order) {
    case BY_GENERATION: return ascending((double)right->generation, (double)left->generation);
    case BY_RATE: return ascending(b->rate, a->rate);
    case BY_AGE: return ascending((double)(left->publish_time_ns - 1), (double)(right->publish_time_ns - 1));
    case BY_SIZE: return ascending((double)right->size, (double)left->size);
    case BY_READERS: return ascending(right->readers, left->readers);
    case BY_MEMORY: return ascending((double)right->bytes_used, (double)left->bytes_used);
    default: return by_name(a, b);
    }
}

static int compare(const void *a, const void *b, void *context)
{
    const struct rows *rows = context;
    int order = compare_rows(a, b, rows->order);

    if (rows->reversed)
        order = -order;
    return order ? order : by_name(a, b);
}

int rows_arrange(struct rows *rows)
{
    const uint64_t ns = rows->before_ns ? rows->taken_ns - rows->before_ns : 0;

    free(rows->list);
    rows->count = 0;
    rows->list = malloc((rows->survey.found.count + 1) * sizeof *rows->list);
    if (!rows->list)
        return fail_errno("out of memory for %zu regions", rows->survey.found.count);
    for (size_t i = 0; i < rows->survey.found.count; i++) {
        const struct surveyed *found = &rows->survey.found.all[i];
        struct row row = {found, publishes_per_second(found, survey_before(&rows->survey, found), ns)};

        if (!*rows->filter || strstr(row_name(&row), rows->filter))
            rows->list[rows->count++] = row;
    }
    qsort_r(rows->list, rows->count, sizeof *rows->list, compare, rows);
    return EXIT_OK;
}

int rows_take(struct rows *rows)
{
    int status = EXIT_OK;

    rows->survey.is_repeated = true;
    rows->before_ns = rows->taken_ns;
    survey_repeat(&rows->survey);
    rows->taken_ns = monotonic_ns();
    for (int i = 0; i < rows->directory_count && !status; i++)
        status = survey_directory(&rows->survey, rows->directories[i]);
    rows->readers = rows->memory = 0;
    for (size_t i = 0; i < rows->survey.found.count; i++) {
        rows->readers += rows->survey.found.all[i].info.readers;
        rows->memory += rows->survey.found.all[i].info.bytes_used;
    }
    return status ? status : rows_arrange(rows);
}

void rows_free(struct rows *rows)
{
    free(rows->list);
    survey_free(&rows->survey);
}
