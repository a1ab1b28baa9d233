/* SPDX-License-Identifier: Apache-2.0 */
/* `mmsync stat --interval`: a line each time. */
#include "cli/cmd.h"
#include "cli/interrupt.h"
#include "cli/message.h"
#include "cli/now.h"
#include "cli/output_watch.h"
#include "cli/stat.h"
#include <inttypes.h>
#include <stdio.h>

static void print_text(const mms_info *info, uint64_t time_ns, double rate)
{
    char when[TEXT_SIZE];

    printf("time=%s generation=%" PRIu64, format_time(when, time_ns), info->generation);
    if (rate >= 0)
        printf(" rate=%.3f", rate);
    if (info->publish_time_ns)
        printf(" age=%.3f", (double)stat_age_ns(info) / 1e9);
    printf(" size=%" PRIu64 " readers=%u dead=%u refused=%" PRIu64 " evicted=%" PRIu64 " memory=%" PRIu64 "\n",
           info->size, info->readers, info->readers_dead, info->refused, info->evicted, info->bytes_used);
}

static void print_json(const mms_info *info, uint64_t time_ns, double rate)
{
    printf("{\"time_ns\":%" PRIu64 ",\"generation\":%" PRIu64, time_ns, info->generation);
    if (rate >= 0)
        printf(",\"rate\":%.3f", rate);
    else
        fputs(",\"rate\":null", stdout);
    if (info->publish_time_ns)
        printf(",\"age_ns\":%" PRIu64, stat_age_ns(info));
    else
        fputs(",\"age_ns\":null", stdout);
    printf(",\"size\":%" PRIu64 ",\"readers_alive\":%u,\"readers_dead\":%u,\"refused\":%" PRIu64 ",\"evicted\":%" PRIu64
           ",\"bytes_used\":%" PRIu64 "}\n",
           info->size, info->readers, info->readers_dead, info->refused, info->evicted, info->bytes_used);
}

static int print_lines(const char *path, mms_inspector *inspector, const struct stat_lines *lines)
{
    const bool is_mmap_sync = mms_is_mmap_sync(path);
    mms_info last = {.generation = 0};
    uint64_t looked_ns = 0;

    for (uint64_t printed = 0; !lines->count || printed < lines->count; printed++) {
        uint64_t now, time_ns;
        mms_info info;
        double rate;
        int code;

        if (printed > 0)
            interrupt_pause((int)lines->interval_ms);
        if (interrupted())
            return EXIT_OK;
        if (output_is_closed())
            return EXIT_FAILED;
        code = mms_inspector_look(inspector, &info);
        if (code)
            return fail_call(code);
        now = monotonic_ns();
        time_ns = read_clock(CLOCK_REALTIME);
        rate = is_mmap_sync || looked_ns == 0 ? -1 : stat_rate(&last, &info, now - looked_ns);
        (lines->json ? print_json : print_text)(&info, time_ns, rate);
        if (!flush_output())
            return EXIT_FAILED;
        last = info;
        looked_ns = now;
    }
    return EXIT_OK;
}

int stat_print_lines(const char *path, const struct stat_lines *lines)
{
    mms_inspector *inspector;
    int code = mms_inspector_open(path, &inspector), status;

    if (code)
        return fail_call(code);
    interrupt_catch();
    output_watch_start();
    status = print_lines(path, inspector, lines);
    mms_inspector_close(inspector);
    return interrupt_finish(status);
}
