/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stat.h"
#include "cli/message.h"
#include "cli/now.h"
#include <stdio.h>

uint64_t stat_age_ns(const mms_info *info)
{
    uint64_t now = read_clock(CLOCK_REALTIME), then = info->publish_time_ns;

    return now > then ? now - then : 0;
}

uint64_t stat_ahead_ns(const mms_info *info)
{
    uint64_t now = read_clock(CLOCK_REALTIME), then = info->publish_time_ns;

    return then > now ? then - now : 0;
}

void stat_format_id(char text[33], const uint64_t id[2])
{
    snprintf(text, 33, "%016llx%016llx", (unsigned long long)id[0], (unsigned long long)id[1]);
}

const char *stat_format_writer(char text[TEXT_SIZE], const mms_info *info)
{
    if (info->writer_alive < 0)
        return "?";
    if (!info->writer_alive)
        return "-";
    snprintf(text, TEXT_SIZE, "%d", (int)info->writer_pid);
    return text;
}

static bool is_same_region(const mms_info *a, const mms_info *b)
{
    return a->region_id[0] == b->region_id[0] && a->region_id[1] == b->region_id[1];
}

double stat_rate(const mms_info *before, const mms_info *now, uint64_t ns)
{
    if (ns == 0 || !is_same_region(before, now) || now->generation < before->generation)
        return -1;
    return (double)(now->generation - before->generation) * 1e9 / (double)ns;
}
