/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd.h"
#include "cli/demo/format.h"
#include "cli/demo/report.h"
#include "cli/demo/table.h"
#include "cli/message.h"
#include <jansson.h>
#include <mmsync.h>
#include <stdlib.h>
#include <string.h>

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *latency(const struct histogram *histogram)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "samples", number(histogram_samples(histogram)), "p50",
                     number(histogram_quantile(histogram, 0.5)), "p99", number(histogram_quantile(histogram, 0.99)),
                     "p99_9", number(histogram_quantile(histogram, 0.999)), "max", number(get(&histogram->max)));
}

static json_t *lookups(const struct figures *figures)
{
    double rate = (double)figures->lookups / figures->seconds;

    return json_pack("{s:o, s:f, s:f, s:o, s:o, s:i, s:o, s:o, s:o}", "total", number(figures->lookups), "per_second",
                     rate, "per_second_per_reader", rate / figures->demo->options->readers, "found",
                     number(figures->found), "absent", number(figures->absent), "timed_one_in", LOOKUPS_PER_TIMED,
                     "latency_ns", latency(&figures->latency), "first_in_table_ns", latency(&figures->first),
                     "longest_stall_ns", number(figures->longest_gap_ns));
}

static json_t *generations(const struct figures *figures)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "published", number(figures->published), "refused",
                     number(figures->refused), "seen", number(figures->seen), "seen_by_one_least",
                     number(figures->fewest), "seen_by_one_most", number(figures->most), "least_bytes",
                     number(figures->least_size), "greatest_bytes", number(figures->greatest_size), "all_bytes",
                     number(figures->bytes));
}

/* Of a table only. */
static json_t *updates(const struct figures *figures)
{
    return json_pack("{s:o, s:f, s:f, s:i, s:o, s:o}", "keys", number(figures->updates), "keys_per_second",
                     (double)figures->updates / figures->seconds, "commits_per_second",
                     (double)figures->published / figures->seconds, "keys_per_commit", KEYS_PER_COMMIT,
                     "many_latency_ns", latency(&figures->many), "freshness_ns", latency(&figures->age));
}

static json_t *slots(const struct figures *figures)
{
    const struct demo *demo = figures->demo;

    return json_pack("{s:i, s:i, s:o, s:o}", "used", (int)demo->slots_used, "max", (int)demo->board->max_slots, "bytes",
                     number(demo->bytes_used), "reclaimed", number(figures->slots_reclaimed));
}

static json_t *events(const struct demo *demo)
{
    const struct kill_reader_figures *killed = &demo->kill_reader;
    const struct stop_reader_figures *stopped = &demo->stop_reader;
    const struct kill_writer_figures *writer = &demo->kill_writer;

    return json_pack("{s:{s:i, s:i, s:b, s:o}, s:{s:o, s:o, s:b}, s:{s:i, s:o, s:o, s:o, s:o, s:o, s:o}}",
                     "readers_killed", "count", killed->killed_ns != 0, "reclaimed", killed->reclaimed_ns != 0,
                     "seen_dead", killed->seen_dead, "reclaimed_after_ns", number(killed->reclaimed_ns),
                     "reader_stopped", "stopped_ns", number(stopped->stopped_ns), "newer_generations",
                     number(stopped->newer), "whole", stopped->whole, "writer_killed", "count", writer->killed_ns != 0,
                     "recovery_ns", number(writer->recovery_ns), "recovery_last_reader_ns",
                     number(writer->last_recovery_ns), "start_ns", number(writer->start_ns), "lookups_meanwhile",
                     number(writer->lookups), "generation_before", number(writer->generation), "generation_after",
                     number(writer->next_generation));
}

static json_t *failures(const struct demo *demo)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < demo->lost + demo->stuck && i < FAILURES_KEPT; i++)
        json_array_append_new(list, json_string_nocheck(demo->failures[i]));
    for (unsigned i = 0; i < demo->cells; i++)
        if (atomic_load(&demo->board->cells[i].has_finding))
            json_array_append_new(list, json_string_nocheck(demo->board->cells[i].finding));
    return list;
}

static json_t *checks(const struct figures *figures)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:o}", "tables_verified", number(figures->verified),
                     "torn", number(figures->torn), "wrong", number(figures->wrong), "backwards",
                     number(figures->backwards), "out_of_date", number(figures->stale), "evicted",
                     number(figures->evicted), "lost", (int)figures->demo->lost, "stuck", (int)figures->demo->stuck,
                     "failures", failures(figures->demo));
}

static json_t *machine(const struct figures *figures)
{
    return json_pack("{s:i, s:s, s:o, s:f}", "processors", (int)figures->cpus, "clock", "CLOCK_MONOTONIC",
                     "clock_resolution_ns", number(figures->resolution_ns), "clock_call_ns", figures->clock_ns);
}

static json_t *everything(const struct figures *figures)
{
    const struct demo *demo = figures->demo;

    return json_pack("{s:s, s:s, s:{s:s, s:o, s:o}, s:f, s:i, s:o, s:o, s:o, s:o*, s:o, s:o, s:o, s:b}", "version",
                     mms_version(), "form", form_of(demo->board->form)->name, "data", "set", data_name(demo->data.kind),
                     "file", json_string_nocheck(demo->data.path), "records", number(demo->data.count), "seconds",
                     figures->seconds, "readers", (int)demo->options->readers, "machine", machine(figures), "lookups",
                     lookups(figures), "generations", generations(figures), "updates",
                     demo->board->form == FORM_TABLE ? updates(figures) : NULL, "slots", slots(figures), "events",
                     events(demo), "checks", checks(figures), "passed", figures->good);
}

int report_json(const struct figures *figures, struct sink *out)
{
    json_t *all = everything(figures);
    char *text = all ? json_dumps(all, JSON_INDENT(2)) : NULL;
    int status;

    if (text)
        status = sink_write(out, text, strlen(text)) || sink_write(out, "\n", 1) ? EXIT_FAILED : sink_commit(out);
    else
        status = fail("demo: out of memory for the figures");
    free(text);
    json_decref(all);
    return status;
}
