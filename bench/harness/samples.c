/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include <stdlib.h>

void samples_init(struct samples *samples, size_t room)
{
    samples->ns = malloc(room * sizeof *samples->ns);
    samples->count = 0;
    samples->room = samples->ns ? room : 0;
    for (size_t i = 0; i < samples->room; i++)
        samples->ns[i] = 0; /* touched, or the first pass would measure page faults */
}

void samples_add(struct samples *samples, double ns)
{
    if (samples->count < samples->room)
        samples->ns[samples->count++] = ns > 0 ? ns : 0;
}

void samples_free(struct samples *samples)
{
    free(samples->ns);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double at(const struct samples *samples, double fraction)
{
    size_t index = (size_t)(fraction * (double)samples->count);

    return samples->count ? samples->ns[index < samples->count ? index : samples->count - 1] : 0;
}

double samples_quantile(struct samples *samples, double fraction)
{
    qsort(samples->ns, samples->count, sizeof *samples->ns, compare);
    return at(samples, fraction);
}

struct spread samples_spread(struct samples *samples)
{
    qsort(samples->ns, samples->count, sizeof *samples->ns, compare);
    return (struct spread){
        .p50 = at(samples, 0.5),
        .p99 = at(samples, 0.99),
        .p999 = at(samples, 0.999),
        .p9999 = at(samples, 0.9999),
        .max = at(samples, 1),
        .count = samples->count,
    };
}

/* ---- Output ---- */

static const char *separator = "{";

void figure(const char *name, double value)
{
    printf("%s\"%s\":%.6g", separator, name, value);
    separator = ",";
}

void figure_text(const char *name, const char *value)
{
    printf("%s\"%s\":\"", separator, name);
    for (; *value; value++)
        if (*value == '"' || *value == '\\' || (unsigned char)*value < ' ')
            printf("\\u%04x", (unsigned)(unsigned char)*value);
        else
            putchar(*value);
    putchar('"');
    separator = ",";
}

void figure_spread(const char *prefix, const struct spread *spread)
{
    static const char *const names[] = {"p50", "p99", "p999", "p9999", "max"};
    const double values[] = {spread->p50, spread->p99, spread->p999, spread->p9999, spread->max};
    char name[64];

    for (int i = 0; i < 5; i++) {
        snprintf(name, sizeof name, "%s%s", prefix, names[i]);
        figure(name, values[i]);
    }
    snprintf(name, sizeof name, "%scount", prefix);
    figure(name, (double)spread->count);
}

void figures_end(void)
{
    puts(*separator == '{' ? "{}" : "}");
    fflush(stdout);
}
