/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/message.h"
#include "cli/now.h"
#include "relay/push_state.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A writer may publish thousands of times a second. */
enum { LINE_EVERY_MS = 100 };

static void print_event(json_t *event)
{
    if (!event)
        return;
    json_dumpf(event, stdout, JSON_COMPACT);
    putchar('\n');
    (void)flush_output();
    json_decref(event);
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

void report_begin(struct push *push)
{
    push->report.terminal = isatty(STDOUT_FILENO) && !wants_json();
}

void report_base(struct push *push, uint64_t chunks, uint64_t bytes)
{
    char size[TEXT_SIZE], sent[TEXT_SIZE];

    report_flush(push, true);
    if (push->report.terminal) {
        printf("\r\033[K%s: generation %" PRIu64 ", %s, is at %s; %s sent\n", push->name, push->pushed,
               format_size(size, (double)push->source.view.size), push->connection.url,
               format_size(sent, (double)bytes));
        (void)flush_output();
        return;
    }
    print_event(json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "event", "base", "name", push->name, "generation",
                          number(push->pushed), "size", number(push->source.view.size), "chunks", number(chunks),
                          "bytes", number(bytes)));
}

static void print_pushes(struct push *push)
{
    struct push_report *report = &push->report;
    char changed[TEXT_SIZE], sent[TEXT_SIZE];

    if (report->terminal) {
        printf("\r\033[K%s: generation %" PRIu64 ", %s changed, %s sent", push->name, push->pushed,
               format_size(changed, (double)report->changed), format_size(sent, (double)report->bytes));
        (void)flush_output();
        return;
    }
    print_event(json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "event", "push", "name", push->name, "generation",
                          number(push->pushed), "pushes", number(report->pushes), "changed", number(report->changed),
                          "bytes", number(report->bytes)));
}

void report_flush(struct push *push, bool now)
{
    struct push_report *report = &push->report;

    if (report->pushes == 0 || (!now && monotonic_ns() < report->next_ns))
        return;
    print_pushes(push);
    report->next_ns = monotonic_ns() + (uint64_t)LINE_EVERY_MS * 1000000;
    report->pushes = report->changed = report->bytes = 0;
}

void report_push(struct push *push, uint64_t changed, uint64_t bytes)
{
    push->report.pushes++;
    push->report.changed += changed;
    push->report.bytes += bytes;
    report_flush(push, false);
}

void report_waiting(struct push *push, enum push_result result)
{
    if (push->report.waiting == result)
        return;
    report_flush(push, true);
    note("%s; trying again", push_problem());
    push->report.waiting = result;
}

void report_again(struct push *push)
{
    if (push->report.waiting)
        note("%s: going on", push->name);
    push->report.waiting = PUSH_OK;
}
