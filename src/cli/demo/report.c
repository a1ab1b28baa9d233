/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/demo/report.h"
#include "cli/cmd.h"
#include "cli/demo/format.h"
#include "cli/demo/table.h"
#include "cli/now.h"
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>

/* ---- Collecting ---- */

/* The fastest of several rounds: in the others this process may have waited for a processor. */
static void measure_clock(struct figures *figures)
{
    enum { ROUNDS = 20, CALLS = 1000 };
    struct timespec resolution;

    for (int round = 0; round < ROUNDS; round++) {
        uint64_t start = monotonic_ns(), end = start;
        double each;

        for (int i = 0; i < CALLS; i++)
            end = monotonic_ns();
        each = (double)(end - start) / CALLS;
        if (!round || each < figures->clock_ns)
            figures->clock_ns = each;
    }
    clock_getres(CLOCK_MONOTONIC, &resolution);
    figures->resolution_ns = (uint64_t)resolution.tv_nsec;
}

static void add_reader(struct figures *figures, const struct reader_cell *cell, bool throughout)
{
    uint64_t met = get(&cell->generations);

    figures->found += get(&cell->found);
    figures->absent += get(&cell->absent);
    figures->torn += get(&cell->torn);
    figures->wrong += get(&cell->wrong);
    figures->backwards += get(&cell->backwards);
    figures->stale += get(&cell->stale);
    figures->evicted += get(&cell->evicted);
    figures->verified += get(&cell->verified);
    figures->met += met;
    if (get(&cell->longest_gap_ns) > figures->longest_gap_ns)
        figures->longest_gap_ns = get(&cell->longest_gap_ns);
    if (throughout && (!figures->fewest || met < figures->fewest))
        figures->fewest = met;
    if (throughout && met > figures->most)
        figures->most = met;
    histogram_merge(&figures->latency, &cell->latency);
    histogram_merge(&figures->first, &cell->first);
    histogram_merge(&figures->many, &cell->many);
    histogram_merge(&figures->age, &cell->age);
}

static void add_writer(struct figures *figures, const struct writer_cell *cell)
{
    uint64_t least = get(&cell->least_size), greatest = get(&cell->greatest_size);

    figures->published += get(&cell->published);
    figures->updates += get(&cell->updates);
    figures->refused += get(&cell->refused);
    figures->slots_reclaimed += get(&cell->reclaimed);
    figures->bytes += get(&cell->bytes);
    if (least && (!figures->least_size || least < figures->least_size))
        figures->least_size = least;
    if (greatest > figures->greatest_size)
        figures->greatest_size = greatest;
}

static unsigned count_cpus(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) ? 0 : (unsigned)CPU_COUNT(&set);
}

static void collect(struct figures *figures, const struct demo *demo, bool complete)
{
    const struct board *board = demo->board;
    uint64_t newest = get(&board->writers[demo->writer_number].generation);

    figures->demo = demo;
    figures->seconds = (double)(demo->end_ns - demo->start_ns) / 1e9;
    figures->cpus = count_cpus();
    figures->lookups = demo->lookups;
    for (unsigned i = 0; i < demo->cells; i++)
        add_reader(figures, &board->cells[i], i != 0 && i < demo->options->readers);
    for (unsigned i = 0; i <= demo->writer_number; i++)
        add_writer(figures, &board->writers[i]);
    for (uint64_t i = 0; i <= newest && i < GENERATIONS_NOTED; i++)
        figures->seen += atomic_load_explicit(&board->seen[i], memory_order_relaxed);
    measure_clock(figures);
    figures->good = complete && !demo->lost && !demo->stuck && !figures->torn && !figures->wrong &&
                    !figures->backwards && !figures->stale && !figures->evicted;
}

/* ---- Printing ---- */

static void row(const struct figures *figures, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void row(const struct figures *figures, const char *label, const char *format, ...)
{
    FILE *out = figures->demo->display.out;
    va_list arguments;

    fprintf(out, "  %-26s", label);
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    fputc('\n', out);
}

static void print_latency(const struct figures *figures, const char *label, const struct histogram *histogram)
{
    char p50[TEXT_SIZE], p99[TEXT_SIZE], p999[TEXT_SIZE], max[TEXT_SIZE];

    row(figures, label, "p50 %s   p99 %s   p99.9 %s   max %s", format_latency(p50, histogram_quantile(histogram, 0.5)),
        format_latency(p99, histogram_quantile(histogram, 0.99)),
        format_latency(p999, histogram_quantile(histogram, 0.999)), format_latency(max, get(&histogram->max)));
}

static void print_lookups(const struct figures *figures)
{
    unsigned readers = figures->demo->options->readers;
    char a[TEXT_SIZE], b[TEXT_SIZE], c[TEXT_SIZE];
    double rate = (double)figures->lookups / figures->seconds;

    row(figures, "look-ups", "%s in %.1f s: %s/s, %s/s per reader", format_count(a, figures->lookups), figures->seconds,
        format_count(b, (uint64_t)rate), format_count(c, (uint64_t)(rate / readers)));
    row(figures, "answers compared", "%s, warm-up included: %s found, %s rightly not there",
        format_count(c, figures->found + figures->absent), format_count(a, figures->found),
        format_count(b, figures->absent));
    print_latency(figures, "one look-up", &figures->latency);
    row(figures, "", "pin, search, compare, release; 1 in %d is timed", LOOKUPS_PER_TIMED);
    row(figures, "", "the clock adds %.0f ns to each figure, and steps by %llu ns", figures->clock_ns,
        (unsigned long long)figures->resolution_ns);
    print_latency(figures, "first in a new generation", &figures->first);
    row(figures, "", "%s", form_of(figures->demo->board->form)->first);
    if (histogram_samples(&figures->many)) {
        snprintf(a, sizeof a, "%d keys at once", KEYS_PER_COMMIT);
        print_latency(figures, a, &figures->many);
    }
    row(figures, "longest stall of a reader", "%s%s", format_latency(a, figures->longest_gap_ns),
        readers + 1 > figures->cpus ? "" : " between two look-ups");
    if (readers + 1 > figures->cpus)
        row(figures, "", "%u busy processes on %u processors: maxima contain waiting for one", readers + 1,
            figures->cpus);
}

static void print_updates(const struct figures *figures)
{
    char a[TEXT_SIZE], b[TEXT_SIZE], c[TEXT_SIZE];

    row(figures, "updates", "%s keys put or deleted, %s/s; %s commits/s of up to %d keys",
        format_count(a, figures->updates), format_count(b, (uint64_t)((double)figures->updates / figures->seconds)),
        format_count(c, (uint64_t)((double)figures->published / figures->seconds)), KEYS_PER_COMMIT);
    print_latency(figures, "freshness", &figures->age);
    row(figures, "", "from the begin of a commit to a reader's first look-up in it");
}

static void print_values(const struct figures *figures)
{
    char a[TEXT_SIZE], b[TEXT_SIZE], c[TEXT_SIZE];

    row(figures, "generations", "%s published, %s seen by a reader; %s to %s by each",
        format_count(a, figures->published), format_count(b, figures->seen), format_count(c, figures->fewest),
        format_count((char[TEXT_SIZE]){0}, figures->most));
    row(figures, "sizes", "%s to %s%s%s", format_size(a, (double)figures->least_size),
        format_size(b, (double)figures->greatest_size), figures->bytes ? ", in all " : "",
        figures->bytes ? format_size(c, (double)figures->bytes) : "");
    row(figures, "slots", "%u used of %u, %s; %s reclaims; the writer was refused %s times", figures->demo->slots_used,
        figures->demo->board->max_slots, format_size(a, (double)figures->demo->bytes_used),
        format_count(b, figures->slots_reclaimed), format_count(c, figures->refused));
}

static void print_events(const struct figures *figures)
{
    const struct demo *demo = figures->demo;
    char a[TEXT_SIZE], b[TEXT_SIZE], c[TEXT_SIZE];

    if (demo->kill_reader.killed_ns)
        row(figures, "readers reclaimed", "%d of 1 killed, %s after the kill", demo->kill_reader.reclaimed_ns != 0,
            demo->kill_reader.reclaimed_ns ? format_latency(a, demo->kill_reader.reclaimed_ns) : "not");
    if (demo->stop_reader.stopped_ns)
        row(figures, "stopped reader", "%s, %s generations behind, its view %s",
            format_latency(a, demo->stop_reader.stopped_ns), format_count(b, demo->stop_reader.newer),
            demo->stop_reader.whole ? "whole" : "NOT WHOLE");
    if (!demo->kill_writer.recovery_ns)
        return;
    row(figures, "recovery of the writer", "%s from the kill to a reader with a new generation (%s to the last)",
        format_latency(a, demo->kill_writer.recovery_ns), format_latency(b, demo->kill_writer.last_recovery_ns));
    row(figures, "", "%s of it to start a process and read the data; %s look-ups meanwhile",
        format_latency(a, demo->kill_writer.start_ns), format_count(c, demo->kill_writer.lookups));
}

static void print_checks(const struct figures *figures)
{
    char tables[TEXT_SIZE];

    row(figures, "torn reads", "%llu: every look-up, and every byte of %s tables", (unsigned long long)figures->torn,
        format_count(tables, figures->verified));
    row(figures, "wrong answers", "%llu", (unsigned long long)figures->wrong);
    row(figures, "went backwards", "%llu", (unsigned long long)figures->backwards);
    row(figures, "out of date when given", "%llu", (unsigned long long)figures->stale);
    row(figures, "taken away", "%llu", (unsigned long long)figures->evicted);
    row(figures, "lost, stuck", "%u, %u", figures->demo->lost, figures->demo->stuck);
}

static void print_findings(const struct figures *figures)
{
    const struct demo *demo = figures->demo;

    for (unsigned i = 0; i < demo->lost + demo->stuck && i < FAILURES_KEPT; i++)
        row(figures, i ? "" : "failures", "%s", demo->failures[i]);
    for (unsigned i = 0; i < demo->cells; i++)
        if (atomic_load(&demo->board->cells[i].has_finding))
            row(figures, "first finding of a reader", "%s", demo->board->cells[i].finding);
}

static void print_verdict(const struct figures *figures)
{
    FILE *out = figures->demo->display.out;

    if (figures->good)
        fprintf(out, "PASSED: nothing was torn, wrong, lost or stuck.\n");
    else
        fprintf(out,
                "FAILED: %llu torn, %llu wrong, %llu backwards, %llu out of date, %llu taken away, %u lost, "
                "%u stuck.\n",
                (unsigned long long)figures->torn, (unsigned long long)figures->wrong,
                (unsigned long long)figures->backwards, (unsigned long long)figures->stale,
                (unsigned long long)figures->evicted, figures->demo->lost, figures->demo->stuck);
    fflush(out);
}

int report(struct demo *demo, bool complete)
{
    struct figures *figures = calloc(1, sizeof *figures);
    int status;

    if (!figures)
        return fail_errno("demo");
    collect(figures, demo, complete);
    fputc('\n', demo->display.out);
    print_lookups(figures);
    print_values(figures);
    if (figures->demo->board->form == FORM_TABLE)
        print_updates(figures);
    print_events(figures);
    print_checks(figures);
    print_findings(figures);
    print_verdict(figures);
    status = figures->good ? 0 : EXIT_FAILED;
    if (demo->options->json && report_json(figures, &demo->json))
        status = EXIT_FAILED;
    free(figures);
    return status;
}
